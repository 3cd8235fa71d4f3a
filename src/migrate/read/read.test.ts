import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readTemplate } from '#lint/template/template.ts';
import { Source } from '#render/source.ts';
import { computedIn, declaredIn, isOtherData } from './declared.ts';
import { plainOfRaw } from './plain.ts';
import { readSheet } from './sheet.ts';
import { skeletonOf } from './skeleton.ts';
import { partsOf } from './tags.ts';
import { usesOf } from './template.ts';

function skeletonIn(...lines: readonly string[]) {
  const source = new Source('web.sls', lines.join('\n'));
  return skeletonOf(source, partsOf(source));
}

function dataIn(...lines: readonly string[]): unknown {
  const { roots, isWhole } = skeletonIn(...lines);
  assert.ok(isWhole);
  return roots.map(plainOfRaw);
}

test('every branch of a template is read at once', () => {
  const data = dataIn(
    '{% if a %}',
    'one:',
    '  pkg.installed: []',
    '{%- else %}',
    'two:',
    '  file.managed:',
    '    {% for x in y %}',
    '    - source: salt://x',
    '    {% endfor %}',
    '{% endif %}',
  );

  assert.deepEqual(data, [{ one: { 'pkg.installed': [] }, two: { 'file.managed': [{ source: 'salt://x' }] } }]);
});

test('an expression amid text is a word, one that stands alone is a gap', () => {
  const { roots, gaps } = skeletonIn(
    'web:',
    '  file.managed:',
    '    - name: /etc/{{ name',
    '        | lower }}.conf',
    '    {{ more(a,',
    '       b) }}',
    '    - user: root',
  );

  const [state] = declaredIn(roots);
  assert.deepEqual(
    state?.args.map(({ key }) => key),
    ['name', 'user'],
  );
  assert.equal(gaps.length, 1);
});

test('what tags leave behind does not count as indentation', () => {
  const { roots } = skeletonIn(
    'web:',
    '  file.managed:',
    '    - contents: |',
    '            {% if a %}',
    '        one',
    '            {% endif %}',
    '        two',
  );

  const [contents] = declaredIn(roots).flatMap(({ args }) => args.map(({ value }) => plainOfRaw(value)));
  assert.match(String(contents), /^\n+one\n+two$/);
});

test('data that a template loads is no state, and a macro is read for itself', () => {
  const data = dataIn(
    '{% load_yaml as map %}',
    'Debian: {pkg: [nginx]}',
    '{% endload %}',
    '{% set text | upper %}',
    'no: {state: here}',
    '{% endset %}',
    '{% set x = {"a": 1} %}',
    '{% macro site(name) %}',
    '    - {{ name }}: 1',
    '{% endmacro %}',
    '{# web: {pkg: [installed]} #}',
    'a: test.nop',
  );

  assert.deepEqual(data, [{ a: 'test.nop' }, [{ '…': '1' }]]);
});

test('text that is no YAML without being rendered is left out, and that is said', () => {
  const { roots, isWhole } = skeletonIn('{% if a %}', '  - x', '{% else %}', 'y: 1', '{% endif %}');

  assert.deepEqual(roots, []);
  assert.equal(isWhole, false);
});

test('places are those of the source', () => {
  const lines = [
    '{% if a %}{{ b }}',
    '{% endif %}',
    'web:',
    '  {% if c %}',
    '  pkg:',
    '    - installed',
    '  {% endif %}',
  ];
  const source = new Source('web.sls', lines.join('\n'));

  const [state] = declaredIn(skeletonOf(source, partsOf(source)).roots);

  assert.equal(state?.state, 'pkg.installed');
  assert.deepEqual(source.place(state?.at ?? 0), { file: 'web.sls', line: 6, column: 7 });
});

test('states are read in every way of writing them', () => {
  const { roots } = skeletonIn(
    'include: [other.state]',
    'short: pkg.installed',
    'long:',
    '  file.managed:',
    '    - mode: 644',
    '  service:',
    '    - running',
    '    - enable: true',
    'extend:',
    '  other:',
    '    cmd.run:',
    '      - cwd: /',
    '{{ id }}:',
    '  {{ module }}.present: []',
    '  group:',
    '    - {{ function }}',
  );

  const told = declaredIn(roots).map(({ id, state, args }) => [id, state, ...args.map(({ key }) => key)]);
  assert.deepEqual(told, [
    ['short', 'pkg.installed'],
    ['long', 'file.managed', 'mode'],
    ['long', 'service.running', 'enable'],
    ['other', 'cmd.run', 'cwd'],
  ]);
  assert.equal(computedIn(roots).length, 2);
  assert.equal(isOtherData(roots), false);
});

test('data of another kind is no state file', () => {
  for (const lines of [
    ['users:', '  alice:', '    uid: 1'],
    ['users:', '  - alice'],
    ['salt:', '  release: 3006'],
  ]) {
    assert.equal(isOtherData(skeletonIn(...lines).roots), true, lines.join());
  }
});

test('functions, filters, options and facts are found wherever they are used', () => {
  const uses = usesOf(
    readTemplate(
      'web.sls',
      [
        "{% if 'a.b' in salt %}{{ salt['a.b']() }}{% endif %}",
        "{{ salt.c.d(grains.os) | e }}{{ salt.get('f.g')() }}{{ salt[h] }}",
        "{% do salt['i.j'](pillar) is k %}{{ salt['l.m'] is defined }}",
        "{{ opts.n }}{{ opts.get('o') }}{{ opts['p'] | default('') }}",
        "{{ grains['q'] }}{{ grains.get('r:s') }}{{ salt['grains.get']('t:u') }}{{ grains.items() }}",
      ].join('\n'),
    ),
  );

  assert.deepEqual(
    uses.functions.map(({ name, isGuarded = false }) => [name, isGuarded]),
    [
      ['a.b', false],
      ['c.d', false],
      ['f.g', true],
      ['i.j', false],
      ['l.m', true],
      ['grains.get', false],
    ],
  );
  assert.deepEqual([...uses.asked], ['a.b']);
  assert.equal(uses.computed.length, 1);
  assert.deepEqual(
    uses.filters.map(({ name }) => name),
    ['e', 'default'],
  );
  assert.deepEqual(
    uses.tests.map(({ name }) => name),
    ['k', 'defined'],
  );
  assert.deepEqual(
    uses.options.map(({ name, isGuarded = false }) => [name, isGuarded]),
    [
      ['n', false],
      ['o', true],
      ['p', true],
    ],
  );
  assert.deepEqual(
    uses.facts.map(({ name }) => name),
    ['os', 'q', 'r', 't'],
  );
});

test('names that a template gives a meaning of its own are known', () => {
  const uses = usesOf(
    readTemplate(
      'web.sls',
      [
        '{% set a = 1 %}{% set b, c = d %}{% for e, f in g %}{% endfor %}{% macro h(i, j=k) %}{% endmacro %}',
        "{% import 'x' as l %}{% from 'x' import m as n, o %}{% import_yaml 'x' as p %}{% with q = r %}{% endwith %}",
        '{% load_yaml as s %}{% endload %}{% set t.u = 1 %}',
      ].join('\n'),
    ),
  );

  assert.deepEqual([...uses.bound].sort(), ['a', 'b', 'c', 'e', 'f', 'h', 'i', 'j', 'l', 'n', 'o', 'p', 'q', 's']);
});

test('a file that a renderer keeps closed is read as far as it goes', () => {
  const closed = readSheet('x.sls', '#!py\ndef run(): return {}\n');
  const gpg = readSheet('x.sls', '#!jinja|yaml|gpg\na: {{ b }}\n');

  assert.equal(closed.trouble?.code, 'RENDERER_UNSUPPORTED');
  assert.equal(closed.skeleton, undefined);
  assert.equal(gpg.trouble?.code, 'RENDERER_UNSUPPORTED');
  assert.equal(gpg.skeleton?.roots.length, 1);
});

test('a file without Jinja is read as it stands', () => {
  const { skeleton, uses } = readSheet('x.sls', '#!yaml\na:\n  cmd.run:\n    - name: "echo {{ x }}"\n');

  assert.equal(uses, undefined);
  assert.deepEqual(skeleton?.roots.map(plainOfRaw), [{ a: { 'cmd.run': [{ name: 'echo {{ x }}' }] } }]);
});
