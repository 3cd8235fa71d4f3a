import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tree } from '#engine/tree.ts';

/**
 * A folder as a state tree. `immutable` folders, such as a fetched tree that is named after its content, are read
 * once; others are read anew each time.
 */
export function folderTree(folder: string, { immutable }: { readonly immutable: boolean }): Tree {
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

function readFile(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EISDIR' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function walk(folder: string, prefix: string): string[] {
  return readdirSync(join(folder, prefix), { withFileTypes: true }).flatMap((entry) => {
    if (entry.name.startsWith('.')) return [];
    const path = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    return entry.isDirectory() ? walk(folder, path) : [path];
  });
}
