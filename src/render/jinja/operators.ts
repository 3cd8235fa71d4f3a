import { typeError, valueError } from './errors.ts';
import { formatPercent } from './format/percent.ts';
import { arithmetic, asInt, compareNumbers, isInt, isNumeric, type Numeric, negate } from './numbers.ts';
import { str } from './print.ts';
import { boundList, boundText } from './sizes.ts';
import { characterCount, characters, escaped } from './text.ts';
import {
  Bytes,
  Dict,
  DictView,
  Float,
  Host,
  isText,
  Markup,
  Once,
  PySet,
  Range,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.ts';

export type BinaryOperator = '+' | '-' | '*' | '/' | '//' | '%' | '**';
export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in';

// One text or list may not be multiplied into more than this.
const largestRepeat = 10_000_000;

/** Python's truth of a value. Throws for an undefined one. */
export function truthy(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  if (value === null) return false;
  if (typeof value === 'string') return value !== '';
  if (isInt(value)) return Number(value) !== 0;
  if (value instanceof Dict || value instanceof PySet) return value.size > 0;
  if (Array.isArray(value) || value instanceof Range) return value.length > 0;
  if (value instanceof Tuple) return value.items.length > 0;
  if (value instanceof Float) return value.value !== 0;
  if (value instanceof Markup) return value.text !== '';
  if (value instanceof Host) return value.truthy();
  return defined(value);
}

function defined(value: Undefined): false {
  if (!value.lenient) throw value.error();
  return false;
}

/** Python's `==`. */
export function equals(left: Value, right: Value): boolean {
  if (left === right) return !(left instanceof Undefined) || defined(left);
  if (left instanceof Undefined) return defined(left) || (right instanceof Undefined && right.lenient);
  if (right instanceof Undefined) return defined(right);
  if (isText(left)) return isText(right) && str(left) === str(right);
  if (isNumeric(left)) return isNumeric(right) && compareNumbers(left, right) === 0;
  if (Array.isArray(left)) return Array.isArray(right) && equalItems(left, right);
  if (left instanceof Tuple) return right instanceof Tuple && equalItems(left.items, right.items);
  if (left instanceof Dict) return right instanceof Dict && equalDicts(left, right);
  if (left instanceof Range) return right instanceof Range && equalItems([...left], [...right]);
  if (left instanceof PySet || left instanceof DictView) return equalSets(left, right);
  return left instanceof Bytes && right instanceof Bytes && left.equals(right);
}

function equalItems(left: readonly Value[], right: readonly Value[]): boolean {
  return left.length === right.length && left.every((item, index) => equals(item, right[index] ?? null));
}

function equalDicts(left: Dict, right: Dict): boolean {
  if (left.size !== right.size) return false;
  if (left.ordered && right.ordered && !equalItems([...left.keys()], [...right.keys()])) return false;
  for (const { key, value } of left.entries()) {
    const other = right.get(key);
    if (other === undefined || !equals(value, other)) return false;
  }
  return true;
}

function equalSets(left: PySet | DictView, right: Value): boolean {
  if (!(right instanceof PySet || right instanceof DictView)) return false;
  if (left instanceof DictView && left.kind === 'values') return false;
  const items = [...iterate(left)];
  return items.length === lengthOf(right) && items.every((item) => contains(right, item));
}

/** Negative, zero or positive as Python orders two values; NaN when they have no order but are comparable. */
export function compare(left: Value, right: Value, operator = '<'): number {
  if (left instanceof Undefined) throw left.error();
  if (right instanceof Undefined) throw right.error();
  if (isNumeric(left) && isNumeric(right)) return compareNumbers(left, right);
  if (isText(left) && isText(right)) return compareTexts(str(left), str(right));
  if (Array.isArray(left) && Array.isArray(right)) return compareItems(left, right, operator);
  if (left instanceof Tuple && right instanceof Tuple) return compareItems(left.items, right.items, operator);
  throw typeError(`'${operator}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`);
}

// Python orders by code points, JavaScript by UTF-16 units: they differ above U+FFFF.
function compareTexts(left: string, right: string): number {
  if (left === right) return 0;
  if (!/[\ud800-\udfff]/.test(left + right)) return left < right ? -1 : 1;
  const [a, b] = [characters(left), characters(right)];
  const index = a.findIndex((character, at) => character !== b[at]);
  if (index < 0) return -1;
  return (a[index]?.codePointAt(0) ?? 0) < (b[index]?.codePointAt(0) ?? -1) ? -1 : 1;
}

function compareItems(left: readonly Value[], right: readonly Value[], operator: string): number {
  for (const [index, item] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (!equals(item, other)) return compare(item, other, operator);
  }
  return left.length - right.length;
}

export function compareWith(operator: Comparison, left: Value, right: Value): boolean {
  switch (operator) {
    case '==':
      return equals(left, right);
    case '!=':
      return !equals(left, right);
    case '<':
      return compare(left, right, '<') < 0;
    case '<=':
      return compare(left, right, '<=') <= 0;
    case '>':
      return compare(left, right, '>') > 0;
    case '>=':
      return compare(left, right, '>=') >= 0;
    case 'in':
      return contains(right, left);
    case 'not in':
      return !contains(right, left);
  }
}

/** Python's `item in container`. */
export function contains(container: Value, item: Value): boolean {
  if (isText(container)) {
    if (isText(item)) return str(container).includes(str(item));
    if (item instanceof Undefined) throw item.error();
    throw typeError(
      `'in <string>' requires string as left operand, not ${typeName(item)}`,
      'Make it a text with "| string"',
    );
  }
  if (container instanceof Dict || container instanceof PySet) return container.has(item);
  if (container instanceof DictView) return inView(container, item);
  if (container instanceof Host && !(container instanceof Once)) return container.contains(item);
  for (const each of iterate(container)) if (equals(each, item)) return true;
  return false;
}

function inView(view: DictView, item: Value): boolean {
  if (view.kind === 'keys') return view.dict.has(item);
  for (const each of view.iterate()) if (equals(each, item)) return true;
  return false;
}

/** The items `for` walks. Throws when there are none to walk. */
export function iterate(value: Value): Iterable<Value> {
  if (Array.isArray(value)) return value;
  if (value instanceof Dict) return value.keys();
  if (value instanceof Tuple) return value.items;
  if (value instanceof Range || value instanceof PySet) return value;
  if (isText(value)) return characters(str(value));
  if (value instanceof Host) return value.iterate();
  if (value instanceof Undefined) {
    if (value.lenient) return [];
    throw value.error();
  }
  throw typeError(`'${typeName(value)}' object is not iterable`, 'Only a list, a map or a text can be walked');
}

export function isIterable(value: Value): boolean {
  if (value === null || isNumeric(value)) return false;
  if (value instanceof Host) {
    return value instanceof DictView || value.iterate !== Host.prototype.iterate;
  }
  if (value instanceof Undefined && !value.lenient) throw value.error();
  return true;
}

export function lengthOf(value: Value): number {
  if (isText(value)) return characterCount(str(value));
  if (Array.isArray(value) || value instanceof Range) return value.length;
  if (value instanceof Dict || value instanceof PySet) return value.size;
  if (value instanceof Tuple) return value.items.length;
  if (value instanceof Host) return value.size();
  if (value instanceof Undefined && !value.lenient) throw value.error();
  if (value instanceof Undefined) return 0;
  throw typeError(`object of type '${typeName(value)}' has no len()`, 'Only a text, a list or a map has a length');
}

/** The result of a binary operator. Throws when the operands do not support it. */
export function operate(operator: BinaryOperator, left: Value, right: Value): Value {
  if (isNumeric(left) && isNumeric(right)) return arithmetic(operator, left, right);
  if (left instanceof Undefined) throw left.error();
  if (operator === '%' && isText(left)) return formatPercent(left, right);
  if (right instanceof Undefined) throw right.error();
  if (operator === '+') return add(left, right);
  if (operator === '*') return repeat(left, right);
  if (operator === '-' && left instanceof PySet) {
    return new PySet([...left].filter((item) => !contains(right, item)));
  }
  throw unsupported(operator, left, right);
}

function add(left: Value, right: Value): Value {
  if (left instanceof Markup && isText(right)) return new Markup(left.text + escaped(right));
  if (right instanceof Markup && isText(left)) return new Markup(escaped(left) + right.text);
  if (typeof left === 'string' && typeof right === 'string') {
    boundText(left.length + right.length);
    return left + right;
  }
  if (!isText(left)) boundList(sizeOf(left) + sizeOf(right));
  if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
  if (left instanceof Tuple && right instanceof Tuple) return new Tuple([...left.items, ...right.items]);
  if (isText(left)) throw typeError(`can only concatenate str (not "${typeName(right)}") to str`, 'Join them with "~"');
  if (Array.isArray(left)) throw typeError(`can only concatenate list (not "${typeName(right)}") to list`);
  throw unsupported('+', left, right);
}

function sizeOf(value: Value): number {
  if (value instanceof Tuple) return value.items.length;
  return Array.isArray(value) ? value.length : 0;
}

function repeat(left: Value, right: Value): Value {
  const [sequence, count] = isRepeatCount(right) ? [left, right] : [right, left];
  if (!isRepeatCount(count) || sequence instanceof Float) throw unsupported('*', left, right);
  const times = Math.max(0, Number(asInt(count)));
  if (!(isText(sequence) || Array.isArray(sequence) || sequence instanceof Tuple)) throw unsupported('*', left, right);
  if (times * Math.max(1, lengthOf(sequence)) > largestRepeat)
    throw valueError('the repeated value is too large', 'Repeat it fewer times');
  if (typeof sequence === 'string') return sequence.repeat(times);
  if (sequence instanceof Markup) return new Markup(sequence.text.repeat(times));
  const items = Array.isArray(sequence) ? sequence : sequence.items;
  const repeated = Array.from({ length: times }, () => items).flat(1) as Value[];
  return Array.isArray(sequence) ? repeated : new Tuple(repeated);
}

function isRepeatCount(value: Value): value is number | bigint | boolean {
  return isInt(value) || typeof value === 'boolean';
}

function unsupported(operator: string, left: Value, right: Value): Error {
  const shown = operator === '**' ? '** or pow()' : operator;
  return typeError(`unsupported operand type(s) for ${shown}: '${typeName(left)}' and '${typeName(right)}'`);
}

export function unary(operator: '-' | '+', value: Value): Value {
  if (value instanceof Undefined) throw value.error();
  if (!isNumeric(value)) throw typeError(`bad operand type for unary ${operator}: '${typeName(value)}'`);
  return operator === '-' ? negate(value) : positive(value);
}

function positive(value: Numeric): Value {
  return value instanceof Float ? value : asInt(value);
}
