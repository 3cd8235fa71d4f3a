import { typeError, valueError } from '../errors.ts';
import { iterate } from '../operators.ts';
import { repr } from '../print.ts';
import { Dict, DictView, Tuple, type Value } from '../values.ts';
import { methodTable } from './table.ts';

export const dictMethods = methodTable<Dict>(
  {
    get: ['key, default=None', (dict, key = null, fallback = null) => getOr(dict, key, fallback)],
    items: ['', (dict) => new DictView(dict, 'items')],
    keys: ['', (dict) => new DictView(dict, 'keys')],
    values: ['', (dict) => new DictView(dict, 'values')],
    iteritems: ['', (dict) => new DictView(dict, 'items')],
    copy: ['', (dict) => dict.copy()],
    clear: ['', (dict) => done(dict.clear())],
    update: ['other=None, **named', (dict, other = null, named = null) => done(update(dict, other, named))],
    setdefault: ['key, default=None', (dict, key = null, fallback = null) => setDefault(dict, key, fallback)],
    pop: ['key, *fallback', (dict, key = null, fallback = null) => pop(dict, key, fallback)],
    popitem: ['last=True', (dict, last = true) => popItem(dict, last === true)],
    fromkeys: [
      'keys, value=None',
      (_dict, keys = [], value = null) => new Dict([...iterate(keys)].map((key) => [key, value])),
    ],
    move_to_end: ['key, last=True', (dict, key = null, last = true) => done(moveToEnd(dict, key, last === true))],
  },
  (value) => value instanceof Dict,
);

function done(_effect: unknown): null {
  return null;
}

function getOr(dict: Dict, key: Value, fallback: Value): Value {
  const value = dict.get(key);
  return value === undefined ? fallback : value;
}

/** `dict(other)`'s and `update`'s reading of a map or a list of pairs. */
export function* pairsOf(source: Value): Generator<[Value, Value]> {
  if (source === null) return;
  if (source instanceof Dict) {
    for (const { key, value } of source.entries()) yield [key, value];
    return;
  }
  for (const pair of iterate(source)) {
    const items = [...iterate(pair)];
    const [key, value] = items;
    if (items.length !== 2 || key === undefined || value === undefined) {
      throw valueError(`dictionary update sequence element has length ${items.length}; 2 is required`);
    }
    yield [key, value];
  }
}

function update(dict: Dict, other: Value, named: Value): void {
  // The pairs are taken first: a map may be updated with itself.
  for (const [key, value] of [...pairsOf(other), ...pairsOf(named)]) dict.set(key, value);
}

function setDefault(dict: Dict, key: Value, fallback: Value): Value {
  if (!dict.has(key)) dict.set(key, fallback);
  return getOr(dict, key, fallback);
}

function pop(dict: Dict, key: Value, fallback: Value): Value {
  const value = dict.get(key);
  if (value !== undefined) {
    dict.delete(key);
    return value;
  }
  const given = fallback instanceof Tuple ? fallback.items[0] : undefined;
  if (given === undefined) throw valueError(`KeyError: ${repr(key)}`);
  return given;
}

function popItem(dict: Dict, last: boolean): Value {
  const entries = [...dict.entries()];
  const entry = last ? entries.at(-1) : entries[0];
  if (entry === undefined) throw valueError("KeyError: 'popitem(): dictionary is empty'");
  dict.delete(entry.key);
  return new Tuple([entry.key, entry.value]);
}

function moveToEnd(dict: Dict, key: Value, last: boolean): void {
  if (!dict.ordered) throw typeError("'dict' object has no attribute 'move_to_end'");
  const value = dict.get(key);
  if (value === undefined) throw valueError(`KeyError: ${repr(key)}`);
  const others = last ? [] : [...dict.entries()].filter((entry) => entry.key !== key);
  dict.delete(key);
  for (const entry of others) dict.delete(entry.key);
  dict.set(key, value);
  for (const entry of others) dict.set(entry.key, entry.value);
}
