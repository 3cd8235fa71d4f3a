import type { Tree } from '#engine/tree.ts';

/** A state tree as data: path → text. */
export function treeOf(files: Readonly<Record<string, string>>): Tree {
  return {
    read: (path) => (Object.hasOwn(files, path) ? files[path] : undefined),
    list: (prefix) => Object.keys(files).filter((path) => path.startsWith(prefix)),
  };
}
