import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { ZesterError } from '#base/errors.ts';

export const secretMode = 0o600;
export const publicMode = 0o644;

/** Makes a folder that only its owner may enter. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/** Writes beside and renames: a reader sees the old file or the new one, never a part, never a wider mode. */
export function writeFile(path: string, content: string | Uint8Array, mode: number = secretMode): void {
  makePrivateFolder(dirname(path));
  const beside = `${path}.${process.pid}.${++writes}.new`;
  try {
    writeFileSync(beside, content, { mode, flag: 'wx', flush: true });
    renameSync(beside, path);
  } catch (cause) {
    rmSync(beside, { force: true });
    throw new ZesterError('machine', 'AUTH_FILE_UNWRITABLE', `Cannot write "${path}": ${reasonOf(cause)}`, { cause });
  }
}

/** Writes a file that must not exist yet. Throws `AUTH_FILE_EXISTS`. */
export function createFile(path: string, content: string, mode: number = secretMode): void {
  makePrivateFolder(dirname(path));
  try {
    writeFileSync(path, content, { mode, flag: 'wx', flush: true });
  } catch (cause) {
    if (isCode(cause, 'EEXIST')) {
      throw new ZesterError('usage', 'AUTH_FILE_EXISTS', `Cannot write "${path}": it is there already`, { cause });
    }
    throw new ZesterError('machine', 'AUTH_FILE_UNWRITABLE', `Cannot write "${path}": ${reasonOf(cause)}`, { cause });
  }
}

/** A text file without the space around it, or undefined when there is none. Throws `AUTH_FILE_UNREADABLE`. */
export function findText(path: string): string | undefined {
  return findBytes(path)?.toString('utf8').trim();
}

/** A file as it is, or undefined when there is none. Throws `AUTH_FILE_UNREADABLE`. */
export function findBytes(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (cause) {
    if (isCode(cause, 'ENOENT')) return undefined;
    throw new ZesterError('machine', 'AUTH_FILE_UNREADABLE', `Cannot read "${path}": ${reasonOf(cause)}`, { cause });
  }
}

/** A text file that must be there. Throws `AUTH_FILE_MISSING`. */
export function readText(path: string, hint?: string): string {
  const text = findText(path);
  if (text !== undefined) return text;
  throw new ZesterError('usage', 'AUTH_FILE_MISSING', `Cannot read "${path}": there is no such file`, { hint });
}

/** When the file was last changed, in milliseconds; undefined when there is none. */
export function changedAt(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}

export function removeFile(path: string): void {
  rmSync(path, { force: true });
}

let writes = 0;

function isCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && 'code' in thrown && thrown.code === code;
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
