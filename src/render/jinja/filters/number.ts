import { typeError, valueError } from '../errors.ts';
import { fixed } from '../format/number.ts';
import { asInt, isInt, isNumeric, normal, parseFloating, parseInteger, toIndex, toNumber } from '../numbers.ts';
import { operate, truthy, unary } from '../operators.ts';
import { str } from '../print.ts';
import { Float, isText, typeName, Undefined, type Value } from '../values.ts';
import { filterTable } from './table.ts';

export const numberFilters = filterTable({
  abs: ['x', (x = null) => absolute(x)],
  int: ['value, default=0, base=10', (value = null, fallback = 0, base = 10) => toInt(value, fallback, toIndex(base))],
  float: ['value, default=0.0', (value = null, fallback = null) => toFloat(value, fallback)],
  round: [
    "value, precision=0, method='common'",
    (value = null, precision = 0, method = 'common') => round(value, toIndex(precision), str(method)),
  ],
  filesizeformat: ['value, binary=False', (value = null, binary = false) => fileSize(numberOf(value), truthy(binary))],
  str_to_num: ['text', (text = null) => toNum(text)],
  to_num: ['text', (text = null) => toNum(text)],
  is_hex: ['value', (value = null) => isText(value) && parseInteger(str(value), 16) !== undefined],
  human_to_bytes: [
    "size, default_unit='B', handle_metric=False",
    (size = null, unit = 'B', metric = false) => humanToBytes(str(size), str(unit), truthy(metric)),
  ],
});

function absolute(value: Value): Value {
  if (!isNumeric(value))
    throw value instanceof Undefined ? value.error() : typeError(`bad operand type for abs(): '${typeName(value)}'`);
  return toNumber(value) < 0 ? unary('-', value) : unary('+', value);
}

function numberOf(value: Value): number {
  const number = isNumeric(value) ? toNumber(value) : parseFloating(str(value));
  if (number === undefined) throw valueError(`could not convert string to float: '${str(value)}'`);
  return number;
}

function toInt(value: Value, fallback: Value, base: number): Value {
  if (value instanceof Undefined && !value.lenient) throw value.error();
  if (isInt(value) || typeof value === 'boolean') return asInt(value);
  if (value instanceof Float) return Number.isFinite(value.value) ? normal(BigInt(Math.trunc(value.value))) : fallback;
  if (!isText(value)) return fallback;
  const int = parseInteger(str(value), base);
  if (int !== undefined) return int;
  const float = parseFloating(str(value));
  return float === undefined || !Number.isFinite(float) ? fallback : normal(BigInt(Math.trunc(float)));
}

function toFloat(value: Value, fallback: Value): Value {
  if (value instanceof Undefined && !value.lenient) throw value.error();

  if (isNumeric(value)) return new Float(toNumber(value));
  const float = isText(value) ? parseFloating(str(value)) : undefined;
  return float === undefined ? fallback : new Float(float);
}

function round(value: Value, precision: number, method: string): Value {
  if (!['common', 'ceil', 'floor'].includes(method)) throw valueError('method must be common, ceil or floor');
  if (!isNumeric(value))
    throw value instanceof Undefined
      ? value.error()
      : typeError(`type ${typeName(value)} doesn't define __round__ method`);
  if (method === 'common')
    return value instanceof Float
      ? new Float(roundHalfEven(value.value, precision))
      : roundInt(asInt(value), precision);
  const scale = 10 ** precision;
  const scaled = toNumber(value) * scale;
  return new Float((method === 'ceil' ? Math.ceil(scaled) : Math.floor(scaled)) / scale);
}

function roundHalfEven(value: number, precision: number): number {
  if (!Number.isFinite(value)) return value;
  if (precision < 0) return Number(roundInt(Math.trunc(value), precision));
  return Number(fixed(value, precision));
}

function roundInt(value: number | bigint, precision: number): Value {
  if (precision >= 0) return value;
  const unit = 10n ** BigInt(-precision);
  const int = BigInt(value);
  const rest = ((int % unit) + unit) % unit;
  const down = int - rest;
  const up = rest * 2n > unit || (rest * 2n === unit && (down / unit) % 2n !== 0n);
  return normal(up ? down + unit : down);
}

function fileSize(bytes: number, binary: boolean): string {
  const base = binary ? 1024 : 1000;
  if (bytes === 1) return '1 Byte';
  if (bytes < base) return `${Math.trunc(bytes)} Bytes`;
  const prefixes = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];
  let unit = base;
  for (const [index, prefix] of prefixes.entries()) {
    unit = base ** (index + 2);
    if (bytes < unit || index === prefixes.length - 1) {
      return `${fixed((base * bytes) / unit, 1)} ${binary ? `${prefix.toUpperCase()}iB` : `${prefix}B`}`;
    }
  }
  return `${bytes}`;
}

function toNum(value: Value): Value {
  // Python's `int` comes first: a number with a fraction loses it.
  if (value instanceof Float) return Math.trunc(value.value);
  if (!isText(value)) return isNumeric(value) ? operate('+', value, 0) : value;
  const int = parseInteger(str(value));
  if (int !== undefined) return int;
  const float = parseFloating(str(value));
  return float === undefined ? value : new Float(float);
}

function humanToBytes(size: string, defaultUnit: string, metric: boolean): Value {
  const [, digits = '', written = ''] = /^([0-9.]*)\s*(.*)$/.exec(size.trim()) ?? [];
  const unit = (written || defaultUnit).toLowerCase();
  const amount = digits === '' || Number.isNaN(Number(digits)) ? undefined : Number(digits);
  const decimal = /^[kmgtpezy]b/.test(unit);
  if (amount === undefined || !(decimal || /^(?:b|[kmgtpezy](?:ib)?)$/.test(unit))) return 0;
  const power = 'bkmgtpezy'.indexOf(unit.charAt(0));
  const factor = decimal && metric ? 10n ** BigInt(power * 3) : 2n ** BigInt(power * 10);
  return Number.isInteger(amount)
    ? normal(BigInt(amount) * factor)
    : normal(BigInt(Math.trunc(amount * Number(factor))));
}
