import { floatText } from '#base/numeral.ts';

export function pad(text: string, width: number, fill: string, align: string): string {
  const missing = width - [...text].length;
  if (missing <= 0) return text;
  if (align === '<') return text + fill.repeat(missing);
  if (align === '^') return fill.repeat(Math.floor(missing / 2)) + text + fill.repeat(Math.ceil(missing / 2));
  return fill.repeat(missing) + text;
}

export function groupSign(negative: boolean, plus: string): string {
  return negative ? '-' : plus;
}

/** A float that is not negative as `%e`, `%f`, `%g` and `{:e}`, `{:f}`, `{:g}` write it. */
export function formatFloat(
  value: number,
  { kind, precision, alternate = false }: { kind: string; precision: number; alternate?: boolean },
): string {
  const text = Number.isFinite(value) ? digits(value, kind.toLowerCase(), precision, alternate) : floatText(value);
  return kind === kind.toUpperCase() ? text.toUpperCase() : text;
}

function digits(value: number, kind: string, precision: number, alternate: boolean): string {
  if (kind === 'f') return fixed(value, precision);
  if (kind === 'e') return scientific(value, precision);
  return general(value, Math.max(1, precision), alternate);
}

const mostDigits = 100;

/** A float with so many digits after the point, a tie rounded to the even digit: as Python, where `toFixed` rounds up. */
export function fixed(value: number, precision: number): string {
  const places = Math.min(precision, mostDigits);
  const padding = '0'.repeat(precision - places);
  if (Math.abs(value) >= 1e21) return `${BigInt(value)}${precision > 0 ? `.${'0'.repeat(precision)}` : ''}`;
  // Enough further digits to tell a tie from what is only near one.
  const exact = value.toFixed(Math.min(mostDigits, places + 30));
  const cut = exact.indexOf('.') + 1 + places;
  const kept = exact.slice(0, places === 0 ? cut - 1 : cut);
  const isTie = exact.includes('.') && /^50*$/.test(exact.slice(cut));
  return (isTie && /[02468]$/.test(kept) ? kept : value.toFixed(places)) + padding;
}

function scientific(value: number, precision: number): string {
  const [mantissa, exponent = '+0'] = value.toExponential(Math.min(precision, 100)).split('e');
  return `${mantissa}e${exponent.charAt(0)}${exponent.slice(1).padStart(2, '0')}`;
}

function general(value: number, precision: number, alternate: boolean): string {
  const exponent = value === 0 ? 0 : Number(value.toExponential(Math.min(precision - 1, 100)).split('e')[1]);
  const text =
    exponent < -4 || exponent >= precision ? scientific(value, precision - 1) : fixed(value, precision - 1 - exponent);
  if (alternate || !text.includes('.')) return text;
  return text.replace(/\.?0+(?=e|$)/, '');
}
