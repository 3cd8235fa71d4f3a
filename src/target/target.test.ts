import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { isError } from '#base/errors.ts';
import type { PeelId } from '#base/ids.ts';
import { Numeral } from '#base/numeral.ts';
import { compileGlob } from '#pattern/glob.ts';
import { run as conformance } from '../../tools/conformance/targeting.ts';
import { explain, explainFor, FactIndex, match, type ParseOptions, parse, print, type Target } from './index.ts';
import { readPattern } from './regex.ts';

test('the Salt dialect chooses what Salt chooses', async () => {
  const { failed } = await conformance(fileURLToPath(new URL('../../test/cases/targets/salt.yaml', import.meta.url)));

  assert.deepEqual(failed, []);
});

test('a printed target reads as the same target', () => {
  const random = generator(1);
  for (let round = 0; round < 3_000; round++) {
    const target = randomTarget(random, 3);
    const text = print(target);

    assert.deepEqual(parse(text), target, text);
  }
});

test('whatever can be read is printed as what reads the same', () => {
  const groups = { g: 'web*', pair: ['a', 'b'] };
  const random = generator(3);
  const kinds = new Set<string>();
  for (let round = 0; round < 30_000; round++) {
    const text = Array.from({ length: 1 + random(9) }, () => pick(pieces, random)).join('');
    const target = readable(text, groups);
    if (target === undefined) continue;
    kinds.add(target.kind);

    assert.deepEqual(parse(print(target), { groups }), target, text);
  }
  assert.deepEqual([...kinds].sort(), ['address', 'all', 'and', 'fact', 'glob', 'group', 'list', 'not', 'or', 'regex']);
});

test('a fact that is a number is matched as it is written', () => {
  const facts = {
    release: Numeral.float(3),
    serial: Numeral.whole(12345678901234567890n),
    deep: { v: [Numeral.float(1)] },
  };
  const peel = 'a' as PeelId;
  const index = new FactIndex();
  index.set(peel, { facts, grains: {} });
  const matched = (text: string) => [
    match(parse(text), { id: peel, facts, grains: {} }),
    index.resolve(parse(text)).length,
  ];

  for (const text of ['G@release:3.0', 'G@release:3.*', 'G@serial:12345678901234567890', 'G@deep.v:1.0']) {
    assert.deepEqual(matched(text), [true, 1], text);
  }
  assert.deepEqual(matched('G@serial:12345678901234567891'), [false, 0]);
});

test('the index chooses what the matcher chooses', () => {
  const random = generator(2);
  const index = new FactIndex();
  const subjects = new Map<PeelId, { id: string; facts: Record<string, unknown>; grains: Record<string, unknown> }>();
  for (let round = 0; round < 600; round++) {
    const peel = `p${random(60)}_x` as PeelId;
    if (random(5) === 0) {
      index.delete(peel);
      subjects.delete(peel);
    } else {
      const record = { id: peel, facts: randomFacts(random), grains: randomFacts(random) };
      index.set(peel, record);
      subjects.set(peel, record);
    }
    const target = randomTarget(random, 2);

    const wanted = [...subjects].filter(([, subject]) => match(target, subject)).map(([each]) => each);
    assert.deepEqual(index.resolve(target).sort(), wanted.sort(), print(target));
  }
});

test('a fact that differs on every peel is found, changed and forgotten like any other', () => {
  const index = new FactIndex();
  for (let number = 0; number < 5_000; number++) {
    index.set(`p${number}` as PeelId, {
      facts: { net: { host: `Host-${number}`, ipv4: [`10.0.${number >> 8}.${number & 255}`] } },
    });
  }
  index.set('p7' as PeelId, { facts: { net: { host: 'moved' } } });
  index.delete('p8' as PeelId);
  index.set('new' as PeelId, { facts: { net: { host: ['a', 'moved'] } } });

  assert.deepEqual(index.resolve(parse('G@net.host:moved')).sort(), ['new', 'p7']);
  assert.deepEqual(index.resolve(parse('G@net.host:host-[789]')), ['p9']);
  assert.deepEqual(index.resolve(parse('P@net.host:^HOST-1234$')), ['p1234']);
  assert.deepEqual(index.resolve(parse('G@net.ipv4:10.0.0.9')), ['p9']);
  assert.equal(index.resolve(parse('G@net.host:*')).length, index.size);
});

test('a fact whose keys are data does not make a column of each', () => {
  const index = new FactIndex();
  for (let number = 0; number < 400; number++) {
    index.set(`p${number}` as PeelId, { facts: { veth: { [`veth${number}`]: { up: number % 2 === 0 } }, site: 'x' } });
  }
  index.set('p7' as PeelId, { facts: { veth: { veth7: { up: true } } } });

  assert.deepEqual(index.resolve(parse('G@veth.veth7.up:true')), ['p7']);
  assert.equal(index.resolve(parse('G@veth:*')).length, 400);
  assert.equal(index.resolve(parse('G@*:veth9:up:*')).length, 1);
});

test('a regex that would take for ever comes to an end', () => {
  const hostile = ['(a+)+$', '(a|aa)+$', '(a|a)*b', '.*.*.*.*.*.*x', '([a-z]+)*\\d', '(\\w+\\.?)+!', 'a*a*a*a*a*a*b'];
  const text = `${'a'.repeat(4_000)}?`;
  for (const pattern of hostile) {
    const read = readPattern(pattern);
    assert.ok('test' in read, pattern);
    assert.equal(read.test(text), false, pattern);
  }
});

test('the automaton and the engine of the runtime agree', () => {
  const patterns = [
    'a(b|cd)*e+',
    '^(web|db)-\\d+-\\d+$',
    '(x?y){2,3}',
    '^$',
    'a|',
    '[^.]+\\.[^.]+$',
    '(a*)(b*)c',
    '^a+b+|c+d+$',
  ];
  const texts = ['', 'abcde', 'web-1-22', 'web-1', 'xyxyy', 'a.b', 'aabbc', 'cd', 'é.ü', 'ab', 'xcd'];
  for (const pattern of patterns) {
    const read = readPattern(pattern);
    for (const text of texts) {
      assert.equal('test' in read && read.test(text), new RegExp(pattern).test(text), `${pattern} on "${text}"`);
    }
  }
});

test('globs are those of a shell', () => {
  const cases: readonly (readonly [pattern: string, text: string, wanted: boolean])[] = [
    ['*', '', true],
    ['a*b*c', 'aXbXbc', true],
    ['a*b*c', 'aXc', false],
    ['*ab', 'aab', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['[]x]', ']', true],
    ['[!]x]', ']', false],
    ['[a-c]*[0-9]', 'bxx7', true],
    ['[z-a]', 'b', false],
    ['a[', 'a[', true],
    ['**', 'x', true],
    ['ab*ba', 'aba', false],
    ['[a-]', '-', true],
    ['[.]*', '.x', true],
  ];
  for (const [pattern, text, wanted] of cases) {
    assert.equal(compileGlob(pattern).test(text), wanted, `${pattern} on "${text}"`);
  }
});

test('an explanation shows how precedence was read', () => {
  const target = parse('web* or db* and not G@os.family:debian');

  assert.equal(
    explain(target),
    [
      'any of',
      '  the id matches web*',
      '  all of',
      '    the id matches db*',
      '    not',
      '      the fact os.family is debian',
    ].join('\n'),
  );
  assert.equal(
    explainFor(parse('web* and G@cpu.count:>=8'), { id: 'web1', facts: { cpu: { count: 4 } } }),
    ['no   all of', 'yes    the id matches web*', 'no     the fact cpu.count >= 8'].join('\n'),
  );
});

test('a million spaces or a very deep nest is refused, not suffered', () => {
  assert.throws(() => parse(' '.repeat(1e6)), { code: 'TARGET_SYNTAX' });
  assert.throws(() => parse(`${'('.repeat(5_000)}*${')'.repeat(5_000)}`), { code: 'TARGET_SYNTAX' });
  assert.throws(() => parse(`${'not '.repeat(4_000)}*`), { code: 'TARGET_SYNTAX' });
});

type Random = (below: number) => number;

function generator(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const keys = ['os', 'a', 'b.c', 'net', 'roles'];
const values: readonly unknown[] = [
  'x',
  'Y z',
  3,
  true,
  null,
  ['x', 'w'],
  { a: 'x' },
  { b: { c: 'x' }, os: 3 },
  [{ a: 'x' }],
  {},
];

/** What expressions are made of, and what they may be mistaken for. */
const pieces = [
  ...[
    'a',
    'b.c',
    '*',
    '?',
    '-',
    '_',
    '1',
    '[',
    ']',
    '^',
    '!',
    '$',
    '+',
    '{2}',
    'ä',
    '.',
    ',',
    '=',
    '>=',
    '<',
    '/',
    '\\',
  ],
  ...['G@', 'P@', 'I@', 'J@', 'E@', 'L@', 'S@10.0.0.0/8', 'N@g', 'N@pair', 'G|@', 'G@os', ':', '|', '"', "'", 'a b'],
  ...['(', ')', ' ', ' and ', ' or ', 'not ', '*'],
];

function readable(text: string, groups: NonNullable<ParseOptions['groups']>): Target | undefined {
  try {
    return parse(text, { groups });
  } catch (error) {
    if (isError(error)) return undefined;
    throw error;
  }
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[random(items.length)] as T;
}

function randomFacts(random: Random): Record<string, unknown> {
  return Object.fromEntries(keys.filter(() => random(2) === 0).map((key) => [key, pick(values, random)]));
}

function randomTarget(random: Random, depth: number): Target {
  const item = () => randomTarget(random, depth - 1);
  if (depth > 0 && random(3) > 0) {
    if (random(3) === 0) return { kind: 'not', item: item() };
    return { kind: random(2) === 0 ? 'and' : 'or', items: Array.from({ length: 2 + random(2) }, item) };
  }
  return pick(leaves, random);
}

const leaves: readonly Target[] = [
  '*',
  'p1*',
  'p?.x',
  'p[0-3]*',
  'p1.x',
  'L@p1.x,p2.x,and',
  'L@or',
  'E@^p[12]',
  'E@(1|2)\\.x',
  'E@"a b|)"',
  'G@os:x',
  'G@os:*',
  'G@a:a:x',
  'G@os.b.c:x',
  'G@b.c:x',
  'G@*:a:x',
  'G@roles:W',
  'G@roles:!=x',
  'G@os>=3',
  'G@os:<4',
  'G@net:"y Z"',
  'G@net:\'say "y"\'',
  'G|@os|b|c|x',
  'P@os:^(x|y)',
  'P@net:"y z"',
  'G@os:a',
  'S@10.0.0.0/8',
].map((text) => parse(text.replace('"a b|)"', '"a b|[)]"')));

test('columns that nobody has any more are freed, and those beyond the budget are found all the same', () => {
  const index = new FactIndex();
  const facts = (round: number) =>
    Object.fromEntries(Array.from({ length: 400 }, (_, at) => [`k${round}x${at}`, { value: at }]));

  index.set('web' as PeelId, { facts: { site: 'x', net: { host: 'web' } } });
  for (let round = 0; round < 200; round++) index.set('bad' as PeelId, { facts: facts(round) });

  // 256 keys, each with a column for itself and one below; the rest of its keys share one.
  assert.equal(index.columns.used, 3 + 2 * 256);
  assert.deepEqual(index.resolve(parse('G@k199x7.value:7')), ['bad']);
  assert.deepEqual(index.resolve(parse('G@k199x399.value:399')), ['bad']);
  assert.deepEqual(index.resolve(parse('G@k198x399.value:399')), []);
  index.delete('bad' as PeelId);
  assert.equal(index.columns.used, 3);
  index.delete('web' as PeelId);
  assert.equal(index.columns.used, 0);
});

test('a fact that no peel has, beside one that peels have, is a slip', () => {
  const index = new FactIndex();
  index.set('a' as PeelId, {
    facts: { os: { name: 'debian', version: { major: 12 } }, roles: ['web'], serial: 7 },
    grains: { os_family: 'Debian' },
  });
  const meant = (text: string) => {
    try {
      index.requireFacts(parse(text, { groups: { slip: 'G@os_famly:Debian' } }));
      return undefined;
    } catch (error) {
      return (error as { hint?: string }).hint;
    }
  };

  for (const [text, hint] of [
    ['G@os.nmae:debian', 'Did you mean "os.name"?'],
    ['G@os:nmae:debian', 'Did you mean "os.name"?'],
    ['web* and not G@rolse:web', 'Did you mean "roles"?'],
    ['G@serail>=7', 'Did you mean "serial"?'],
    ['N@slip', 'Did you mean "os_family"?'],
    ['G@os.name:alpine', undefined],
    ['G@os.version.major>=13', undefined],
    ['G@os.name:*', undefined],
    ['G@datacenter:berlin', undefined],
    ['G@ro*s:web', undefined],
    ['I@rolse:web', undefined],
    ['web*', undefined],
  ] as const) {
    assert.equal(meant(text), hint, text);
  }
});
