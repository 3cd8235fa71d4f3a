import { closeSync, constants, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * How our own files are written so that they last. What the system says is thrown as it is: the caller knows what the
 * file means, and names it.
 */

/** Writes all of it. One call of the system may take less than it was given, on a disk that is nearly full. */
export function writeAll(file: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    const took = writeSync(file, bytes, done, bytes.length - done, position + done);
    if (took === 0) throw Object.assign(new Error('ENOSPC: nothing more was taken'), { code: 'ENOSPC' });
    done += took;
  }
}

/** What is there, up to `length` bytes: fewer at the end of the file only. */
export function readAll(file: number, position: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const took = readSync(file, bytes, done, length - done, position + done);
    if (took === 0) break;
    done += took;
  }
  return bytes.subarray(0, done);
}

/** A name that was made, or renamed, in a folder lasts when the folder is on the disk, too. */
export function syncFolder(path: string): void {
  const folder = openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

/**
 * Puts a file in the place of another, or of none: after a crash at any moment it is the one or the other, whole. `fill`
 * writes it `beside`; what it throws leaves the old one.
 */
export function replaceFile(path: string, mode: number, fill: (file: number) => void, beside = `${path}.new`): void {
  let file: number | undefined;
  try {
    // What a crash left is in the way, and a link that somebody put there is not written through.
    rmSync(beside, { force: true });
    file = openSync(beside, 'wx', mode);
    fill(file);
    fsyncSync(file);
    closeSync(file);
    file = undefined;
    renameSync(beside, path);
  } catch (error) {
    if (file !== undefined) closeSync(file);
    rmSync(beside, { force: true });
    throw error;
  }
  syncFolder(dirname(path));
}

/** True for a disk, or a share of it, that has no room left. */
export function isFull(thrown: unknown): boolean {
  return isSystemError(thrown, 'ENOSPC', 'EDQUOT', 'EFBIG');
}

export function isSystemError(thrown: unknown, ...codes: readonly string[]): boolean {
  return thrown instanceof Error && 'code' in thrown && codes.includes(String(thrown.code));
}
