/** A state tree: every path is relative to its root and uses slashes. Reading is synchronous, for templates are. */
export interface Tree {
  read(path: string): string | Uint8Array | undefined;
  /** All paths that start with the prefix; `''` for every path. */
  list(prefix: string): readonly string[];
}

/** `a`, `a/b` of `a/b/c`. */
export function foldersOf(path: string): readonly string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}
