import { typeError, valueError } from '../errors.ts';
import { toIndex } from '../numbers.ts';
import { equals, iterate, truthy } from '../operators.ts';
import { boundList } from '../sizes.ts';
import { sorted } from '../sort.ts';
import { Host, PySet, Range, Tuple, type Value } from '../values.ts';
import { methodTable } from './table.ts';

export const listMethods = methodTable<Value[]>(
  {
    append: ['item, /', (list, item = null) => done(list.push(item))],
    extend: ['items, /', (list, items = []) => done(extend(list, items))],
    insert: ['index, item, /', (list, index = 0, item = null) => done(list.splice(toIndex(index), 0, item))],
    pop: ['index=-1, /', (list, index = -1) => pop(list, toIndex(index))],
    remove: [
      'item, /',
      (list, item = null) => done(list.splice(indexOf(list, { item, complaint: 'list.remove(x): x not in list' }), 1)),
    ],
    clear: ['', (list) => done(list.splice(0))],
    copy: ['', (list) => [...list]],
    reverse: ['', (list) => done(list.reverse())],
    sort: ['key=None, reverse=False', (list, key = null, reverse = false) => done(sortInPlace(list, key, reverse))],
    count: ['item, /', (list, item = null) => list.filter((each) => equals(each, item)).length],
    index: [
      'item, start=0, stop=None, /',
      (list, item = null, start = 0, stop = null) =>
        indexOf(list, { item, start, stop, complaint: 'x is not in list' }),
    ],
  },
  (value) => Array.isArray(value),
);

export const tupleMethods = methodTable<Tuple | Range>(
  {
    count: ['item, /', (tuple, item = null) => itemsOf(tuple).filter((each) => equals(each, item)).length],
    index: [
      'item, start=0, stop=None, /',
      (tuple, item = null, start = 0, stop = null) =>
        indexOf(itemsOf(tuple), { item, start, stop, complaint: 'tuple.index(x): x not in tuple' }),
    ],
  },
  (value) => value instanceof Tuple || value instanceof Range,
);

export const setMethods = methodTable<PySet>(
  {
    add: ['item, /', (set, item = null) => done(set.add(item))],
    copy: ['', (set) => new PySet(set)],
    union: ['*others', (set, others = []) => new PySet([...set, ...flat(others)])],
    intersection: [
      '*others',
      (set, others = []) =>
        [...iterate(others)].reduce<PySet>((kept, other) => both(kept, new PySet(iterate(other))), new PySet(set)),
    ],
    difference: ['*others', (set, others = []) => without(set, new PySet(flat(others)))],
    symmetric_difference: [
      'other, /',
      (set, other = []) => {
        const [left, right] = [new PySet(set), new PySet(iterate(other))];
        return new PySet([...without(left, right), ...without(right, left)]);
      },
    ],
    issubset: ['other, /', (set, other = []) => without(set, new PySet(iterate(other))).size === 0],
    issuperset: ['other, /', (set, other = []) => without(new PySet(iterate(other)), set).size === 0],
    isdisjoint: ['other, /', (set, other = []) => both(set, new PySet(iterate(other))).size === 0],
  },
  (value) => value instanceof PySet,
);

function done(_effect: unknown): null {
  return null;
}

function itemsOf(sequence: Tuple | Range): readonly Value[] {
  return sequence instanceof Tuple ? sequence.items : [...sequence];
}

function extend(list: Value[], items: Value): void {
  const added = [...iterate(items)];
  boundList(list.length + added.length);
  // One by one: a call takes only so many arguments.
  for (const item of added) list.push(item);
}

function flat(sequences: Value): Value[] {
  return [...iterate(sequences)].flatMap((each) => [...iterate(each)]);
}

function both(set: PySet, other: PySet): PySet {
  return new PySet([...set].filter((item) => other.has(item)));
}

function without(set: PySet, other: PySet): PySet {
  return new PySet([...set].filter((item) => !other.has(item)));
}

function pop(list: Value[], index: number): Value {
  if (list.length === 0) throw valueError('pop from empty list');
  const at = index < 0 ? index + list.length : index;
  const [item] = at < 0 ? [] : list.splice(at, 1);
  if (item === undefined) throw valueError('pop index out of range');
  return item;
}

interface Search {
  readonly item: Value;
  readonly start?: Value;
  readonly stop?: Value;
  readonly complaint: string;
}

function indexOf(items: readonly Value[], { item, start = 0, stop = null, complaint }: Search): number {
  const bound = (index: Value): number => {
    const at = toIndex(index);
    return at < 0 ? Math.max(0, at + items.length) : at;
  };
  const [from, to] = [bound(start), stop === null ? items.length : bound(stop)];
  const index = items.findIndex((each, at) => at >= from && at < to && equals(each, item));
  if (index < 0) throw valueError(complaint);
  return index;
}

function sortInPlace(list: Value[], key: Value, reverse: Value): void {
  if (key !== null && !(key instanceof Host && key.callable)) throw typeError('the sort key is not callable');
  const keyed = key instanceof Host ? (item: Value) => key.call({ positional: [item], named: new Map() }) : undefined;
  list.splice(0, list.length, ...sorted(list, { key: keyed, reverse: truthy(reverse) }));
}
