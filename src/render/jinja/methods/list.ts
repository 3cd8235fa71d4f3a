import { typeError, valueError } from '../errors.ts';
import { toIndex } from '../numbers.ts';
import { equals, iterate, truthy } from '../operators.ts';
import { sorted } from '../sort.ts';
import { Host, PySet, Range, Tuple, type Value } from '../values.ts';
import { methodTable } from './table.ts';

export const listMethods = methodTable<Value[]>(
  {
    append: ['item', (list, item = null) => done(list.push(item))],
    extend: ['items', (list, items = []) => done(list.push(...Array.from(iterate(items))))],
    insert: ['index, item', (list, index = 0, item = null) => done(list.splice(toIndex(index), 0, item))],
    pop: ['index=-1', (list, index = -1) => pop(list, toIndex(index))],
    remove: ['item', (list, item = null) => done(list.splice(indexOf(list, item, 'list.remove(x): x not in list'), 1))],
    clear: ['', (list) => done(list.splice(0))],
    copy: ['', (list) => [...list]],
    reverse: ['', (list) => done(list.reverse())],
    sort: ['key=None, reverse=False', (list, key = null, reverse = false) => done(sortInPlace(list, key, reverse))],
    count: ['item', (list, item = null) => list.filter((each) => equals(each, item)).length],
    index: ['item', (list, item = null) => indexOf(list, item, 'x is not in list')],
  },
  (value) => Array.isArray(value),
);

export const tupleMethods = methodTable<Tuple | Range>(
  {
    count: ['item', (tuple, item = null) => itemsOf(tuple).filter((each) => equals(each, item)).length],
    index: ['item', (tuple, item = null) => indexOf(itemsOf(tuple), item, 'tuple.index(x): x not in tuple')],
  },
  (value) => value instanceof Tuple || value instanceof Range,
);

export const setMethods = methodTable<PySet>(
  {
    add: ['item', (set, item = null) => done(set.add(item))],
    copy: ['', (set) => new PySet(set)],
    union: ['other', (set, other = []) => new PySet([...set, ...iterate(other)])],
    intersection: ['other', (set, other = []) => new PySet([...iterate(other)].filter((item) => set.has(item)))],
    difference: ['other', (set, other = []) => without(set, new PySet(iterate(other)))],
  },
  (value) => value instanceof PySet,
);

function done(_effect: unknown): null {
  return null;
}

function itemsOf(sequence: Tuple | Range): readonly Value[] {
  return sequence instanceof Tuple ? sequence.items : [...sequence];
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

function indexOf(items: readonly Value[], item: Value, complaint: string): number {
  const index = items.findIndex((each) => equals(each, item));
  if (index < 0) throw valueError(complaint);
  return index;
}

function sortInPlace(list: Value[], key: Value, reverse: Value): void {
  if (key !== null && !(key instanceof Host && key.callable)) throw typeError('the sort key is not callable');
  const keyed = key instanceof Host ? (item: Value) => key.call({ positional: [item], named: new Map() }) : undefined;
  list.splice(0, list.length, ...sorted(list, { key: keyed, reverse: truthy(reverse) }));
}
