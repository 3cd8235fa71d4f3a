import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { isError } from '#base/errors.ts';
import { type Bounds, isGone, realPathOfOpen } from './bounds.ts';
import { fileChanging, fileSpecial, fileUnreadable, treeLarge } from './problems.ts';

export interface ReadFile {
  readonly content: Uint8Array;
  /** True when the owner may execute it. */
  readonly executable: boolean;
}

// A pipe that nobody writes to must not hold us up, and a terminal must not become ours.
const openFlags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/**
 * Reads one file of a tree, judged by what was opened, not by what its path said a moment ago. `path` is how it is named
 * in errors. Undefined when it is a folder, or not there. Throws what `problems.ts` has.
 */
export function readTreeFile(file: string, path: string, bounds: Bounds): ReadFile | undefined {
  try {
    // Opening a device can do something to it: look first.
    const named = statSync(file, { bigint: true, throwIfNoEntry: false });
    if (named === undefined || named.isDirectory()) return undefined;
    const special = specialKind(named);
    if (special !== undefined) throw fileSpecial(path, special);
    return readOpened(file, path, named, bounds);
  } catch (error) {
    if (isError(error)) throw error;
    if (isGone(error)) return undefined;
    throw fileUnreadable(path, error);
  }
}

function readOpened(file: string, path: string, named: BigIntStats, bounds: Bounds): ReadFile {
  const fd = openSync(file, openFlags);
  try {
    const stat = fstatSync(fd, { bigint: true });
    if (!stat.isFile() || stat.dev !== named.dev || stat.ino !== named.ino) throw fileChanging(path);
    bounds.check(path, realPathOfOpen(fd, file, path, stat), stat);
    if (stat.size > bounds.maxFileBytes) {
      throw treeLarge(`"${path}"`, `it has ${stat.size} bytes, and a file may have ${bounds.maxFileBytes}`);
    }
    const content = readWhole(fd, Number(stat.size));
    const after = fstatSync(fd, { bigint: true });
    if (content === undefined || after.size !== stat.size || after.mtimeNs !== stat.mtimeNs) throw fileChanging(path);
    return { content, executable: (stat.mode & 0o100n) !== 0n };
  } finally {
    closeSync(fd);
  }
}

/** Exactly as many bytes as the file had: one that grows is not followed. Undefined when there are fewer. */
function readWhole(fd: number, size: number): Uint8Array | undefined {
  const content = Buffer.allocUnsafeSlow(size);
  for (let at = 0; at < size; ) {
    const count = readSync(fd, content, at, size - at, at);
    if (count === 0) return undefined;
    at += count;
  }
  return content;
}

/** What is neither file, folder nor link, by its name. */
export function specialKind(stat: Pick<BigIntStats, 'isFile' | 'isDirectory' | 'isFIFO' | 'isSocket'>) {
  if (stat.isFile() || stat.isDirectory()) return undefined;
  if (stat.isFIFO()) return 'named pipe';
  return stat.isSocket() ? 'socket' : 'device';
}
