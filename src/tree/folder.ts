import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ZesterError } from '#base/errors.ts';
import { type Bounds, type BoundsOptions, boundsOf } from './bounds.ts';
import { readTreeFile } from './read.ts';
import { isTreePath, type Tree, type TreeShape } from './tree.ts';
import { type Met, walk } from './walk.ts';

export interface FolderOptions extends BoundsOptions {
  /** Folders such as those of a fetched tree, which is named after its content, are read once; others anew each time. */
  readonly immutable: boolean;
  /** Every folder of the environment it is one of: links may lead from one to another. */
  readonly folders?: readonly string[] | undefined;
}

/** A folder as a tree, under the rules by which one is published: what they refuse is thrown when it is met. */
export function folderTree(folder: string, options: FolderOptions): Tree {
  const { immutable, folders = [folder] } = options;
  const contents = new Map<string, Uint8Array | undefined>();
  let listing: Listing | undefined;
  let bounds: Bounds | undefined;
  const current = () => {
    if (!immutable) bounds = undefined;
    bounds ??= boundsOf(folders, options);
    return bounds;
  };
  const list = () => {
    if (!immutable) listing = undefined;
    listing ??= listed(walk(folder, current()));
    return listing;
  };
  return {
    read(path) {
      if (immutable && contents.has(path)) return contents.get(path);
      const content = isTreePath(path) ? readTreeFile(join(folder, path), path, current())?.content : undefined;
      if (immutable) contents.set(path, content);
      return content;
    },
    list: (prefix) => list().paths.filter((path) => path.startsWith(prefix)),
    shape: list,
    mode(path) {
      const stat = isTreePath(path) ? statSync(join(folder, path), { throwIfNoEntry: false }) : undefined;
      if (!stat?.isFile()) return undefined;
      // A copy of a published tree is closed to others, and knows of its files whether they can be executed.
      if (immutable) return (stat.mode & 0o100) === 0 ? 0o644 : 0o755;
      return stat.mode & 0o7777;
    },
  };
}

interface Listing extends TreeShape {
  readonly paths: readonly string[];
}

export interface SurveyedTree extends Tree {
  /** What may not be in a tree, by its path. */
  readonly problems: readonly { readonly path: string; readonly error: ZesterError }[];
  readonly leftOut: readonly { readonly path: string; readonly why: string }[];
}

/**
 * A folder as a tree that is told about, not refused: each file is read once, and what may not be in it is a problem.
 * Throws `TREE_UNREADABLE` for what is no folder.
 */
export function surveyedFolder(folder: string, options: BoundsOptions = {}): SurveyedTree {
  refuseOther(folder);
  const bounds = boundsOf([folder], options);
  const met = [...walk(folder, bounds)];
  const of = <K extends Met['kind']>(kind: K) =>
    met.filter((each): each is Extract<Met, { kind: K }> => each.kind === kind);
  const files = of('file')
    .map(({ path }) => path)
    .sort();
  const known = new Set(files);
  const contents = new Map<string, Uint8Array>();
  return {
    problems: of('problem'),
    leftOut: of('left out'),
    list: (prefix) => files.filter((path) => path.startsWith(prefix)),
    read(path) {
      if (!known.has(path)) return undefined;
      const content = contents.get(path) ?? readTreeFile(join(folder, path), path, bounds)?.content;
      if (content !== undefined) contents.set(path, content);
      return content;
    },
  };
}

function refuseOther(folder: string): void {
  try {
    readdirSync(folder);
  } catch (error) {
    const reason = (error as Error).message;
    throw new ZesterError('usage', 'TREE_UNREADABLE', `Cannot read the folder "${folder}": ${reason}`, {
      cause: error,
    });
  }
}

function listed(found: Iterable<Met>): Listing {
  const [paths, folders]: [string[], string[]] = [[], []];
  const links = new Map<string, string>();
  for (const met of found) {
    if (met.kind === 'problem') throw met.error;
    if (met.kind === 'file') paths.push(met.path);
    if (met.kind === 'folder') folders.push(met.path);
    if (met.kind === 'link') links.set(met.path, met.target);
  }
  return { paths: paths.sort(), folders: folders.sort(), links };
}
