/** A state tree: every path is relative to its root and uses slashes. Reading is synchronous, for templates are. */
export interface Tree {
  read(path: string): string | Uint8Array | undefined;
  /** All paths that start with the prefix; `''` for every path. */
  list(prefix: string): readonly string[];
  /** What is there beside files; nothing where a tree does not say. */
  readonly shape?: () => TreeShape;
  /** Permission bits of a file; undefined where there is none, or a tree does not say. */
  mode?(path: string): number | undefined;
}

/** What a list of files does not tell of a tree. */
export interface TreeShape {
  /** Every folder, sorted: those with nothing in them too, and those that links lead to. */
  readonly folders: readonly string[];
  /** Path → where it leads, as it is written: the links that count as what they lead to. */
  readonly links: ReadonlyMap<string, string>;
}

export const noShape: TreeShape = { folders: [], links: new Map() };

/** Folders in which version control keeps what is its own, and what editors put beside a file while it is written. */
const leftOut = /^(?:\.(?:git|hg|svn|bzr)|\.#.*|\..*\.sw[a-z])$/;

/** Whether a name in a folder belongs to no tree. */
export function isLeftOut(name: string): boolean {
  return leftOut.test(name);
}

/** As paths of a published tree are: relative, each part a name that may be in a tree. */
export function isTreePath(path: string): boolean {
  return path.split('/').every((part) => /^[^\0]+$/.test(part) && part !== '.' && part !== '..' && !isLeftOut(part));
}

/**
 * Where a link of a tree leads in it, `''` for its root; undefined for one that leads out of it. It may go up only before
 * it goes down: behind a name that is a link itself, `..` is another folder on the disk than in the text.
 */
export function linkedPath(path: string, target: string): string | undefined {
  if (target.startsWith('/') || target === '' || target.includes('\0')) return undefined;
  const parts = path.split('/').slice(0, -1);
  let isBelow = false;
  for (const part of target.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (isBelow || parts.pop() === undefined) return undefined;
    isBelow = part !== '..';
  }
  return parts.join('/');
}

/** `a`, `a/b` of `a/b/c`. */
export function foldersOf(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}
