import { floatText } from '#base/numeral.ts';
import { typeError, valueError } from '../errors.ts';
import { asInt, isNumeric, type Numeric, toNumber } from '../numbers.ts';
import { str } from '../print.ts';
import { characterSlice } from '../text.ts';
import { Float, isText, typeName, Undefined, type Value } from '../values.ts';
import { fixed, formatFloat, groupSign, pad } from './number.ts';

const pattern = /^(?:([\s\S])?([<>=^]))?([-+ ]?)(z?)(#?)(0?)(\d*)([_,]?)(?:\.(\d+))?([a-zA-Z%]?)$/u;

interface Spec {
  readonly fill: string | undefined;
  readonly align: string | undefined;
  readonly sign: string;
  readonly alternate: boolean;
  readonly zero: boolean;
  readonly width: number;
  readonly group: string;
  readonly precision: number | undefined;
  readonly kind: string;
}

/** Python's `format(value, spec)` for texts, integers, floats and booleans. */
export function formatSpec(value: Value, written: string): string {
  if (value instanceof Undefined) throw value.error();
  if (written === '') return str(value);
  const spec = readSpec(written, value);
  if (isText(value)) return formatText(str(value), spec);
  if (isNumeric(value)) return formatNumber(value, spec);
  throw typeError(`unsupported format string passed to ${typeName(value)}.__format__`);
}

function readSpec(written: string, value: Value): Spec {
  const match = pattern.exec(written);
  if (match === null) throw valueError(`Invalid format specifier '${written}' for object of type '${typeName(value)}'`);
  const [, fill, align, sign = '', , alternate, zero, width, group = '', precision, kind = ''] = match;
  if (Number(width) > 1_000_000 || Number(precision ?? 0) > 1_000_000) throw valueError('the width is too large');
  return {
    fill,
    align,
    sign,
    alternate: alternate === '#',
    zero: zero === '0',
    width: Number(width),
    group,
    precision: precision === undefined ? undefined : Number(precision),
    kind,
  };
}

function formatText(text: string, { fill, align, zero, width, precision, kind, sign }: Spec): string {
  if (kind !== '' && kind !== 's') throw valueError(`Unknown format code '${kind}' for object of type 'str'`);
  if (sign !== '') throw valueError('Sign not allowed in string format specifier');
  if (align === '=') throw valueError("'=' alignment not allowed in string format specifier");
  const shown = precision === undefined ? text : characterSlice(text, 0, precision);
  return pad(shown, width, fill ?? (zero ? '0' : ' '), align ?? '<');
}

function formatNumber(value: Numeric, spec: Spec): string {
  const negative = value instanceof Float ? value.value < 0 || Object.is(value.value, -0) : asInt(value) < 0;
  const sign = groupSign(negative, spec.sign === '-' ? '' : spec.sign);
  const { prefix, whole, rest } = numberParts(value, spec);
  const fill = spec.fill ?? (spec.zero ? '0' : ' ');
  const align = spec.align ?? (spec.zero ? '=' : '>');
  if (align !== '=') return pad(sign + prefix + grouped(whole, spec) + rest, spec.width, fill, align);
  const room = spec.width - sign.length - prefix.length - rest.length;
  const digits = fill === '0' ? zeroGrouped(whole, room, spec) : pad(grouped(whole, spec), room, fill, '>');
  return sign + prefix + digits + rest;
}

function numberParts(value: Numeric, spec: Spec): { prefix: string; whole: string; rest: string } {
  if (value instanceof Float || 'eEfFgG%'.includes(spec.kind || '?')) return floatParts(toNumber(value), spec);
  const int = BigInt(asInt(value));
  const absolute = int < 0n ? -int : int;
  const radixes: Readonly<Record<string, number>> = { '': 10, d: 10, n: 10, b: 2, o: 8, x: 16, X: 16 };
  if (spec.kind === 'c') return { prefix: '', whole: String.fromCodePoint(Number(int)), rest: '' };
  const radix = radixes[spec.kind];
  if (radix === undefined) throw valueError(`Unknown format code '${spec.kind}' for object of type 'int'`);
  if (spec.precision !== undefined) throw valueError('Precision not allowed in integer format specifier');
  const text = absolute.toString(radix);
  const prefix = spec.alternate && radix !== 10 ? `0${spec.kind}` : '';
  return { prefix, whole: spec.kind === 'X' ? text.toUpperCase() : text, rest: '' };
}

function floatParts(value: number, spec: Spec): { prefix: string; whole: string; rest: string } {
  const [, whole = '', rest = ''] = /^(\d*)(.*)$/s.exec(floatDigits(Math.abs(value), spec)) ?? [];
  return { prefix: '', whole, rest };
}

function floatDigits(value: number, { kind, precision, alternate }: Spec): string {
  if (kind === '%') return `${fixed(value * 100, precision ?? 6)}%`;
  if (kind === '' && precision === undefined) return floatText(value);
  if (kind === '') {
    const text = formatFloat(value, { kind: 'g', precision: Math.max(1, precision ?? 6) });
    return /[.e]|inf|nan/.test(text) ? text : `${text}.0`;
  }
  if (!'eEfFgGn'.includes(kind)) throw valueError(`Unknown format code '${kind}' for object of type 'float'`);
  return formatFloat(value, { kind: kind === 'n' ? 'g' : kind, precision: precision ?? 6, alternate });
}

function grouped(digits: string, { group, kind }: Spec): string {
  if (group === '') return digits;
  const size = 'boxX'.includes(kind || '?') ? 4 : 3;
  return digits.replace(new RegExp(`\\B(?=(?:[0-9a-fA-F]{${size}})+$)`, 'g'), group);
}

function zeroGrouped(digits: string, room: number, spec: Spec): string {
  if (spec.group === '') return digits.padStart(room, '0');
  let padded = digits;
  while (grouped(padded, spec).length < room) padded = `0${padded}`;
  return grouped(padded, spec);
}
