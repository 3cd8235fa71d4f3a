import { valueError } from '../jinja/errors.ts';
import { isNumeric, parseFloating, parseInteger } from '../jinja/numbers.ts';
import { compare, contains, lengthOf, operate, unary } from '../jinja/operators.ts';
import { str } from '../jinja/print.ts';
import { sorted } from '../jinja/sort.ts';
import { Dict, Float, isText, type Value } from '../jinja/values.ts';
import { dumpJson } from '../json.ts';

export interface QueryCall {
  readonly args: readonly Value[];
  /** Evaluates the `&expression` argument for an item. */
  reference(item: Value): Value;
}

/** JMESPath's functions. Throws TEMPLATE_VALUE for an unknown one. */
export function callQueryFunction(name: string, call: QueryCall): Value {
  const run = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (run === undefined) throw valueError(`a query has no function "${name}"`);
  return run(call);
}

const functions: Readonly<Record<string, (call: QueryCall) => Value>> = {
  abs: ({ args: [value = null] }) => (isNumeric(value) && compare(value, 0) < 0 ? unary('-', value) : value),
  avg: ({ args: [value = null] }) =>
    list(value).length === 0 ? null : operate('/', total(list(value)), list(value).length),
  contains: ({ args: [value = null, item = null] }) => contains(value, item),
  ceil: ({ args: [value = null] }) => (value instanceof Float ? Math.ceil(value.value) : value),
  floor: ({ args: [value = null] }) => (value instanceof Float ? Math.floor(value.value) : value),
  ends_with: ({ args: [value = null, end = null] }) => str(value).endsWith(str(end)),
  starts_with: ({ args: [value = null, start = null] }) => str(value).startsWith(str(start)),
  join: ({ args: [glue = null, value = null] }) => list(value).map(str).join(str(glue)),
  keys: ({ args: [value = null] }) => [...map(value).keys()],
  values: ({ args: [value = null] }) => [...map(value).values()],
  length: ({ args: [value = null] }) => lengthOf(value),
  map: ({ args: [, value = null], reference }) => list(value).map(reference),
  max: ({ args: [value = null] }) => extreme(list(value), (item) => item, 1),
  min: ({ args: [value = null] }) => extreme(list(value), (item) => item, -1),
  max_by: ({ args: [value = null], reference }) => extreme(list(value), reference, 1),
  min_by: ({ args: [value = null], reference }) => extreme(list(value), reference, -1),
  merge: ({ args }) =>
    new Dict(args.flatMap((each) => [...map(each).entries()].map(({ key, value }) => [key, value] as const))),
  not_null: ({ args }) => args.find((value) => value !== null) ?? null,
  reverse: ({ args: [value = null] }) =>
    isText(value) ? [...str(value)].toReversed().join('') : list(value).toReversed(),
  sort: ({ args: [value = null] }) => sorted(list(value)),
  sort_by: ({ args: [value = null], reference }) => sorted(list(value), { key: reference }),
  sum: ({ args: [value = null] }) => total(list(value)),
  to_array: ({ args: [value = null] }) => (Array.isArray(value) ? value : [value]),
  to_number: ({ args: [value = null] }) => toNumber(value),
  to_string: ({ args: [value = null] }) => (isText(value) ? value : dumpJson(value, { separators: [',', ':'] })),
  type: ({ args: [value = null] }) => typeOf(value),
};

function list(value: Value): Value[] {
  if (Array.isArray(value)) return value;
  throw valueError('a function of the query needs a list');
}

function map(value: Value): Dict {
  if (value instanceof Dict) return value;
  throw valueError('a function of the query needs a map');
}

function total(items: readonly Value[]): Value {
  return items.reduce((sum, item) => operate('+', sum, item), 0);
}

function extreme(items: readonly Value[], key: (item: Value) => Value, direction: number): Value {
  const [first, ...rest] = items;
  if (first === undefined) return null;
  return rest.reduce((best, item) => (direction * compare(key(item), key(best)) > 0 ? item : best), first);
}

function toNumber(value: Value): Value {
  if (isNumeric(value) && typeof value !== 'boolean') return value;
  if (!isText(value)) return null;
  const float = parseFloating(str(value));
  return parseInteger(str(value)) ?? (float === undefined ? null : new Float(float));
}

function typeOf(value: Value): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'boolean';
  if (isNumeric(value)) return 'number';
  if (isText(value)) return 'string';
  return Array.isArray(value) ? 'array' : 'object';
}
