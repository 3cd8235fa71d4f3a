import { asInt, binaryParts, type Int, type Numeric, normal, truncated } from '../numbers.ts';
import { floatText } from '../print.ts';
import { Float, Tuple, type Value } from '../values.ts';
import { methodTable } from './table.ts';

export const intMethods = methodTable<Int | boolean>(
  {
    bit_length: ['', (int) => binary(int).length],
    bit_count: ['', (int) => binary(int).replaceAll('0', '').length],
    as_integer_ratio: ['', (int) => new Tuple([asInt(int), 1])],
    conjugate: ['', (int) => asInt(int)],
  },
  (value) => typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean',
);

export const floatMethods = methodTable<Float>(
  {
    is_integer: ['', ({ value }) => Number.isInteger(value)],
    as_integer_ratio: ['', ({ value }) => ratio(value)],
    conjugate: ['', (float) => float],
    hex: ['', ({ value }) => hexadecimal(value)],
  },
  (value): value is Float => value instanceof Float,
);

/** Attributes of a number that are no methods. */
export function numberAttribute(value: Numeric, name: string): Value | undefined {
  if (value instanceof Float) return name === 'real' ? value : name === 'imag' ? new Float(0) : undefined;
  if (name === 'real' || name === 'numerator') return asInt(value);
  if (name === 'imag') return 0;
  return name === 'denominator' ? 1 : undefined;
}

/** The binary digits of an integer without its sign; none of zero. */
function binary(int: Int | boolean): string {
  const value = BigInt(asInt(int));
  return value === 0n ? '' : (value < 0n ? -value : value).toString(2);
}

function ratio(value: number): Value {
  truncated(value);
  let [numerator, denominator] = [value, 1n];
  while (!Number.isInteger(numerator)) {
    numerator *= 2;
    denominator *= 2n;
  }
  return new Tuple([normal(BigInt(numerator)), normal(denominator)]);
}

function hexadecimal(value: number): string {
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  if (!Number.isFinite(value)) return floatText(value);
  if (value === 0) return `${sign}0x0.0p+0`;
  const { mantissa, exponent } = binaryParts(value);
  const digits = mantissa.toString(16).padStart(14, '0');
  const power = exponent + 52;
  return `${sign}0x${digits.charAt(0)}.${digits.slice(1)}p${power < 0 ? '' : '+'}${power}`;
}
