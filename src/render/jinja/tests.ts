import { regexOf } from '#pattern/regex.ts';
import type { Test } from './filters/table.ts';
import { isInt, isNumeric } from './numbers.ts';
import { compare, contains, equals, isIterable, operate, truthy } from './operators.ts';
import { str } from './print.ts';
import { Signature } from './signature.ts';
import { Dict, DictView, Float, Host, isText, Markup, Once, PySet, Undefined, type Value } from './values.ts';

type Ask = (...values: Value[]) => boolean;

const one = 'value';
const two = 'value, other';
const less: Ask = (a = null, b = null) => compare(a, b, '<') < 0;
const lessOrEqual: Ask = (a = null, b = null) => compare(a, b, '<=') <= 0;
const more: Ask = (a = null, b = null) => compare(a, b, '>') > 0;
const moreOrEqual: Ask = (a = null, b = null) => compare(a, b, '>=') >= 0;
const isIn: Ask = (a = null, b = null) => contains(b, a);
const isEqual: Ask = (a = null, b = null) => equals(a, b);
const isUnequal: Ask = (a = null, b = null) => !equals(a, b);

const asks: Readonly<Record<string, readonly [signature: string, ask: Ask]>> = {
  defined: [one, (value = null) => !(value instanceof Undefined)],
  undefined: [one, (value = null) => value instanceof Undefined],
  none: [one, (value = null) => value === null],
  boolean: [one, (value = null) => typeof value === 'boolean'],
  true: [one, (value = null) => value === true],
  false: [one, (value = null) => value === false],
  integer: [one, (value = null) => isInt(value)],
  float: [one, (value = null) => value instanceof Float],
  number: [one, (value = null) => isNumeric(value)],
  string: [one, (value = null) => isText(value)],
  mapping: [one, (value = null) => value instanceof Dict],
  list: [one, (value = null) => Array.isArray(value)],
  iterable: [one, (value = null) => isIterable(value)],
  sequence: [one, (value = null) => isSequence(value)],
  callable: [one, (value = null) => value instanceof Host && value.callable],
  escaped: [one, (value = null) => value instanceof Markup],
  lower: [one, (value = null) => hasCase(str(value)) && str(value) === str(value).toLowerCase()],
  upper: [one, (value = null) => hasCase(str(value)) && str(value) === str(value).toUpperCase()],
  odd: [one, (value = null) => equals(operate('%', value, 2), 1)],
  even: [one, (value = null) => equals(operate('%', value, 2), 0)],
  divisibleby: ['value, num', (value = null, by = 1) => equals(operate('%', value, by), 0)],
  sameas: [two, (value = null, other = null) => isSame(value, other)],
  in: ['value, seq', isIn],
  match: [
    'value, pattern, ignorecase=False, multiline=False',
    (value = null, pattern = null, ignoreCase = false, multiline = false) =>
      regexOf(str(pattern), { ignoreCase: truthy(ignoreCase), multiline: truthy(multiline) }).matchStart(str(value)) !==
      undefined,
  ],
  eq: [two, isEqual],
  equalto: [two, isEqual],
  '==': [two, isEqual],
  ne: [two, isUnequal],
  '!=': [two, isUnequal],
  lt: [two, less],
  lessthan: [two, less],
  '<': [two, less],
  le: [two, lessOrEqual],
  '<=': [two, lessOrEqual],
  gt: [two, more],
  greaterthan: [two, more],
  '>': [two, more],
  ge: [two, moreOrEqual],
  '>=': [two, moreOrEqual],
};

/** Every test by name. */
export const tests: ReadonlyMap<string, Test> = new Map<string, Test>([
  ...Object.entries(asks).map(([name, [written, ask]]): [string, Test] => {
    const signature = new Signature(written);
    return [name, (args) => ask(...signature.bind(name, args))];
  }),
  ['filter', ({ positional: [name = null] }, context) => context.filters.has(str(name))],
  ['test', ({ positional: [name = null] }, context) => context.tests.has(str(name))],
]);

function isSequence(value: Value): boolean {
  if (value instanceof Undefined || value === null || isNumeric(value)) return false;
  if (value instanceof DictView || value instanceof Once || value instanceof PySet) return false;
  return !(value instanceof Host);
}

// Python's `is`: for what is immutable, sameness is equality within one type.
function isSame(value: Value, other: Value): boolean {
  if (value === other) return true;
  if (value instanceof Float && other instanceof Float) return false;
  return false;
}

function hasCase(text: string): boolean {
  return text.toLowerCase() !== text.toUpperCase();
}
