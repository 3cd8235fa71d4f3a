import { type FSWatcher, watch } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '#base/log.ts';

export interface SourceFile {
  /** Forward slashes, relative. */
  readonly path: string;
  readonly executable: boolean;
  readonly content: Uint8Array;
}

/** The folder that authors edit. */
export interface SourceTree {
  /** All files but hidden ones, sorted by path. An absent folder is an empty tree. */
  read(): Promise<readonly SourceFile[]>;
  /** Calls a while after the last of several edits, and at an interval in case an edit went unseen. */
  onEdit(callback: () => void, options: { readonly intervalMs: number }): Disposable;
}

/** Editors write a file in several steps. */
const settleMs = 200;

export function sourceTree(folder: string, log: Log): SourceTree {
  return {
    async read() {
      const files = await walk(folder, '');
      return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    },
    onEdit(callback, { intervalMs }) {
      let timer: NodeJS.Timeout | undefined;
      const soon = () => {
        clearTimeout(timer);
        timer = setTimeout(callback, settleMs);
      };
      let watcher: FSWatcher | undefined;
      try {
        watcher = watch(folder, { recursive: true }, soon);
        watcher.on('error', (error) => log.warn('State folder is not watched', { error }));
      } catch (error) {
        log.warn('State folder is not watched', { error });
      }
      const interval = setInterval(callback, intervalMs);
      return {
        [Symbol.dispose]() {
          watcher?.close();
          clearTimeout(timer);
          clearInterval(interval);
        },
      };
    },
  };
}

async function walk(folder: string, prefix: string): Promise<SourceFile[]> {
  const entries = await readdir(join(folder, prefix), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const visible = entries.filter(({ name }) => !name.startsWith('.'));
  const nested = await Promise.all(
    visible.map(async (entry): Promise<SourceFile[]> => {
      const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
      const full = join(folder, path);
      // A link counts as what it points to: a tree in git often shares files this way.
      const found = entry.isSymbolicLink() ? await stat(full).catch(() => undefined) : entry;
      if (found?.isDirectory()) return walk(folder, path);
      if (!found?.isFile()) return [];
      const [content, { mode }] = await Promise.all([readFile(full), stat(full)]);
      return [{ path, executable: (mode & 0o100) !== 0, content }];
    }),
  );
  return nested.flat();
}
