import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Source } from '#render/source.ts';
import { match } from '#target/match.ts';
import { parse } from '#target/parse.ts';
import type { TargetType } from '#target/syntax.ts';
import { applyEdits, scalarSpan, wholeLine } from './edits.ts';
import { translateTarget } from './target.ts';

test('targets of every kind are written as a .zy file reads them', () => {
  const cases: readonly (readonly [written: string, type: TargetType, native: string])[] = [
    ['*', 'compound', '*'],
    ['web01', 'compound', 'web01'],
    ['web*', 'glob', 'web*'],
    ['web[^1]', 'glob', 'web[1^]'],
    ['a,b', 'list', 'L@a,b'],
    ['os:Debian', 'grain', 'G@os:Debian'],
    ['os:(De|Ub)', 'grain_pcre', 'P@"os:^(De|Ub)"'],
    ['os:De|Ub', 'grain_pcre', 'P@"os:^(?:De|Ub)"'],
    ['os:^De', 'grain_pcre', 'P@os:^De'],
    ['a[|]b', 'pcre', 'E@^a[|]b'],
    ['a|b', 'pcre', 'E@"^(?:a|b)"'],
    ['env:prod', 'pillar', 'I@env:prod'],
    ['env:prod', 'pillar_exact', 'I@env:prod'],
    ['env:p.*', 'pillar_pcre', 'J@env:^p.*'],
    ['10.0.0.0/8', 'ipcidr', 'S@10.0.0.0/8'],
    ['front', 'nodegroup', 'N@front'],
    ['a* not b*', 'compound', 'a* and not b*'],
    ['( a* or N@x_y ) and not E@b', 'compound', '(a* or N@x_y) and not E@^b'],
    ['G!@url!http://x', 'compound', 'G!@url!http://x'],
  ];
  for (const [written, type, native] of cases) {
    const translated = translateTarget(written, type);

    assert.equal('text' in translated ? translated.text : translated.trouble, native, `${type} ${written}`);
  }
});

test('what a .zy file could not say is not translated', () => {
  const cases: readonly (readonly [written: string, type: TargetType, trouble: RegExp])[] = [
    ['role:web', 'compound', /an id holds no colon/],
    ['web* G@os:Debian', 'compound', /cannot be read/],
    ['R@range', 'compound', /cannot be read/],
    ['a:b:c', 'grain_pcre', /depends on the machine/],
    ['a:\\D', 'grain_pcre', /lower case/],
    ['a:b*', 'pillar_exact', /glob/],
    ['web*,db*', 'list', /exact ids/],
    ['os:>=3', 'grain', /read otherwise/],
    ['not role:web', 'compound', /no colon/],
    ['a* and role:web', 'compound', /no colon/],
  ];
  for (const [written, type, trouble] of cases) {
    const translated = translateTarget(written, type);

    assert.match('trouble' in translated ? translated.trouble : translated.text, trouble, `${type} ${written}`);
  }
});

test('a translated target chooses the machines that Salt chose', () => {
  const random = generator(7);
  const groups = { pair: 'L@web01.example.com,db1', webs: 'web*' };
  let compared = 0;
  for (let round = 0; round < 4_000; round++) {
    const written = expression(random, 3);
    const translated = translateTarget(written, 'compound');
    if ('trouble' in translated) continue;
    for (const subject of subjects) {
      const before = match(parse(written, { dialect: 'salt', groups }), subject);
      const after = match(parse(translated.text, { groups }), subject);

      assert.equal(after, before, `${written} as ${translated.text} on ${subject.id}`);
      compared++;
    }
  }
  assert.ok(compared > 10_000);
});

test('whatever can be translated, of any kind, chooses the machines that Salt chose', () => {
  const random = generator(11);
  const pick = <T>(items: readonly T[]) => items[random(items.length)] as T;
  const translated = new Set<TargetType>();
  for (let round = 0; round < 30_000; round++) {
    const type = pick(types);
    const written = Array.from({ length: 1 + random(7) }, () => pick(pieces))
      .join('')
      .trim();
    const native = translateTarget(written, type);
    if ('trouble' in native) continue;
    translated.add(type);
    for (const subject of subjects) {
      const before = match(parse(written, { dialect: 'salt', type }), subject);

      assert.equal(match(parse(native.text), subject), before, `${type} ${written} as ${native.text} on ${subject.id}`);
    }
  }
  assert.deepEqual([...translated].sort(), [...types].sort());
});

const types: readonly TargetType[] = [
  ...(['compound', 'glob', 'list', 'pcre', 'grain', 'grain_pcre'] as const),
  ...(['pillar', 'pillar_pcre', 'pillar_exact', 'ipcidr'] as const),
];

/** What targets are made of, and what they may be mistaken for. */
const pieces = [
  ...['web', 'db', '01', '1', '*', '?', '.', '-', '_', '[12]', '[^1]', '[!1]', '^', '$', '(a|b)', '|', '+', '\\d', ':'],
  ...['os', 'roles', 'env', 'deep', 'prod', 'Debian', 'deb', 'G@', 'P@', 'I@', 'J@', 'E@', 'L@', 'S@', 'G|@', ',', ' '],
  ...['and ', 'or ', 'not ', '( ', ' )', '10.0.0.0/8', '10.0.0.7', '>=3', '=', '/', '"', "'"],
];

const subjects = [
  { id: 'web01.example.com', os: 'Debian', roles: ['web', 'cache'], env: 'prod', ipv4: ['10.0.0.7'] },
  { id: 'web02', os: 'Ubuntu', roles: ['web'], env: 'test', ipv4: ['192.0.2.1'] },
  { id: 'db1', os: 'Rocky', roles: [], env: 'Prod', ipv4: ['10.9.0.1'] },
].map(({ id, env, ...grains }) => ({ id, facts: {}, grains: { ...grains, deep: { env } }, settings: { env } }));

const leaves = [
  'web*',
  'db1',
  'web0[12]*',
  'web[^0]*',
  'G@os:deb*',
  'G@os:Debian',
  'G@roles:web',
  'G@deep:env:prod',
  'P@os:(deb|ubu).*',
  'P@os:bian',
  'P@roles:^ca',
  'I@env:prod',
  'J@env:p|t',
  'E@web\\d+',
  'E@b1',
  'E@web01|db1',
  'L@web02,db1',
  'S@10.0.0.0/8',
  'N@pair',
  'N@webs',
];

function expression(random: (below: number) => number, depth: number): string {
  const leaf = () => leaves[random(leaves.length)] as string;
  if (depth === 0) return leaf();
  const inner = () => expression(random, depth - 1);
  switch (random(5)) {
    case 0:
      return `${inner()} and ${inner()}`;
    case 1:
      return `${inner()} or ${inner()}`;
    case 2:
      return `not ${leaf()}`;
    case 3:
      return `( ${inner()} )`;
    default:
      return leaf();
  }
}

/** The same numbers for the same seed. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test('edits are made where they belong, and nothing else is touched', () => {
  const source = new Source('a.sls', 'one two\nthree four\n');

  const { text, changes } = applyEdits(source, [
    { start: 8, end: 13, text: 'THREE', why: 'loud' },
    { start: 0, end: 3, text: 'ONE', why: 'loud' },
    { start: 1, end: 5, text: 'overlapping', why: 'never' },
  ]);

  assert.equal(text, 'ONE two\nTHREE four\n');
  assert.deepEqual(
    changes.map(({ at, from, to }) => [at.line, at.column, from, to]),
    [
      [1, 1, 'one', 'ONE'],
      [2, 1, 'three', 'THREE'],
    ],
  );
});

test('a scalar that spans lines is not rewritten', () => {
  const source = new Source('a.sls', `'it''s' "a\\"b" plain 'two\nlines' two\nlines`);
  const at = (offset: number, text: string, plain = false) =>
    scalarSpan(source, { kind: 'scalar', at: offset, tag: undefined, text, plain });

  assert.deepEqual(at(0, "it's"), { start: 0, end: 7 });
  assert.deepEqual(at(8, 'a"b'), { start: 8, end: 14 });
  assert.deepEqual(at(15, 'plain', true), { start: 15, end: 20 });
  assert.equal(at(21, 'two lines'), undefined);
  assert.equal(at(33, 'two lines', true), undefined);
});

test('a line goes away with its break, and a comment behind it stays', () => {
  const source = new Source('a.sls', '- a: 1\n  - b: 2  # why\n- c: [d, e]\n');
  const item = /^([ \t]*)-[ \t]+$/;

  assert.deepEqual(wholeLine(source, { start: 2, end: 6 }, item), { start: 0, end: 7 });
  assert.deepEqual(wholeLine(source, { start: 11, end: 15 }, item), { start: 9, end: 15 });
  assert.equal(wholeLine(source, { start: 26, end: 27 }, item), undefined);
});
