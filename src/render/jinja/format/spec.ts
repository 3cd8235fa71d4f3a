import { typeError, valueError } from '../errors.ts';
import { asInt, isNumeric, type Numeric, toFloat } from '../numbers.ts';
import { floatText, str } from '../print.ts';
import { characterSlice } from '../text.ts';
import { Float, isText, typeName, Undefined, type Value } from '../values.ts';
import { characterOf } from './character.ts';
import { formatFloat, pad } from './number.ts';

const pattern = /^(?:([\s\S])?([<>=^]))?([-+ ]?)(z?)(#?)(0?)(\d*)(,?)(_?)(,?)(?:\.(\d*))?([\s\S]?)$/u;
const largestWidth = 1_000_000;

interface Spec {
  readonly fill: string | undefined;
  readonly align: string | undefined;
  readonly sign: string;
  readonly noNegativeZero: boolean;
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
  if (isText(value)) return formatText(str(value), readSpec(written, value));
  if (isNumeric(value)) return formatNumber(value, readSpec(written, value));
  throw typeError(`unsupported format string passed to ${typeName(value)}.__format__`);
}

function readSpec(written: string, value: Value): Spec {
  const match = pattern.exec(written);
  if (match === null) throw valueError(`Invalid format specifier '${written}' for object of type '${typeName(value)}'`);
  const [, fill, align, sign = '', coerced, alternate, zero, width, comma, underscore, late, precision, kind = ''] =
    match;
  if (precision === '') throw valueError('Format specifier missing precision');
  if ((comma && underscore) || late) throw valueError("Cannot specify both ',' and '_'.");
  const group = comma || underscore || '';
  checkGroup(group, kind || (isText(value) ? 's' : ''));
  if (Number(width) > largestWidth || Number(precision ?? 0) > largestWidth) throw valueError('the width is too large');
  return {
    fill,
    align,
    sign,
    noNegativeZero: coerced === 'z',
    alternate: alternate === '#',
    // Behind a fill character of its own, a zero is the first digit of the width.
    zero: zero === '0' && fill === undefined,
    width: Number(width),
    group,
    precision: precision === undefined ? undefined : Number(precision),
    kind,
  };
}

function checkGroup(group: string, kind: string): void {
  const fits = group === '' || 'defgEGF%'.includes(kind) || (group === '_' && 'boxX'.includes(kind));
  if (!fits) throw valueError(`Cannot specify '${group}' with '${kind}'.`);
}

function formatText(text: string, { fill, align, zero, width, precision, ...spec }: Spec): string {
  if (spec.kind !== '' && spec.kind !== 's') throw unknownKind(spec.kind, 'str');
  if (spec.sign !== '') throw valueError('Sign not allowed in string format specifier');
  if (spec.noNegativeZero) throw valueError('Negative zero coercion (z) not allowed in string format specifier');
  if (spec.alternate) throw valueError('Alternate form (#) not allowed in string format specifier');
  if (align === '=') throw valueError("'=' alignment not allowed in string format specifier");
  const shown = precision === undefined ? text : characterSlice(text, 0, precision);
  return pad(shown, width, fill ?? (zero ? '0' : ' '), align ?? '<');
}

function unknownKind(kind: string, type: string): Error {
  return valueError(`Unknown format code '${kind}' for object of type '${type}'`);
}

interface Parts {
  readonly negative: boolean;
  readonly prefix: string;
  readonly whole: string;
  readonly rest: string;
}

function formatNumber(value: Numeric, spec: Spec): string {
  const isFloat = value instanceof Float || (spec.kind !== '' && 'eEfFgG%'.includes(spec.kind));
  const { negative, prefix, whole, rest } = isFloat ? floatParts(toFloat(value), spec) : intParts(value, spec);
  const sign = negative ? '-' : spec.sign.replace('-', '');
  const fill = spec.fill ?? (spec.zero ? '0' : ' ');
  const align = spec.align ?? (spec.zero ? '=' : '>');
  if (align !== '=') return pad(sign + prefix + grouped(whole, spec) + rest, spec.width, fill, align);
  const room = spec.width - sign.length - prefix.length - rest.length;
  const digits = fill === '0' ? zeroGrouped(whole, room, spec) : pad(grouped(whole, spec), room, fill, '>');
  return sign + prefix + digits + rest;
}

const radixes: Readonly<Record<string, number>> = { '': 10, d: 10, n: 10, b: 2, o: 8, x: 16, X: 16 };

function intParts(value: Exclude<Numeric, Float>, spec: Spec): Parts {
  const { kind, alternate } = spec;
  const int = BigInt(asInt(value));
  const radix = Object.hasOwn(radixes, kind) ? radixes[kind] : undefined;
  if (radix === undefined && kind !== 'c') throw unknownKind(kind, typeName(value));
  if (spec.precision !== undefined) throw valueError('Precision not allowed in integer format specifier');
  if (spec.noNegativeZero) throw valueError('Negative zero coercion (z) not allowed in integer format specifier');
  if (radix === undefined) return characterParts(int, spec);
  const text = (int < 0n ? -int : int).toString(radix);
  return {
    negative: int < 0n,
    prefix: alternate && radix !== 10 ? `0${kind}` : '',
    whole: kind === 'X' ? text.toUpperCase() : text,
    rest: '',
  };
}

function characterParts(int: bigint, { sign, alternate }: Spec): Parts {
  if (sign !== '') throw valueError("Sign not allowed with integer format specifier 'c'");
  if (alternate) throw valueError("Alternate form (#) not allowed with integer format specifier 'c'");
  return { negative: false, prefix: '', whole: '', rest: characterOf(int) };
}

function floatParts(value: number, spec: Spec): Parts {
  const [, whole = '', rest = ''] = /^(\d*)(.*)$/s.exec(floatDigits(Math.abs(value), spec)) ?? [];
  const isNegative = value < 0 || Object.is(value, -0);
  const isZero = /^0*$/.test(whole) && /^[.0]*(?:e|%|$)/i.test(rest);
  return { negative: isNegative && !(spec.noNegativeZero && isZero), prefix: '', whole, rest };
}

function floatDigits(value: number, { kind, precision, alternate }: Spec): string {
  if (kind === '%') return `${formatFloat(value * 100, { kind: 'f', precision: precision ?? 6, alternate })}%`;
  if (kind === '' && precision === undefined)
    return alternate ? floatText(value).replace(/^\d+(?=e)/, '$&.') : floatText(value);
  if (kind === '') return formatFloat(value, { kind: 'g', precision: precision ?? 6, alternate, pointed: true });
  if (!'eEfFgGn'.includes(kind)) throw unknownKind(kind, 'float');
  return formatFloat(value, { kind: kind === 'n' ? 'g' : kind, precision: precision ?? 6, alternate });
}

function grouped(digits: string, { group, kind }: Spec): string {
  if (group === '') return digits;
  const size = groupSize(kind);
  const head = digits.length % size || size;
  const groups = [digits.slice(0, head)];
  for (let at = head; at < digits.length; at += size) groups.push(digits.slice(at, at + size));
  return groups.join(group);
}

function groupSize(kind: string): number {
  return kind !== '' && 'boxX'.includes(kind) ? 4 : 3;
}

/** As many zeros as fill the room, which the separators between them help to fill. */
function zeroGrouped(digits: string, room: number, spec: Spec): string {
  // What has no digits, infinity, has no groups either.
  if (spec.group === '' || digits === '') return digits.padStart(room, '0');
  const size = groupSize(spec.kind);
  let count = Math.max(digits.length, Math.floor((room * size) / (size + 1)));
  while (count + Math.floor((count - 1) / size) < room) count++;
  return grouped(digits.padStart(count, '0'), spec);
}
