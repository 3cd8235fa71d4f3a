import { typeError, valueError } from './errors.ts';
import { Float, type Value } from './values.ts';

const zero = 'Look at the value first: "{% if divisor %}"';

/** An integer that is a number when exact, as everywhere else in the engine. */
export type Int = number | bigint;

export type Numeric = Int | Float | boolean;

// A power can ask for more digits than there is memory, and reading or multiplying many takes the square of their
// number in time: this many are more than any template needs.
const largestBits = 100_000;
const largestDigits = 30_000;

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

type Operator = '+' | '-' | '*' | '/' | '//' | '%' | '**';

/** Python's arithmetic on two numbers. Throws TEMPLATE_VALUE on division by zero. */
export function arithmetic(operator: Operator, left: Numeric, right: Numeric): Value {
  if (operator === '/') return new Float(divide(toNumber(left), toNumber(right)));
  if (left instanceof Float || right instanceof Float) {
    return new Float(floatOperation(operator, toNumber(left), toNumber(right)));
  }
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
  if (digits.length > largestDigits) {
    throw valueError(
      `the number has ${digits.length} digits, ${largestDigits} are allowed`,
      'Write it as a text, in quotes',
    );
  }
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

function floatOperation(operator: Exclude<Operator, '/'>, left: number, right: number): number {
  switch (operator) {
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
      return left ** right;
  }
}

function floatModulo(left: number, right: number): number {
  if (right === 0) throw valueError('float modulo', zero);
  const rest = left % right;
  return rest !== 0 && rest < 0 !== right < 0 ? rest + right : rest;
}

function intOperation(operator: Exclude<Operator, '/'>, left: Int, right: Int): Value {
  if (operator === '**' && right < 0) return new Float(Number(left) ** Number(right));
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
      return product(left, right);
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

function product(left: bigint, right: bigint): bigint {
  if (bitsOf(left) + bitsOf(right) > largestBits) throw valueError('the product is too large', 'Use smaller factors');
  return left * right;
}

function power(base: bigint, exponent: bigint): bigint {
  if (BigInt(bitsOf(base)) * exponent > BigInt(largestBits))
    throw valueError('the power is too large', 'Use a smaller exponent');
  return base ** exponent;
}

function bitsOf(int: bigint): number {
  return int.toString(2).length;
}
