import { didYouMean, ZesterError } from '#base/errors.ts';
import { attribute, ownAttribute } from '../access.ts';
import { typeError } from '../errors.ts';
import { iterate, truthy } from '../operators.ts';
import { str } from '../print.ts';
import { type Arguments, Host, Once, Undefined, undefinedAttribute, type Value } from '../values.ts';
import { getter } from './getter.ts';
import type { Filter, FilterContext } from './table.ts';

/** Filters that apply another filter, a test or a method by name. */
export const functionalFilters: [string, Filter][] = [
  ['map', (args, context) => new Once(map(args, context))],
  ['select', (args, context) => new Once(select(args, context, { keep: true, byAttribute: false }))],
  ['reject', (args, context) => new Once(select(args, context, { keep: false, byAttribute: false }))],
  ['selectattr', (args, context) => new Once(select(args, context, { keep: true, byAttribute: true }))],
  ['rejectattr', (args, context) => new Once(select(args, context, { keep: false, byAttribute: true }))],
  ['attr', ({ positional: [owner = null, name = null] }) => attr(owner, str(name))],
  ['method_call', (args) => callMethod(args)],
];

function map({ positional, named }: Arguments, context: FilterContext): Value[] {
  const [input = null, name, ...rest] = positional;
  if (name === undefined) {
    const path = named.get('attribute');
    if (path === undefined) throw typeError('map requires a filter argument');
    const get = getter(path, named.get('default') ?? null);
    return [...itemsOf(input)].map(get);
  }
  const filter = context.filters.get(str(name));
  if (filter === undefined) throw unknown('filter', str(name), context.filters.keys());
  return Array.from(itemsOf(input), (item) => {
    context.runtime.turn();
    return filter({ positional: [item, ...rest], named }, context);
  });
}

interface Selection {
  readonly keep: boolean;
  readonly byAttribute: boolean;
}

function select({ positional, named }: Arguments, context: FilterContext, { keep, byAttribute }: Selection): Value[] {
  const [input = null, ...others] = positional;
  const get = byAttribute ? getter(others.shift() ?? null) : (item: Value) => item;
  const [name, ...rest] = others;
  const test = name === undefined ? undefined : context.tests.get(str(name));
  if (name !== undefined && test === undefined) throw unknown('test', str(name), context.tests.keys());
  return [...itemsOf(input)].filter((item) => {
    context.runtime.turn();
    const value = get(item);
    const holds = test === undefined ? truthy(value) : test({ positional: [value, ...rest], named }, context);
    return holds === keep;
  });
}

/** Nothing has no items: None, zero and what else is false are as good as an empty list. */
function itemsOf(input: Value): Iterable<Value> {
  return truthy(input) ? iterate(input) : [];
}

function unknown(kind: 'filter' | 'test', name: string, known: Iterable<string>): ZesterError {
  const hint = didYouMean(name, known);
  return kind === 'filter'
    ? new ZesterError('source', 'TEMPLATE_FILTER_UNKNOWN', `Cannot apply "${name}": No filter named '${name}' found.`, {
        hint,
      })
    : new ZesterError('source', 'TEMPLATE_TEST_UNKNOWN', `Cannot test for "${name}": No test named '${name}' found.`, {
        hint,
      });
}

function attr(owner: Value, name: string): Value {
  if (owner instanceof Undefined) throw owner.error();
  const value = ownAttribute(owner, name);
  return value === undefined ? undefinedAttribute(owner, name) : value;
}

function callMethod({ positional: [owner = null, name = null, ...rest], named }: Arguments): Value {
  const method = attribute(owner, str(name));
  if (method instanceof Undefined) return null;
  if (!(method instanceof Host)) throw typeError(`'${str(name)}' is not callable`);
  return method.call({ positional: rest, named });
}
