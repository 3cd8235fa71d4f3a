import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ZesterError } from '#base/errors.ts';
import type { Tree } from '#engine/tree.ts';

/** A folder as a tree: each file is read once, when it is first asked for. Throws `TREE_UNREADABLE` for what is none. */
export function folderTree(folder: string): Tree {
  const paths = walk(folder, '');
  const known = new Set(paths);
  const contents = new Map<string, Uint8Array>();
  return {
    list: (prefix) => paths.filter((path) => path.startsWith(prefix)),
    read(path) {
      if (!known.has(path)) return undefined;
      const content = contents.get(path) ?? readFileSync(join(folder, path));
      contents.set(path, content);
      return content;
    },
  };
}

/** Files below a folder, sorted; names that begin with a dot are not published, and not judged. */
function walk(folder: string, prefix: string): readonly string[] {
  return entriesOf(join(folder, prefix))
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => {
      const path = prefix === '' ? name : `${prefix}/${name}`;
      const kind = statSync(join(folder, path), { throwIfNoEntry: false });
      if (kind?.isDirectory()) return walk(folder, path);
      return kind?.isFile() ? [path] : [];
    })
    .sort();
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    const reason = (error as Error).message;
    throw new ZesterError('usage', 'TREE_UNREADABLE', `Cannot read the folder "${folder}": ${reason}`, {
      cause: error,
    });
  }
}
