import { typeError, valueError } from '../errors.ts';
import { iterate, truthy } from '../operators.ts';
import { repr } from '../print.ts';
import { Dict, DictView, Tuple, type Value } from '../values.ts';
import { missing } from '../signature.ts';
import { methodTable } from './table.ts';

export const dictMethods = methodTable<Dict>(
  {
    get: ['key, default=None, /', (dict, key = null, fallback = null) => getOr(dict, key, fallback)],
    items: ['', (dict) => new DictView(dict, 'items')],
    keys: ['', (dict) => new DictView(dict, 'keys')],
    values: ['', (dict) => new DictView(dict, 'values')],
    copy: ['', (dict) => dict.copy()],
    clear: ['', (dict) => done(dict.clear())],
    update: ['*others, **named', (dict, others = null, named = null) => done(update(dict, others, named))],
    setdefault: ['key, default=None, /', (dict, key = null, fallback = null) => setDefault(dict, key, fallback)],
    pop: ['key, default=missing, /', (dict, key = null, fallback = null) => pop(dict, key, fallback)],
    popitem: ['', (dict) => popItem(dict, true)],
    fromkeys: ['keys, value=None, /', (_dict, keys = [], value = null) => fromKeys(keys, value, false)],
  },
  (value) => value instanceof Dict,
);

/** What an OrderedDict has besides, or takes by name. */
export const orderedDictMethods = methodTable<Dict>(
  {
    setdefault: ['key, default=None', (dict, key = null, fallback = null) => setDefault(dict, key, fallback)],
    pop: ['key, default=missing', (dict, key = null, fallback = null) => pop(dict, key, fallback)],
    popitem: ['last=True', (dict, last = true) => popItem(dict, truthy(last))],
    move_to_end: ['key, last=True', (dict, key = null, last = true) => done(moveToEnd(dict, key, truthy(last)))],
    fromkeys: ['keys, value=None', (_dict, keys = [], value = null) => fromKeys(keys, value, true)],
  },
  (value) => value instanceof Dict,
);

export function fromKeys(keys: Value, value: Value, ordered: boolean): Dict {
  return new Dict(
    Array.from(iterate(keys), (key) => [key, value]),
    ordered,
  );
}

function done(_effect: unknown): null {
  return null;
}

function getOr(dict: Dict, key: Value, fallback: Value): Value {
  const value = dict.get(key);
  return value === undefined ? fallback : value;
}

/** `dict(other)`'s and `update`'s reading of a map or a list of pairs. */
export function* pairsOf(source: Value): Generator<[Value, Value]> {
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

function update(dict: Dict, others: Value, named: Value): void {
  // The pairs are taken first: a map may be updated with itself.
  for (const [key, value] of [...givenPairs('update', others), ...pairsOf(named)]) dict.set(key, value);
}

/** The pairs of at most one map or list, as `dict` and `update` take it. */
export function* givenPairs(name: string, others: Value): Generator<[Value, Value]> {
  const [other, ...more] = iterate(others);
  if (more.length > 0) throw typeError(`${name} expected at most 1 argument, got ${more.length + 1}`);
  if (other !== undefined) yield* pairsOf(other);
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
  if (fallback === missing) throw valueError(`KeyError: ${repr(key)}`);
  return fallback;
}

function popItem(dict: Dict, last: boolean): Value {
  const entries = [...dict.entries()];
  const entry = last ? entries.at(-1) : entries[0];
  if (entry === undefined) throw valueError("KeyError: 'popitem(): dictionary is empty'");
  dict.delete(entry.key);
  return new Tuple([entry.key, entry.value]);
}

function moveToEnd(dict: Dict, key: Value, last: boolean): void {
  const value = dict.get(key);
  if (value === undefined) throw valueError(`KeyError: ${repr(key)}`);
  const others = last ? [] : [...dict.entries()].filter((entry) => entry.key !== key);
  dict.delete(key);
  for (const entry of others) dict.delete(entry.key);
  dict.set(key, value);
  for (const entry of others) dict.set(entry.key, entry.value);
}
