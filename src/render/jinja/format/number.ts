import { binaryParts } from '../numbers.ts';
import { floatText } from '../print.ts';

export function pad(text: string, width: number, fill: string, align: string): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (align === '<') return text + fill.repeat(missing);
  if (align === '^') return fill.repeat(Math.floor(missing / 2)) + text + fill.repeat(Math.ceil(missing / 2));
  return fill.repeat(missing) + text;
}

interface FloatFormat {
  /** `e`, `f` or `g`; in upper case for upper-case letters. */
  readonly kind: string;
  readonly precision: number;
  /** Keeps the point and the zeros that would go. */
  readonly alternate?: boolean;
  /** Writes at least one digit behind the point, as `str` does. */
  readonly pointed?: boolean;
}

/** A float that is not negative as `%e`, `%f`, `%g` and `{:e}`, `{:f}`, `{:g}` write it. */
export function formatFloat(value: number, format: FloatFormat): string {
  const text = Number.isFinite(value) ? digits(value, format) : floatText(value);
  return format.kind === format.kind.toUpperCase() ? text.toUpperCase() : text;
}

function digits(value: number, { kind, precision, alternate = false, pointed = false }: FloatFormat): string {
  const lower = kind.toLowerCase();
  if (lower === 'g') return general(value, Math.max(1, precision), { alternate, pointed });
  const text = lower === 'f' ? fixed(value, precision) : scientific(value, precision);
  return alternate && precision === 0 ? text.replace(/^\d+/, '$&.') : text;
}

// No float has more digits than this before or behind its point: what follows is zeros.
const mostDigits = 1_100;

/** A float with so many digits after the point, a tie rounded to the even digit: as Python, where `toFixed` rounds up. */
export function fixed(value: number, precision: number): string {
  if (!Number.isFinite(value)) return floatText(value);
  const places = Math.min(precision, mostDigits);
  const all = String(scaled(Math.abs(value), places)).padStart(places + 1, '0');
  const whole = all.slice(0, all.length - places);
  const fraction = all.slice(all.length - places) + '0'.repeat(precision - places);
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  return sign + (fraction === '' ? whole : `${whole}.${fraction}`);
}

function scientific(value: number, precision: number): string {
  const places = Math.min(precision, mostDigits);
  const { mantissa, exponent } = significant(value, places);
  const fraction = mantissa.slice(1) + '0'.repeat(precision - places);
  const power = `${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  return `${mantissa.charAt(0)}${fraction === '' ? '' : `.${fraction}`}e${power}`;
}

function general(
  value: number,
  precision: number,
  { alternate, pointed }: { alternate: boolean; pointed: boolean },
): string {
  const { exponent } = significant(value, Math.min(precision, mostDigits) - 1);
  const isScientific = exponent < -4 || exponent >= precision - (pointed ? 1 : 0);
  const text = isScientific ? scientific(value, precision - 1) : fixed(value, precision - 1 - exponent);
  if (alternate) return text.includes('.') ? text : text.replace(/^\d+/, '$&.');
  const short = text.includes('.') ? text.replace(/\.?0+(?=e|$)/, '') : text;
  return pointed && !isScientific && !short.includes('.') ? `${short}.0` : short;
}

/** The first `places + 1` digits of a number, and the power of ten of the first. */
function significant(value: number, places: number): { mantissa: string; exponent: number } {
  if (value === 0) return { mantissa: '0'.repeat(places + 1), exponent: 0 };
  let exponent = Number(value.toExponential().split('e')[1]);
  let mantissa = String(scaled(value, places - exponent));
  // The shortest form of a number may be a power of ten that the number itself does not reach.
  if (mantissa.length <= places) mantissa = String(scaled(value, places - --exponent));
  if (mantissa.length > places + 1) mantissa = String(scaled(value, places - ++exponent));
  return { mantissa, exponent };
}

/** `value * 10 ** places`, exactly, rounded to the nearest integer and a tie to the even one. */
function scaled(value: number, places: number): bigint {
  const { mantissa, exponent } = binaryParts(value);
  const numerator = (mantissa << BigInt(Math.max(0, exponent))) * 10n ** BigInt(Math.max(0, places));
  const denominator = (1n << BigInt(Math.max(0, -exponent))) * 10n ** BigInt(Math.max(0, -places));
  const quotient = numerator / denominator;
  const twice = (numerator % denominator) * 2n;
  const isUp = twice > denominator || (twice === denominator && quotient % 2n === 1n);
  return isUp ? quotient + 1n : quotient;
}
