import { asInt, type Int, normal } from '../numbers.ts';
import { Float, Tuple, type Value } from '../values.ts';
import { methodTable } from './table.ts';

export const intMethods = methodTable<Int | boolean>(
  {
    bit_length: ['', (int) => bitLength(BigInt(asInt(int)))],
    is_integer: ['', () => true],
    conjugate: ['', (int) => asInt(int)],
  },
  (value) => typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean',
);

export const floatMethods = methodTable<Float>(
  {
    is_integer: ['', ({ value }) => Number.isInteger(value)],
    as_integer_ratio: ['', ({ value }) => ratio(value)],
  },
  (value): value is Float => value instanceof Float,
);

function bitLength(value: bigint): number {
  return value === 0n ? 0 : (value < 0n ? -value : value).toString(2).length;
}

function ratio(value: number): Value {
  let [numerator, denominator] = [value, 1n];
  while (!Number.isInteger(numerator)) {
    numerator *= 2;
    denominator *= 2n;
  }
  return new Tuple([normal(BigInt(numerator)), normal(denominator)]);
}
