import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Tree } from '#engine/tree.ts';
import { type Folders, withBase } from '#wire/environments.ts';
import { defaultTreeOptions, type TreeOptions } from '#wire/files.ts';

/** The state tree as it lies on this machine. */
export interface LocalTree {
  /** Folders of every environment. */
  readonly folders: Folders;
  readonly options: TreeOptions;
  /** The one environment of this peel, if it keeps to one. */
  readonly env?: string | undefined;
}

/** A tree that no master published. */
export function localTree(base: string, others: Folders = {}, env?: string): LocalTree {
  return { folders: withBase(base, others), options: defaultTreeOptions, env };
}

export interface FolderOptions {
  /** Folders such as those of a fetched tree, which is named after its content, are read once; others anew each time. */
  readonly immutable: boolean;
}

/** Every environment as the engine reads it. */
export function environmentsOf({ folders }: LocalTree, options: FolderOptions): ReadonlyMap<string, Tree> {
  return new Map(
    Object.entries(folders).map(([env, all]) => [env, overlaid(all.map((folder) => folderTree(folder, options)))]),
  );
}

/** Several trees as one: the first that has a path counts. */
function overlaid(trees: readonly Tree[]): Tree {
  const [only] = trees;
  if (only !== undefined && trees.length === 1) return only;
  return {
    read(path) {
      for (const tree of trees) {
        const content = tree.read(path);
        if (content !== undefined) return content;
      }
      return undefined;
    },
    list: (prefix) => [...new Set(trees.flatMap((tree) => tree.list(prefix)))].sort(),
  };
}

export function folderTree(folder: string, { immutable }: FolderOptions): Tree {
  const contents = new Map<string, Uint8Array | undefined>();
  let paths: readonly string[] | undefined;
  return {
    read(path) {
      if (immutable && contents.has(path)) return contents.get(path);
      const content = path.split('/').includes('..') ? undefined : readFile(join(folder, path));
      if (immutable) contents.set(path, content);
      return content;
    },
    list(prefix) {
      if (!immutable) paths = undefined;
      paths ??= walk(folder, '').sort();
      return paths.filter((path) => path.startsWith(prefix));
    },
  };
}

const notThere: ReadonlySet<string> = new Set([
  ...['ENOENT', 'EISDIR', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EINVAL'],
  'ERR_INVALID_ARG_VALUE',
]);

function readFile(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    // A name that no file can have is the name of none: templates make names of whatever they hold.
    const { code = '' } = error as NodeJS.ErrnoException;
    if (notThere.has(code)) return undefined;
    throw error;
  }
}

/** `above` are the real folders it is in: a link that leads back to one of them has no end. */
function walk(folder: string, prefix: string, above: readonly string[] = []): string[] {
  const here = realpathSync(join(folder, prefix));
  if (above.includes(here)) return [];
  return readdirSync(here, { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.')) return [];
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    // A link counts as what it points to, as it does when a tree is published.
    const found = entry.isSymbolicLink() ? statSync(join(here, entry.name), { throwIfNoEntry: false }) : entry;
    if (found?.isDirectory()) return walk(folder, path, [...above, here]);
    return found?.isFile() ? [path] : [];
  });
}
