import { isError } from '#base/errors.ts';
import { globMatches } from '#pattern/glob.ts';
import { regexOf } from '#pattern/regex.ts';
import { traverse } from '../../data.ts';
import { queryJson } from '../../json-query.ts';
import { typeError } from '../errors.ts';
import { pairsOf } from '../methods/dict.ts';
import { isInt } from '../numbers.ts';
import { contains, equals, isIterable, iterate, truthy } from '../operators.ts';
import { str } from '../print.ts';
import { textArgument } from '../text.ts';
import { Dict, isText, PySet, Tuple, typeName, type Value } from '../values.ts';
import { filterTable } from './table.ts';

const into = "in_dict, keys, value, delimiter=':', ordered_dict=False";

export const dataFilters = filterTable({
  traverse: [
    "data, key, default=None, delimiter=':'",
    (data = null, key = null, fallback = null, delimiter = ':') => traverse(data, key, fallback, str(delimiter)),
  ],
  json_query: ['data, expr', (data = null, expression = null) => queryJson(str(expression), data)],
  sequence: [
    'data',
    (data = null) =>
      Array.isArray(data) || data instanceof Tuple || data instanceof PySet || data instanceof Dict ? data : [data],
  ],
  to_bool: ['val', (value = null) => toBool(value)],
  is_list: ['value', (value = null) => Array.isArray(value)],
  is_iter: ['thing', (value = null) => !isText(value) && isIterable(value)],
  substring_in_list: [
    'text, items',
    (text = null, items = null) => [...iterate(items)].some((item) => contains(item, text)),
  ],
  exactly_n_true: [
    'iterable, amount=1',
    (items = null, amount = 1) => countTrue(items) === Number(isInt(amount) ? amount : 1),
  ],
  exactly_one_true: ['iterable', (items = null) => countTrue(items) === 1],
  compare_lists: ['old=None, new=None', (old = null, now = null) => compareLists(old, now)],
  compare_dicts: ['old=None, new=None', (old = null, now = null) => compareDicts(old, now)],
  check_whitelist_blacklist: [
    'value, whitelist=None, blacklist=None',
    (value = null, white = null, black = null) => checkLists(str(value), patternsOf(white), patternsOf(black)),
  ],
  set_dict_key_value: [
    into,
    (map = null, keys = null, value = null, delimiter = ':', ordered = false) =>
      change(map, keys, { delimiter, ordered }, (owner, last) => owner.set(last, value)),
  ],
  update_dict_key_value: [
    into,
    (map = null, keys = null, value = null, delimiter = ':', ordered = false) =>
      change(map, keys, { delimiter, ordered }, (owner, last) => updateAt(owner, last, value, truthy(ordered))),
  ],
  append_dict_key_value: [
    into,
    (map = null, keys = null, value = null, delimiter = ':', ordered = false) =>
      change(map, keys, { delimiter, ordered }, (owner, last) => listAt(owner, last, 'append').push(value)),
  ],
  extend_dict_key_value: [
    into,
    (map = null, keys = null, value = null, delimiter = ':', ordered = false) =>
      change(map, keys, { delimiter, ordered }, (owner, last) => listAt(owner, last, 'extend').push(...iterate(value))),
  ],
  dict_merge: [
    'value, other',
    (value = null, other = null) =>
      new Dict([...pairsOf(value), ...pairsOf(other)], value instanceof Dict && value.ordered),
  ],
  // Settings are decrypted before a template sees them: kept so that older templates render.
  settings_decrypt: ['value', (value = null) => value],
  json_decode_dict: ['data', (data = null) => data],
  json_encode_dict: ['data', (data = null) => data],
  json_decode_list: ['data', (data = null) => data],
  json_encode_list: ['data', (data = null) => data],
  path_join: ['path, *parts', (path = null, parts = null) => joinPath([path, ...iterate(parts)])],
});

/** Salt's reading of a value as yes or no. */
function toBool(value: Value): boolean {
  if (value === null || typeof value === 'boolean') return value === true;
  if (isText(value)) return ['yes', '1', 'true'].includes(str(value).toLowerCase());
  if (isInt(value)) return value > 0;
  return Array.isArray(value) ? value.length > 0 : (value instanceof Dict || value instanceof PySet) && value.size > 0;
}

function countTrue(items: Value): number {
  return [...iterate(items)].filter(truthy).length;
}

function compareLists(old: Value, now: Value): Value {
  const result = new Dict();
  const added = [...iterate(now)].filter((item) => !contains(old, item));
  const removed = [...iterate(old)].filter((item) => !contains(now, item));
  if (added.length > 0) result.set('new', added);
  if (removed.length > 0) result.set('old', removed);
  return result;
}

function compareDicts(old: Value, now: Value): Value {
  if (!(old instanceof Dict) || !(now instanceof Dict)) throw typeError('compare_dicts needs two maps');
  const result = new Dict();
  for (const key of new PySet([...now.keys(), ...old.keys()])) {
    const [before, after] = [old.get(key), now.get(key)];
    if (before === undefined)
      result.set(
        key,
        new Dict([
          ['old', ''],
          ['new', after ?? null],
        ]),
      );
    else if (after === undefined)
      result.set(
        key,
        new Dict([
          ['new', ''],
          ['old', before],
        ]),
      );
    else if (!equals(before, after))
      result.set(
        key,
        new Dict([
          ['old', before],
          ['new', after],
        ]),
      );
  }
  return result;
}

function patternsOf(value: Value): string[] {
  if (value === null || !truthy(value)) return [];
  return isText(value) ? [str(value)] : [...iterate(value)].map(str);
}

function checkLists(value: string, white: readonly string[], black: readonly string[]): boolean {
  const fits = (pattern: string): boolean =>
    value === pattern || globMatches(pattern, value) || fitsRegex(pattern, value);
  if (black.some(fits)) return false;
  return white.length === 0 || white.some(fits);
}

function fitsRegex(pattern: string, value: string): boolean {
  try {
    return regexOf(pattern).fullMatch(value) !== undefined;
  } catch (error) {
    if (!isError(error, 'PATTERN_INVALID')) throw error;
    // A shell pattern such as "*.example" need not be a regular expression.
    return false;
  }
}

interface Path {
  readonly delimiter: Value;
  readonly ordered: Value;
}

function change(
  map: Value,
  keys: Value,
  { delimiter, ordered }: Path,
  apply: (owner: Dict, last: string) => unknown,
): Value {
  if (!(map instanceof Dict)) throw typeError(`expected a map, not ${typeName(map)}`);
  const steps = str(keys).split(str(delimiter));
  const last = steps.pop() ?? '';
  let owner = map;
  for (const step of steps) {
    const next = owner.get(step);
    const inner = next instanceof Dict ? next : new Dict([], truthy(ordered));
    owner.set(step, inner);
    owner = inner;
  }
  apply(owner, last);
  return map;
}

function updateAt(owner: Dict, last: string, value: Value, ordered: boolean): void {
  const known = owner.get(last);
  const target = known === undefined || known === null ? new Dict([], ordered) : known;
  if (!(target instanceof Dict)) throw typeError(`The last key contains a ${typeName(target)}, which cannot update.`);
  owner.set(last, target);
  for (const [key, each] of pairsOf(value)) target.set(key, each);
}

function listAt(owner: Dict, last: string, verb: string): Value[] {
  const known = owner.get(last);
  const list = known === undefined || known === null ? [] : known;
  if (!Array.isArray(list)) throw typeError(`The last key contains a ${typeName(list)}, which cannot ${verb}.`);
  owner.set(last, list);
  return list;
}

/** Salt's `path_join`: later parts are always below the first. */
export function joinPath(parts: readonly Value[]): string {
  const [first = '', ...rest] = parts.map(textArgument);
  const joined = [first.replace(/(?<=.)\/+$/, ''), ...rest.map((part) => part.replace(/^\/+|\/+$/g, ''))]
    .filter((part) => part !== '')
    .join('/');
  return joined.replace(/\/{2,}/g, '/');
}
