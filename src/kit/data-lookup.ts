import { MixedMap, textKeyed } from '#base/mixed-map.ts';

/**
 * A value inside nested data by its path (`os:family`); undefined when a part is missing. A key that holds the
 * delimiter itself wins over the path, and numbers index lists.
 */
export function lookup(data: unknown, path: string, delimiter = ':'): unknown {
  if (typeof data !== 'object' || data === null) return undefined;
  if (data instanceof Map) return lookup(textKeyed(data), path, delimiter);
  if (Object.hasOwn(data, path)) return (data as Record<string, unknown>)[path];
  const at = path.indexOf(delimiter);
  if (at < 0) return undefined;
  const head = path.slice(0, at);
  if (!Object.hasOwn(data, head)) return undefined;
  return lookup((data as Record<string, unknown>)[head], path.slice(at + delimiter.length), delimiter);
}

export type Data = Readonly<Record<string, unknown>>;

export interface GetOptions {
  /** Empty text asks for everything. */
  readonly key: string;
  /** What there is instead when there is none. */
  readonly default?: unknown;
  /** Completes what is found by a default that is a map. */
  readonly merge: boolean;
  readonly delimiter: string;
}

/**
 * The functions by which people and templates read nested data: `facts.get`, `settings.keys` and the like. Without any
 * dependency, because the resident process of a peel answers them too, and must answer as the runner does.
 */
export const dataReads = {
  get(data: Data, { key, default: fallback = '', merge, delimiter }: GetOptions): unknown {
    const found = key === '' ? data : find(data, key, delimiter);
    if (found === undefined) return fallback;
    return merge && isMap(found) && isMap(fallback) ? merged(fallback, found) : found;
  },
  items: (data: Data): Data => data,
  keys(data: Data, { key, delimiter }: Pick<GetOptions, 'key' | 'delimiter'>): readonly string[] {
    const found = key === '' ? data : find(data, key, delimiter);
    return isMap(found) ? Object.keys(found).toSorted() : [];
  },
  item(data: Data, { keys, delimiter }: { readonly keys: readonly string[]; readonly delimiter: string }): Data {
    return Object.fromEntries(keys.map((each) => [each, find(data, each, delimiter) ?? '']));
  },
  hasValue(data: Data, { key, delimiter }: Pick<GetOptions, 'key' | 'delimiter'>): boolean {
    return Boolean(find(data, key, delimiter));
  },
};

/** A value by its key, whose parts are separated by the delimiter or by dots. */
function find(data: Data, path: string, delimiter: string): unknown {
  return lookup(data, path, delimiter) ?? lookup(data, path, '.');
}

/** Maps joined key by key, the second word winning. */
export function merged(under: Data, over: Data): Data {
  const result: Record<string, unknown> = { ...under };
  for (const [each, value] of Object.entries(over)) {
    result[each] = joined(result[each], value);
  }
  return result;
}

function joined(below: unknown, value: unknown): unknown {
  if (isMap(below) && isMap(value)) return merged(below, value);
  const [under, over] = [pairsOf(below), pairsOf(value)];
  if (under === undefined || over === undefined) return value;
  const result = new MixedMap(under);
  for (const [key, each] of over) result.set(key, joined(result.get(key), each));
  return result;
}

function pairsOf(value: unknown): readonly (readonly [unknown, unknown])[] | undefined {
  if (value instanceof Map) return [...value];
  return isMap(value) ? Object.entries(value) : undefined;
}

/** A map whose keys are texts, as plain data has them: no list, no number, no bytes. */
export function isMap(value: unknown): value is Data {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
