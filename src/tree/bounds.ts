import { type BigIntStats, readlinkSync, realpathSync, statSync } from 'node:fs';
import { sep } from 'node:path';
import { fileChanging, fileProtected, linkLeaves } from './problems.ts';

/** What belongs to a tree, whatever road leads there. */
export interface Bounds {
  /** Refuses a file or folder, by where it really lies and by what it is. Throws `TREE_LINK_LEAVES`, `TREE_FILE_PROTECTED`. */
  check(path: string, real: string, stat: BigIntStats): void;
  readonly maxFileBytes: number;
}

export interface BoundsOptions {
  /** Folders that links may lead into, beside the tree's own. */
  readonly linkDirs?: readonly string[] | undefined;
  readonly maxFileBytes?: number | undefined;
  /** The protected file that this one is, under whatever name: a hard link is the same file. */
  readonly protectedAs?: ((stat: BigIntStats) => string | undefined) | undefined;
}

export const defaultMaxFileBytes = 256 * 1024 * 1024;

/** Bounds as they are now: a folder that is itself a link counts as what it leads to. */
export function boundsOf(
  folders: readonly string[],
  { linkDirs = [], maxFileBytes = defaultMaxFileBytes, protectedAs = () => undefined }: BoundsOptions = {},
): Bounds {
  const roots = [...folders, ...linkDirs].flatMap((folder) => realPathOf(folder) ?? []);
  return {
    maxFileBytes,
    check(path, real, stat) {
      const secret = protectedAs(stat);
      if (secret !== undefined) throw fileProtected(path, secret);
      if (!roots.some((root) => isWithin(real, root))) throw linkLeaves(path, real);
    },
  };
}

/** Undefined when nothing is there. */
export function realPathOf(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}

/**
 * Where an open file lies. The kernel is asked about the descriptor: between looking at a path and opening it, the path
 * can be made to lead elsewhere.
 */
export function realPathOfOpen(fd: number, file: string, path: string, stat: BigIntStats): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    // No such thing on this system: what the path leads to now must be what is open.
    const real = realPathOf(file);
    const now = real === undefined ? undefined : statSync(real, { bigint: true, throwIfNoEntry: false });
    if (real === undefined || now?.dev !== stat.dev || now.ino !== stat.ino) throw fileChanging(path);
    return real;
  }
}

const gone: ReadonlySet<string> = new Set([
  ...['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP', 'EINVAL'],
  'ERR_INVALID_ARG_VALUE',
]);

/** A name that no file can have is the name of none: templates make names of whatever they hold. */
export function isGone(error: unknown): boolean {
  return gone.has((error as NodeJS.ErrnoException).code ?? '');
}
