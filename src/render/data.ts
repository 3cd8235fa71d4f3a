import { globMatches } from '#pattern/glob.ts';
import { typeError } from './jinja/errors.ts';
import { parseFloating, parseInteger } from './jinja/numbers.ts';
import { contains, equals, iterate } from './jinja/operators.ts';
import { str } from './jinja/print.ts';
import { Dict, Float, isText, PySet, Tuple, typeName, type Value } from './jinja/values.ts';

// Salt's data helpers, which its functions and filters share.

/**
 * The value at a path such as `a:b:0`, or `fallback`. A list takes an index, or a key that one of its maps has; a key
 * that looks like a number also finds a number.
 */
export function traverse(data: Value, path: Value, fallback: Value, delimiter = ':'): Value {
  let here: Value = data;
  for (const step of stepsOf(path, delimiter)) {
    const next = Array.isArray(here) ? listStep(here, step) : mapStep(here, step);
    if (next === undefined) return fallback;
    here = next;
  }
  return here;
}

function stepsOf(path: Value, delimiter: string): Value[] {
  if (isText(path)) return str(path).split(delimiter);
  return Array.isArray(path) || path instanceof Tuple ? [...iterate(path)] : [path];
}

function listStep(list: readonly Value[], step: Value): Value | undefined {
  const index = isText(step) ? parseInteger(str(step)) : step;
  const key = typeof index === 'number' ? index : step;
  for (const item of list) {
    const value = item instanceof Dict ? item.get(key) : undefined;
    if (value !== undefined) return value;
  }
  return typeof index === 'number' ? list.at(index) : undefined;
}

function mapStep(map: Value, step: Value): Value | undefined {
  if (!(map instanceof Dict)) return undefined;
  const value = map.get(step);
  if (value !== undefined || !isText(step)) return value;
  const loaded = looseKey(str(step));
  return loaded === undefined ? undefined : map.get(loaded);
}

function looseKey(text: string): Value | undefined {
  if (/^(?:true|yes|on)$/i.test(text)) return true;
  if (/^(?:false|no|off)$/i.test(text)) return false;
  const int = parseInteger(text);
  if (int !== undefined) return int;
  const float = /\./.test(text) ? parseFloating(text) : undefined;
  return float === undefined ? undefined : new Float(float);
}

/** Copies maps, lists, tuples and sets, and what is in them. */
export function deepCopy(value: Value): Value {
  if (Array.isArray(value)) return value.map(deepCopy);
  if (value instanceof Tuple) return new Tuple(value.items.map(deepCopy));
  if (value instanceof PySet) return new PySet(value);
  if (!(value instanceof Dict)) return value;
  return new Dict(
    [...value.entries()].map(({ key, value: each }) => [key, deepCopy(each)]),
    value.ordered,
  );
}

/** Merges `update` into `target`, maps inside maps; lists are replaced, or joined when `mergeLists`. Returns `target`. */
export function deepUpdate(target: Value, update: Value, { recursive = true, mergeLists = false } = {}): Dict {
  if (!(target instanceof Dict) || !(update instanceof Dict)) {
    throw typeError('Cannot update using non-dict types in dictupdate.update()');
  }
  for (const { key, value } of [...update.entries()]) {
    const before = recursive ? target.get(key) : undefined;
    if (before instanceof Dict && value instanceof Dict) deepUpdate(before, value, { mergeLists });
    else if (Array.isArray(before) && Array.isArray(value) && mergeLists) target.set(key, joinLists(before, value));
    else target.set(key, value);
  }
  return target;
}

function joinLists(before: readonly Value[], added: readonly Value[]): Value[] {
  const joined = before.map(deepCopy);
  for (const item of added) if (!contains(joined, item)) joined.push(item);
  return joined;
}

export type MergeStrategy = 'smart' | 'recurse' | 'list' | 'overwrite' | 'aggregate' | 'none';

/** Two maps merged by one of Salt's strategies; an unknown one merges recursively. */
export function mergeWith(strategy: string, first: Value, second: Value, mergeLists: boolean): Value {
  if (!(first instanceof Dict) || !(second instanceof Dict)) return deepUpdate(first, second);
  if (strategy === 'list') return mergeAsLists(first, second);
  if (strategy === 'overwrite') {
    for (const { key, value } of second.entries()) if (first.has(key)) first.set(key, value);
  }
  if (strategy === 'aggregate') return aggregate(first, second, 1);
  return deepUpdate(deepCopy(first), second, { mergeLists });
}

function mergeAsLists(first: Dict, second: Dict): Dict {
  const result = new Dict();
  for (const { key, value } of first.entries()) {
    const other = second.get(key);
    result.set(key, other === undefined ? value : [value, other]);
  }
  return result;
}

function aggregate(first: Value, second: Value, level: number): Value {
  if (level <= 0) return second;
  if (first instanceof Dict && second instanceof Dict) {
    const result = first.copy();
    for (const { key, value } of second.entries()) {
      const before = result.get(key);
      result.set(key, before === undefined ? value : aggregate(before, value, level - 1));
    }
    return result;
  }
  return Array.isArray(first) && Array.isArray(second) ? [...first, ...second] : second;
}

export interface FilterBy {
  readonly lookup: Value;
  /** Where the lookup path starts: facts, or settings. */
  readonly data: Value;
  readonly path: Value;
  readonly merge: Value;
  readonly fallback: Value;
  readonly base: Value;
}

/** Salt's `filter_by`: the first entry of a map whose key, a shell pattern, fits a fact; over `base`, under `merge`. */
export function filterBy({ lookup, data, path, merge, fallback, base }: FilterBy): Value {
  if (!(lookup instanceof Dict)) throw typeError(`filter_by needs a map, not ${typeName(lookup)}`);
  let chosen = matching(lookup, traverse(data, path, []));
  if (chosen === null) chosen = orNull(lookup.get(fallback));
  const foundation = base !== null && isText(base) ? lookup.get(base) : undefined;
  if (foundation !== undefined) chosen = overBase(foundation, chosen);
  if (merge === null || (isText(merge) && str(merge) === '') || equals(merge, new Dict()) || equals(merge, []))
    return chosen;
  if (!(merge instanceof Dict)) throw typeError('filter_by merge argument must be a dictionary.');
  return chosen === null ? merge : deepUpdate(chosen, deepCopy(merge));
}

function matching(lookup: Dict, fact: Value): Value {
  for (const each of Array.isArray(fact) ? fact : [fact]) {
    const text = str(each);
    for (const { key, value } of lookup.entries()) if (globMatches(str(key), text)) return value;
  }
  return null;
}

function overBase(base: Value, chosen: Value): Value {
  if (chosen === null) return base;
  if (!(base instanceof Dict)) return chosen;
  if (!(chosen instanceof Dict)) throw typeError('filter_by default and look-up values must both be dictionaries.');
  return deepUpdate(deepCopy(base), chosen);
}

function orNull(value: Value | undefined): Value {
  return value === undefined ? null : value;
}
