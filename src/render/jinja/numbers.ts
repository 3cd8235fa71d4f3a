import { typeError, valueError } from './errors.ts';
import { Float, type Value } from './values.ts';

const zero = 'Look at the value first: "{% if divisor %}"';

/** An integer that is a number when exact, as everywhere else in the engine. */
export type Int = number | bigint;

export type Numeric = Int | Float | boolean;

// A shift or power can ask for more digits than there is memory: this many are more than any template needs.
const largestBits = 100_000;

export function isInt(value: Value): value is Int {
  return typeof value === 'number' || typeof value === 'bigint';
}

export function isNumeric(value: Value): value is Numeric {
  return isInt(value) || value instanceof Float || typeof value === 'boolean';
}

/** A bigint as a number when that is exact. */
export function normal(value: bigint): Int {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
}

export function toNumber(value: Numeric): number {
  return value instanceof Float ? value.value : Number(value);
}

/** The same as Python's `float(value)`. Throws TEMPLATE_VALUE for an integer that no float can hold. */
export function toFloat(value: Numeric): number {
  const number = toNumber(value);
  if (!(value instanceof Float) && !Number.isFinite(number)) throw valueError('int too large to convert to float');
  return number;
}

/** A float without its fraction. Throws TEMPLATE_VALUE for one that is no number or has no end. */
export function truncated(value: number): Int {
  if (Number.isNaN(value)) throw valueError('cannot convert float NaN to integer');
  if (!Number.isFinite(value)) throw valueError('cannot convert float infinity to integer');
  return normal(BigInt(Math.trunc(value)));
}

const bits = new DataView(new ArrayBuffer(8));

/** The integer and the power of two whose product the absolute value of a float is. */
export function binaryParts(value: number): { mantissa: bigint; exponent: number } {
  bits.setFloat64(0, value);
  const fraction = bits.getBigUint64(0) & 0xfffffffffffffn;
  const exponent = (bits.getUint16(0) >> 4) & 0x7ff;
  return exponent === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: exponent - 1075 };
}

type Operator = '+' | '-' | '*' | '/' | '//' | '%' | '**';

/** Python's arithmetic on two numbers. Throws TEMPLATE_VALUE on division by zero. */
export function arithmetic(operator: Operator, left: Numeric, right: Numeric): Value {
  if (left instanceof Float || right instanceof Float) {
    return new Float(floatOperation(operator, toFloat(left), toFloat(right)));
  }
  if (operator === '/') return new Float(divideInts(asInt(left), asInt(right)));
  return intOperation(operator, asInt(left), asInt(right));
}

export function negate(value: Numeric): Value {
  if (value instanceof Float) return new Float(-value.value);
  const int = asInt(value);
  return typeof int === 'bigint' ? normal(-int) : int === 0 ? 0 : -int;
}

/** Less than zero, zero or more, for numbers of any kind; NaN when one is. */
export function compareNumbers(left: Numeric, right: Numeric): number {
  const a = left instanceof Float ? left.value : asInt(left);
  const b = right instanceof Float ? right.value : asInt(right);
  // JavaScript compares a bigint with a number exactly, but cannot subtract them.
  if (a < b) return -1;
  if (a > b) return 1;
  // biome-ignore lint/suspicious/noDoubleEquals: a bigint equals a number only loosely
  return a == b ? 0 : Number.NaN;
}

export function asInt(value: Int | boolean): Int {
  return typeof value === 'boolean' ? (value ? 1 : 0) : value;
}

/** A small integer for an index or a width. Throws TEMPLATE_TYPE when it is none. */
export function toIndex(value: Value, what = 'an integer'): number {
  if (isInt(value) || typeof value === 'boolean') return Number(value);
  throw typeError(`expected ${what}`);
}

/** Text as Python's `int(text, base)` reads it, or undefined. */
export function parseInteger(text: string, base = 10): Int | undefined {
  const match = /^([+-]?)(?:0([xob]))?([0-9a-z]+(?:_[0-9a-z]+)*)$/.exec(text.trim().toLowerCase());
  if (match === null) return undefined;
  const [, sign, prefix, digits = ''] = match;
  const prefixes: Readonly<Record<string, number>> = { x: 16, o: 8, b: 2 };
  const prefixed = prefix === undefined ? undefined : prefixes[prefix];
  const effective = base === 0 ? (prefixed ?? 10) : base;
  if (prefixed !== undefined && prefixed !== effective) {
    return effective > 11 && prefix === 'b' ? digitsOf(`0${prefix}${digits}`, effective, sign) : undefined;
  }
  return digitsOf(digits, effective, sign);
}

function digitsOf(digits: string, base: number, sign: string | undefined): Int | undefined {
  let value = 0n;
  for (const digit of digits.replaceAll('_', '')) {
    const amount = Number.parseInt(digit, 36);
    if (Number.isNaN(amount) || amount >= base) return undefined;
    value = value * BigInt(base) + BigInt(amount);
  }
  return normal(sign === '-' ? -value : value);
}

/** Text as Python's `float(text)` reads it, or undefined. */
export function parseFloating(text: string): number | undefined {
  const trimmed = text.trim().toLowerCase();
  if (/^[+-]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?$/.test(trimmed)) {
    return Number(trimmed.replaceAll('_', ''));
  }
  const special = /^([+-]?)(inf|infinity|nan)$/.exec(trimmed);
  if (special === null) return undefined;
  const magnitude = special[2] === 'nan' ? Number.NaN : Number.POSITIVE_INFINITY;
  return special[1] === '-' ? -magnitude : magnitude;
}

function divide(left: number, right: number): number {
  if (right === 0) throw valueError('division by zero', zero);
  return left / right;
}

/** The nearest float to a quotient, however large its parts. */
function divideInts(left: Int, right: Int): number {
  if (typeof left === 'number' && typeof right === 'number') return divide(left, right);
  const [numerator, denominator] = [BigInt(left), BigInt(right)];
  if (denominator === 0n) throw valueError('division by zero', zero);
  const [above, below] = [numerator < 0n ? -numerator : numerator, denominator < 0n ? -denominator : denominator];
  // Enough digits for a float's mantissa, and one that says whether anything is left of the rest.
  const shift = BigInt(below.toString(2).length - above.toString(2).length + 66);
  const dividend = shift > 0n ? above << shift : above;
  const divisor = shift < 0n ? below << -shift : below;
  const quotient = ((dividend / divisor) << 1n) | (dividend % divisor === 0n ? 0n : 1n);
  const result = Number(quotient) * 2 ** (-Number(shift) - 1);
  if (!Number.isFinite(result)) throw valueError('integer division result too large for a float');
  return numerator < 0n === denominator < 0n ? result : -result;
}

function floatOperation(operator: Operator, left: number, right: number): number {
  switch (operator) {
    case '/':
      return divide(left, right);
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '//':
      return Math.floor(divide(left, right));
    case '%':
      return floatModulo(left, right);
    case '**':
      return floatPower(left, right);
  }
}

function floatModulo(left: number, right: number): number {
  if (right === 0) throw valueError('float modulo', zero);
  const rest = left % right;
  // The result has the sign of the divisor, a zero too.
  if (rest === 0) return right < 0 ? -0 : 0;
  return rest < 0 !== right < 0 ? rest + right : rest;
}

function floatPower(base: number, exponent: number): number {
  if (base === 0 && exponent < 0) throw valueError('0.0 cannot be raised to a negative power', zero);
  // JavaScript knows better than the standards that Python follows: 1 is 1 to any power.
  if (base === 1 || (base === -1 && !Number.isFinite(exponent) && !Number.isNaN(exponent))) return 1;
  const result = base ** exponent;
  if (Number.isFinite(base) && Number.isFinite(exponent)) {
    if (Number.isNaN(result))
      throw valueError('a negative number has no such power', 'Look at where the base comes from');
    if (!Number.isFinite(result)) throw valueError('Numerical result out of range', 'Use a smaller exponent');
  }
  return result;
}

function intOperation(operator: Exclude<Operator, '/'>, left: Int, right: Int): Value {
  if (operator === '**' && right < 0) return new Float(floatPower(toFloat(left), toFloat(right)));
  if ((operator === '//' || operator === '%') && Number(right) === 0) {
    throw valueError('integer division or modulo by zero', zero);
  }
  if (typeof left === 'number' && typeof right === 'number') {
    const quick = quickOperation(operator, left, right);
    if (Number.isSafeInteger(quick)) return quick === 0 ? 0 : quick;
  }
  return normal(bigOperation(operator, BigInt(left), BigInt(right)));
}

function quickOperation(operator: Exclude<Operator, '/'>, left: number, right: number): number {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '//':
      // A quotient of safe integers may round up to the next integer; the bigint road is exact.
      return Math.abs(left) < 2 ** 31 ? Math.floor(left / right) : Number.NaN;
    case '%':
      return ((left % right) + right) % right;
    case '**':
      return left ** right;
  }
}

function bigOperation(operator: Exclude<Operator, '/'>, left: bigint, right: bigint): bigint {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '//':
      return floorDivide(left, right);
    case '%':
      return left - floorDivide(left, right) * right;
    case '**':
      return power(left, right);
  }
}

function floorDivide(left: bigint, right: bigint): bigint {
  const quotient = left / right;
  return left % right !== 0n && left < 0n !== right < 0n ? quotient - 1n : quotient;
}

function power(base: bigint, exponent: bigint): bigint {
  if (BigInt(base.toString(2).length) * exponent > BigInt(largestBits))
    throw valueError('the power is too large', 'Use a smaller exponent');
  return base ** exponent;
}
