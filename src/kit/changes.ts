import { Numeral } from '#base/numeral.ts';
import { isMap } from './data-lookup.ts';

/** One field that differs. Plain data: it is reported, masked, kept for a later revert. */
export interface Change<T = unknown> {
  readonly from: T | undefined;
  readonly to: T | undefined;
}

/** Field → what differs. Empty means "already so". */
export type Changes = Readonly<Record<string, Change>>;

export type Differences<W> = { readonly [Key in keyof W]?: Change<Exclude<W[Key], undefined>> };

/**
 * What differs between a wish and the machine, field by field. A field whose wish is undefined is not managed, and
 * is never compared.
 */
export function differences<W extends Readonly<Record<string, unknown>>>(
  wanted: W,
  actual: { readonly [Key in keyof W]?: W[Key] | undefined },
): Differences<W> {
  const differing = Object.keys(wanted).filter(
    (key) => wanted[key] !== undefined && !sameValue(wanted[key], actual[key]),
  );
  return Object.fromEntries(differing.map((key) => [key, { from: actual[key], to: wanted[key] }])) as Differences<W>;
}

/** What goes with a thing that is removed, kept so that a revert can make it again; nothing when it is not there. */
export function removal<T extends Readonly<Record<string, unknown>>>(
  found: T | undefined,
): Differences<T & { exists: boolean }> {
  if (found === undefined) return {} as Differences<T & { exists: boolean }>;
  const fields = Object.entries(found).filter(([, value]) => value !== undefined);
  return Object.fromEntries([
    ['exists', { from: true, to: false }],
    ...fields.map(([key, value]) => [key, { from: value, to: undefined }]),
  ]) as Differences<T & { exists: boolean }>;
}

/** Deep equality of plain data. A key whose value is undefined is as good as none: what was kept and read again has lost it. */
export function sameValue(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((each, index) => sameValue(each, b[index]));
  }
  if (a instanceof Map && b instanceof Map) return sameValue([...a], [...b]);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  if (a instanceof Numeral && b instanceof Numeral) return a.text === b.text;
  if (!isMap(a) || !isMap(b)) return false;
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].every((key) => sameValue(a[key], b[key]));
}
