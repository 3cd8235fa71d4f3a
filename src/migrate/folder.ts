import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { isError, ZesterError } from '#base/errors.ts';
import { boundsOf } from '#tree/bounds.ts';
import { readTreeFile } from '#tree/read.ts';
import type { Tree } from '#tree/tree.ts';
import { walk } from '#tree/walk.ts';
import type { TreeName } from './report.ts';

/** A file of a tree. */
export interface TreeFile {
  /** Forward slashes, relative to the root. */
  readonly path: string;
  readonly content: Uint8Array;
  readonly executable: boolean;
}

export interface Folder {
  readonly files: readonly TreeFile[];
  /** What is there and is not taken along. */
  readonly leftOut: readonly { readonly path: string; readonly why: string }[];
}

export type Folders = Readonly<Record<TreeName, Folder>>;

/** All files of a folder, sorted, under the rules by which a tree is published. Throws `SALT_TREE_UNREADABLE`. */
export async function readFolder(root: string): Promise<Folder> {
  try {
    await readdir(root);
  } catch (error) {
    throw new ZesterError(
      'usage',
      'SALT_TREE_UNREADABLE',
      `Cannot read the tree "${root}": ${(error as Error).message}`,
      {
        cause: error,
        hint: 'Name the folder that Salt has as a root of its files, such as /srv/salt',
      },
    );
  }
  const bounds = boundsOf([root]);
  const files: TreeFile[] = [];
  const leftOut: { path: string; why: string }[] = [];
  for (const met of walk(root, bounds)) {
    const { kind, path } = met;
    try {
      const found = kind === 'file' ? readTreeFile(met.file, path, bounds) : undefined;
      if (found) files.push({ path, ...found });
      if (kind === 'left out') leftOut.push({ path, why: met.why });
      if (kind === 'problem') leftOut.push({ path, why: met.error.message });
    } catch (error) {
      if (!isError(error)) throw error;
      leftOut.push({ path, why: error.message });
    }
  }
  return { files: files.toSorted(byPath), leftOut: leftOut.toSorted(byPath) };
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : 1;
}

/** Refuses a folder that holds something, and one inside a tree that is read. Throws `OUT_TAKEN`, `OUT_INSIDE`. */
export async function checkOut(out: string, trees: readonly string[]): Promise<void> {
  for (const tree of trees) {
    const path = relative(resolve(tree), resolve(out));
    const isOutside = path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path);
    if (!isOutside) {
      throw new ZesterError('usage', 'OUT_INSIDE', `Cannot write to "${out}": it lies in the tree "${tree}"`, {
        hint: 'Name a folder beside it: the original is never changed',
      });
    }
  }
  const present = await readdir(out).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw new ZesterError('usage', 'OUT_TAKEN', `Cannot write to "${out}": ${error.message}`, { cause: error });
  });
  if (present.length > 0) {
    throw new ZesterError('usage', 'OUT_TAKEN', `Cannot write to "${out}": it is not empty`, {
      hint: 'Name a new folder, or empty it first',
    });
  }
}

export async function writeFiles(root: string, files: readonly TreeFile[]): Promise<void> {
  for (const { path, content, executable } of files) {
    const full = join(root, path);
    await mkdir(dirname(full), { recursive: true });
    await writeFile(full, content);
    if (executable) await chmod(full, 0o755);
  }
}

/** Files as the engine reads them. */
export function treeOf(files: readonly TreeFile[]): Tree {
  const contents = new Map(files.map(({ path, content }) => [path, textOf(content) ?? content]));
  const paths = [...contents.keys()];
  return { read: (path) => contents.get(path), list: (prefix) => paths.filter((path) => path.startsWith(prefix)) };
}

/** The text of a file; undefined when it holds none. */
export function textOf(content: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content);
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}
