/**
 * A value inside nested data by its path (`os:family`); undefined when a part is missing. A key that holds the
 * delimiter itself wins over the path, and numbers index lists.
 */
export function lookup(data: unknown, path: string, delimiter = ':'): unknown {
  if (typeof data !== 'object' || data === null) return undefined;
  if (Object.hasOwn(data, path)) return (data as Record<string, unknown>)[path];
  const at = path.indexOf(delimiter);
  if (at < 0) return undefined;
  const head = path.slice(0, at);
  if (!Object.hasOwn(data, head)) return undefined;
  return lookup((data as Record<string, unknown>)[head], path.slice(at + delimiter.length), delimiter);
}
