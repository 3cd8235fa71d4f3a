import { refsOf } from '#engine/tree.ts';
import type { RefsQuery, RefsReply } from '#wire/files.ts';
import { pageOf, placeAfter } from '#wire/page.ts';
import { openPublished, type PublishedParts } from './published.ts';

/** Which state files the published tree has: that of whoever published it, as peels see it. */
export function createRefQuery(parts: PublishedParts): (query: RefsQuery) => Promise<RefsReply> {
  const published = openPublished(parts);
  let known: { readonly tree: string; readonly refs: readonly string[] } | undefined;

  const refs = async (): Promise<readonly string[]> => {
    const root = (await published.current())?.root;
    if (root === undefined) return [];
    if (known?.tree !== root.tree) {
      const { files = [] } = (await published.indexOf(root)) ?? {};
      const paths = files.map(({ path }) => path);
      known = { tree: root.tree, refs: refsOf({ read: () => undefined, list: () => paths }) };
    }
    return known.refs;
  };

  return async ({ prefix = '', after, limit }) => {
    const all = (await refs()).filter((ref) => ref.startsWith(prefix));
    const rest = all.slice(after === undefined ? 0 : placeAfter(all, String, after));
    const { rows, next } = pageOf(rest, { keyOf: String, limit });
    return { refs: [...rows], ...(next === undefined ? {} : { next }) };
  };
}
