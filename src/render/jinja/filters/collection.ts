import { randomInt } from 'node:crypto';
import { typeError, valueError } from '../errors.ts';
import { toIndex } from '../numbers.ts';
import { compare, contains, equals, isIterable, iterate, lengthOf, operate, truthy } from '../operators.ts';
import { str } from '../print.ts';
import { boundList, joined } from '../sizes.ts';
import { sorted } from '../sort.ts';
import { characters } from '../text.ts';
import { Dict, Float, isText, Once, PySet, Tuple, typeName, Undefined, type Value } from '../values.ts';
import { foldCase, getter, multiGetter } from './getter.ts';
import { Group } from './group.ts';
import { filterTable } from './table.ts';

export const collectionFilters = filterTable({
  default: [
    "value, default_value='', boolean=False",
    (value = null, fallback = '', boolean = false) => defaulted(value, fallback, boolean),
  ],
  d: [
    "value, default_value='', boolean=False",
    (value = null, fallback = '', boolean = false) => defaulted(value, fallback, boolean),
  ],
  length: ['obj', (value = null) => lengthOf(value)],
  count: ['obj', (value = null) => lengthOf(value)],
  list: ['value', (value = null) => [...iterate(value)]],
  first: ['seq', (seq = null) => firstOf(seq)],
  last: ['seq', (seq = null) => lastOf(seq)],
  random: ['seq', (seq = null) => pickRandom([...iterate(seq)])],
  reverse: ['value', (value = null) => reverse(value)],
  join: [
    "value, d='', attribute=None",
    (value = null, d = '', attribute = null) => joined([...iterate(value)].map(getter(attribute)).map(str), str(d)),
  ],
  sort: [
    'value, reverse=False, case_sensitive=False, attribute=None',
    (value = null, reversed = false, sensitive = false, attribute = null) =>
      sorted(iterate(value), { key: multiGetter(attribute, truthy(sensitive)), reverse: truthy(reversed) }),
  ],
  dictsort: [
    "value, case_sensitive=False, by='key', reverse=False",
    (value = null, sensitive = false, by = 'key', reversed = false) =>
      dictSort(value, { sensitive: truthy(sensitive), by: str(by), reverse: truthy(reversed) }),
  ],
  items: ['value', (value = null) => items(value)],
  groupby: [
    'value, attribute, default=None, case_sensitive=False',
    (value = null, attribute = null, fallback = null, sensitive = false) =>
      groupBy(value, { attribute, fallback, sensitive: truthy(sensitive) }),
  ],
  batch: [
    'value, linecount, fill_with=None',
    (value = null, count = 1, fill = null) => new Once(batch([...iterate(value)], toIndex(count), fill)),
  ],
  slice: [
    'value, slices, fill_with=None',
    (value = null, count = 1, fill = null) => new Once(slices([...iterate(value)], toIndex(count), fill)),
  ],
  sum: [
    'iterable, attribute=None, start=0',
    (value = null, attribute = null, start = 0) =>
      [...iterate(value)].map(getter(attribute)).reduce((total, each) => operate('+', total, each), start),
  ],
  unique: ['values', (values = null) => unique(values)],
  min: ['obj', (value = null) => extreme(value, (order) => order < 0, 'min')],
  max: ['obj', (value = null) => extreme(value, (order) => order > 0, 'max')],
  avg: ['lst', (value = null) => average(value)],
  union: ['lst1, lst2', (first = null, second = null) => union(first, second)],
  intersect: ['lst1, lst2', (first = null, second = null) => combine(first, second, (item) => contains(second, item))],
  difference: [
    'lst1, lst2',
    (first = null, second = null) => combine(first, second, (item) => !contains(second, item)),
  ],
  symmetric_difference: ['lst1, lst2', (first = null, second = null) => symmetric(first, second)],
  sorted_ignorecase: ['to_sort', (value = null) => sorted(iterate(value), { key: (item) => foldCase(item) })],
  flatten: [
    'data, levels=None, preserve_nulls=False',
    (data = null, levels = null, nulls = false) =>
      flatten(data, levels === null ? Number.POSITIVE_INFINITY : toIndex(levels), truthy(nulls)),
  ],
  random_sample: [
    'value, size, seed=None',
    (value = null, size = 0) => shuffle([...iterate(value)]).slice(0, toIndex(size)),
  ],
  random_shuffle: ['value, seed=None', (value = null) => shuffle([...iterate(value)])],
  zip: ['first, *rest', (first = null, rest = null) => new Once(zip([first, ...iterate(rest)]))],
  zip_longest: [
    'first, *rest, **named',
    (first = null, rest = null, named = null) =>
      new Once(zip([first, ...iterate(rest)], named instanceof Dict ? named.get('fillvalue') : undefined, true)),
  ],
  product: [
    'first, *rest',
    (first = null, rest = null) => new Once(product([first, ...iterate(rest)].map((each) => [...iterate(each)]))),
  ],
  combinations: [
    'value, r',
    (value = null, count = 0) => new Once(choose([...iterate(value)], toIndex(count), 'combinations')),
  ],
  combinations_with_replacement: [
    'value, r',
    (value = null, count = 0) => new Once(choose([...iterate(value)], toIndex(count), 'replacement')),
  ],
  permutations: [
    'value, r=None',
    (value = null, count = null) =>
      new Once(choose([...iterate(value)], count === null ? lengthOf(value) : toIndex(count), 'permutations')),
  ],
  compress: [
    'data, selectors',
    (data = null, selectors = null) => new Once(compress([...iterate(data)], [...iterate(selectors)])),
  ],
});

// Combinations grow faster than anybody expects.
const largestResult = 1_000_000;

function defaulted(value: Value, fallback: Value, boolean: Value): Value {
  return value instanceof Undefined || (truthy(boolean) && !truthy(value)) ? fallback : value;
}

function firstOf(value: Value): Value {
  const item = value instanceof Once ? value.next() : firstItem(iterate(value));
  return item === undefined ? nothing('No first item, sequence was empty.') : item;
}

function firstItem(items: Iterable<Value>): Value | undefined {
  for (const item of items) return item;
  return undefined;
}

function lastOf(value: Value): Value {
  if (value instanceof Once) throw typeError("'generator' object is not reversible");
  const item = [...iterate(value)].at(-1);
  return item === undefined ? nothing('No last item, sequence was empty.') : item;
}

function nothing(reason: string): Undefined {
  return new Undefined('item', () => valueError(reason));
}

function pickRandom(items: readonly Value[]): Value {
  const item = items.length === 0 ? undefined : items[randomInt(items.length)];
  return item === undefined ? nothing('No random item, sequence was empty.') : item;
}

function reverse(value: Value): Value {
  if (isText(value)) return characters(str(value)).toReversed().join('');
  if (value instanceof Undefined) throw value.error();
  return new Once([...iterate(value)].toReversed());
}

function dictSort(
  value: Value,
  { sensitive, by, reverse: reversed }: { sensitive: boolean; by: string; reverse: boolean },
): Value {
  if (value instanceof Undefined) throw value.error();
  if (!(value instanceof Dict)) throw typeError(`'${typeName(value)}' object has no attribute 'items'`);
  if (by !== 'key' && by !== 'value') throw valueError('You can only sort by either "key" or "value"');
  const pairs = [...value.entries()].map((entry) => new Tuple([entry.key, entry.value]));
  const position = by === 'key' ? 0 : 1;
  const key = (pair: Value): Value => {
    const part = pair instanceof Tuple ? (pair.items[position] ?? null) : null;
    return sensitive ? part : foldCase(part);
  };
  return sorted(pairs, { key, reverse: reversed });
}

function items(value: Value): Value {
  if (value instanceof Undefined) return new Once([]);
  if (!(value instanceof Dict)) throw typeError('Can only get item pairs from a mapping.');
  return new Once([...value.entries()].map((entry) => new Tuple([entry.key, entry.value])));
}

function groupBy(
  value: Value,
  { attribute, fallback, sensitive }: { attribute: Value; fallback: Value; sensitive: boolean },
): Value {
  const original = getter(attribute, fallback);
  const key = (item: Value): Value => (sensitive ? original(item) : foldCase(original(item)));
  const groups: { key: Value; items: Value[] }[] = [];
  for (const item of sorted(iterate(value), { key })) {
    const last = groups.at(-1);
    if (last !== undefined && equals(last.key, key(item))) last.items.push(item);
    else groups.push({ key: key(item), items: [item] });
  }
  return groups.map(
    ({ key: folded, items: members }) => new Group(sensitive ? folded : original(members[0] ?? null), members),
  );
}

function batch(all: readonly Value[], size: number, fill: Value): Value[] {
  if (fill !== null) boundList(size);
  const rows: Value[][] = [];
  for (let at = 0; at < all.length; at += Math.max(1, size)) rows.push(all.slice(at, at + Math.max(1, size)));
  const last = rows.at(-1);
  while (fill !== null && last !== undefined && last.length < size) last.push(fill);
  return rows;
}

function slices(all: readonly Value[], count: number, fill: Value): Value[] {
  boundList(count);
  const size = Math.floor(all.length / count);
  const larger = all.length % count;
  let at = 0;
  return Array.from({ length: count }, (_, index) => {
    const length = size + (index < larger ? 1 : 0);
    const part = all.slice(at, at + length);
    at += length;
    return fill !== null && index >= larger ? [...part, fill] : part;
  });
}

function isHashable(value: Value): boolean {
  return !(Array.isArray(value) || value instanceof Dict || value instanceof PySet);
}

function uniqueItems(values: Iterable<Value>): Value[] {
  const result: Value[] = [];
  const seen = new PySet();
  for (const value of values) {
    if (isHashable(value) && !(value instanceof Tuple)) {
      if (seen.has(value)) continue;
      seen.add(value);
    } else if (contains(result, value)) continue;
    result.push(value);
  }
  return result;
}

// A list keeps its order; anything hashable, such as a text or a tuple, becomes a set.
function unique(values: Value): Value {
  if (values instanceof Undefined) throw values.error();
  return isHashable(values) ? new PySet(iterate(values)) : uniqueItems(iterate(values));
}

function extreme(value: Value, better: (order: number) => boolean, name: string): Value {
  const [first, ...rest] = iterate(value);
  if (first === undefined) throw valueError(`${name}() arg is an empty sequence`);
  return rest.reduce((best, each) => (better(compare(each, best)) ? each : best), first);
}

function average(value: Value): Value {
  if (isHashable(value)) {
    const float = operate('/', value, 1);
    return float;
  }
  const total = [...iterate(value)].reduce((sum, each) => operate('+', sum, each), 0);
  const mean = operate('/', total, lengthOf(value));
  return mean instanceof Float ? mean : operate('/', mean, 1);
}

function union(first: Value, second: Value): Value {
  if (isHashable(first) && isHashable(second)) return new PySet([...iterate(first), ...iterate(second)]);
  return uniqueItems(iterate(operate('+', first, second)));
}

function combine(first: Value, second: Value, keep: (item: Value) => boolean): Value {
  const kept = [...iterate(first)].filter(keep);
  return isHashable(first) && isHashable(second) ? new PySet(kept) : uniqueItems(kept);
}

function symmetric(first: Value, second: Value): Value {
  const all = union(first, second);
  const kept = [...iterate(all)].filter((item) => contains(first, item) !== contains(second, item));
  return all instanceof PySet ? new PySet(kept) : kept;
}

function flatten(data: Value, levels: number, nulls: boolean): Value[] {
  return [...iterate(data)].flatMap((item) => {
    if (item === null || (isText(item) && (str(item) === 'None' || str(item) === 'null'))) return nulls ? [item] : [];
    return !isText(item) && isIterable(item) && levels > 0 ? flatten(item, levels - 1, nulls) : [item];
  });
}

function shuffle(all: Value[]): Value[] {
  for (let index = all.length - 1; index > 0; index--) {
    const other = randomInt(index + 1);
    [all[index], all[other]] = [all[other] ?? null, all[index] ?? null];
  }
  return all;
}

function zip(sequences: readonly Value[], fill: Value = null, longest = false): Value[] {
  const lists = sequences.map((sequence) => [...iterate(sequence)]);
  const lengths = lists.map((list) => list.length);
  const length = longest ? Math.max(...lengths) : Math.min(...lengths);
  return Array.from(
    { length },
    (_, index) => new Tuple(lists.map((list) => (index < list.length ? (list[index] ?? null) : fill))),
  );
}

function product(lists: readonly (readonly Value[])[]): Value[] {
  let rows: Value[][] = [[]];
  for (const list of lists) {
    if (rows.length * list.length > largestResult) throw valueError('the product is too large');
    rows = rows.flatMap((row) => list.map((item) => [...row, item]));
  }
  return rows.map((row) => new Tuple(row));
}

function choose(all: readonly Value[], count: number, kind: 'combinations' | 'replacement' | 'permutations'): Value[] {
  const rows: Value[] = [];
  const extend = (row: readonly number[]): void => {
    if (rows.length > largestResult) throw valueError(`there are too many ${kind}`);
    if (row.length === count) {
      rows.push(new Tuple(row.map((index) => all[index] ?? null)));
      return;
    }
    const last = row.at(-1);
    const start = kind === 'permutations' || last === undefined ? 0 : kind === 'replacement' ? last : last + 1;
    for (let index = start; index < all.length; index++) {
      if (kind !== 'permutations' || !row.includes(index)) extend([...row, index]);
    }
  };
  extend([]);
  return rows;
}

function compress(data: readonly Value[], selectors: readonly Value[]): Value[] {
  return data.filter((_, index) => index < selectors.length && truthy(selectors[index] ?? null));
}
