import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { equals } from '../jinja/operators.ts';
import { Dict, Float, type Value } from '../jinja/values.ts';
import { Source } from '../source.ts';
import { identityMap } from '../source-map.ts';
import { dumpYaml, parseYaml, toValue } from '../yaml.ts';

function load(text: string): Value {
  return toValue(parseYaml(text, identityMap(new Source('dump.yaml', text))));
}

const values: readonly Value[] = [
  null,
  true,
  0,
  -1,
  2n ** 70n,
  new Float(1),
  new Float(1e20),
  new Float(-0.5),
  '',
  'text',
  'yes',
  '0644',
  '1:30',
  '2020-01-01',
  'a: b',
  'a #b',
  '- a',
  ' a ',
  'a\nb\n',
  'a\n b',
  'tab\t',
  "it's",
  '"',
  '\0\u0085\u2028😀',
  'word '.repeat(60),
  [],
  [[], [[1]], ['a', ['b']]],
  new Dict(),
  new Dict([
    ['a', []],
    ['b', new Dict([['c', 'd: e']])],
  ]),
  new Dict([
    [1, 'int'],
    [true, 'one key with 1'],
    [null, 'null'],
    ['k'.repeat(200), 'long'],
  ]),
];

describe('a dumped value', () => {
  for (const value of values) {
    for (const flow of [true, false, 'leaves'] as const) {
      test(`reads back as itself: ${dumpYaml(value, { flow }).slice(0, 50).trim()} (flow: ${flow})`, () => {
        assert.ok(equals(load(dumpYaml(value, { flow })), value));
      });
    }
  }

  test('has sorted keys, unless it is ordered', () => {
    const pairs = [
      ['b', 1],
      ['a', 2],
    ] as const;

    assert.deepEqual([dumpYaml(new Dict(pairs)), dumpYaml(new Dict(pairs, true))], ['a: 2\nb: 1\n', 'b: 1\na: 2\n']);
  });

  test('names what it holds twice', () => {
    const list = [1];

    assert.equal(dumpYaml([list, list]), '- &id001\n  - 1\n- *id001\n');
  });
});
