import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MixedMap } from '#base/mixed-map.ts';
import { Numeral } from '#base/numeral.ts';
import { sameValue } from './changes.ts';
import { isMap, lookup, merged } from './data-lookup.ts';

const [three, four] = [Numeral.float(3), Numeral.float(4)];

test('numbers and bytes that plain data carries are no maps', () => {
  for (const value of [three, new Uint8Array(1), new MixedMap(), [], null]) assert.equal(isMap(value), false);
});

test('maps are joined, whatever their keys are, and numbers replaced', () => {
  const under = { v: three, ports: new MixedMap([[80, { name: 'http' }]]), both: { a: 1 } };
  const over = { v: four, ports: new MixedMap([[80, { tls: false }]]), both: new MixedMap([[1, 'x']]) };

  assert.deepEqual(merged(under, over), {
    v: four,
    ports: new MixedMap([[80, { name: 'http', tls: false }]]),
    both: new MixedMap([
      ['a', 1],
      [1, 'x'],
    ]),
  });
});

test('a path goes through keys that are no texts', () => {
  assert.equal(lookup({ ports: new MixedMap([[80, { name: 'http' }]]) }, 'ports:80:name'), 'http');
});

test('two values are the same only when all that is in them is', () => {
  const pairs: readonly (readonly [unknown, unknown])[] = [
    [three, four],
    [new MixedMap([[1, 'a']]), new MixedMap([[1, 'b']])],
    [new Uint8Array([1]), new Uint8Array([2])],
    [three, {}],
  ];
  for (const [a, b] of pairs) assert.deepEqual([sameValue(a, b), sameValue(a, structuredCopy(a))], [false, true]);
});

function structuredCopy(value: unknown): unknown {
  if (value instanceof Map) return new MixedMap([...value]);
  if (value instanceof Uint8Array) return value.slice();
  return value instanceof Numeral ? Numeral.parse(value.text) : value;
}
