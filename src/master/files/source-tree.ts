import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '#base/log.ts';
import type { Folders } from '#wire/environments.ts';

export interface SourceFile {
  readonly env: string;
  /** Forward slashes, relative. */
  readonly path: string;
  readonly executable: boolean;
  readonly content: Uint8Array;
}

/** The folders that authors edit. */
export interface SourceTree {
  /** Names of all environments, as their options have them. */
  readonly environments: readonly string[];
  /** All files but hidden ones, sorted by environment and path. An absent folder is an empty one. */
  read(): Promise<readonly SourceFile[]>;
  /** Calls a while after the last of several edits, and at an interval in case an edit went unseen. */
  onEdit(callback: () => void, options: { readonly intervalMs: number }): Disposable;
}

type FoundFile = Omit<SourceFile, 'env'>;

/** Editors write a file in several steps. */
const settleMs = 200;

export function sourceTree(folders: Folders, log: Log): SourceTree {
  const environments = Object.keys(folders);
  return {
    environments,
    async read() {
      const all = await Promise.all(
        environments.map(async (env) => {
          const layers = await Promise.all((folders[env] ?? []).map((folder) => walk(folder, '', [])));
          return overlaid(layers).map((file) => ({ env, ...file }));
        }),
      );
      return all.flat();
    },
    onEdit(callback, { intervalMs }) {
      let timer: NodeJS.Timeout | undefined;
      const soon = () => {
        clearTimeout(timer);
        timer = setTimeout(callback, settleMs);
      };
      const watchers = [...new Set(Object.values(folders).flat())].map((folder) => watched(folder, soon, log));
      const interval = setInterval(callback, intervalMs);
      return {
        [Symbol.dispose]() {
          for (const watcher of watchers) watcher?.close();
          clearTimeout(timer);
          clearInterval(interval);
        },
      };
    },
  };
}

function watched(folder: string, callback: () => void, log: Log): FSWatcher | undefined {
  const complain = (error: unknown) => log.warn('State folder is not watched', { path: folder, error });
  try {
    const watcher = watch(folder, { recursive: true }, callback);
    watcher.on('error', complain);
    return watcher;
  } catch (error) {
    complain(error);
    return undefined;
  }
}

/** Several folders as one: a path of an earlier one hides it in the later ones, also where one has a file and the other a folder. */
function overlaid(layers: readonly (readonly FoundFile[])[]): readonly FoundFile[] {
  const files = new Map<string, FoundFile>();
  const folders = new Set<string>();
  for (const layer of layers) {
    const isHidden = ({ path }: FoundFile) =>
      files.has(path) || folders.has(path) || foldersOf(path).some((folder) => files.has(folder));
    const visible = layer.filter((file) => !isHidden(file));
    for (const file of visible) {
      files.set(file.path, file);
      for (const folder of foldersOf(file.path)) folders.add(folder);
    }
  }
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** `a`, `a/b` of `a/b/c`. */
function foldersOf(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** `above` are the real folders it is in: a link that leads back to one of them has no end. */
async function walk(folder: string, prefix: string, above: readonly string[]): Promise<FoundFile[]> {
  const here = join(folder, prefix);
  const entries = await readdir(here, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const real = entries.length === 0 ? here : await realpath(here);
  if (above.includes(real)) return [];
  const visible = entries.filter(({ name }) => !name.startsWith('.'));
  const nested = await Promise.all(
    visible.map(async (entry): Promise<FoundFile[]> => {
      const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      const full = join(folder, path);
      // A link counts as what it points to: a tree in git often shares files this way.
      const found = entry.isSymbolicLink() ? await stat(full).catch(() => undefined) : entry;
      if (found?.isDirectory()) return walk(folder, path, [...above, real]);
      if (!found?.isFile()) return [];
      const [content, { mode }] = await Promise.all([readFile(full), stat(full)]);
      return [{ path, executable: (mode & 0o100) !== 0, content }];
    }),
  );
  return nested.flat();
}
