import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { replaceFile, syncFolder, writeAll } from '#base/disk.ts';
import { ZesterError } from '#base/errors.ts';

export const secretMode = 0o600;
export const publicMode = 0o644;

/** Makes a folder that only its owner may enter. */
export function makePrivateFolder(path: string): void {
  mkdirSync(path, { recursive: true, mode: 0o700 });
}

/**
 * Writes beside and renames: a reader sees the old file or the new one, never a part, never a wider mode. When it
 * returns, file and name are on the disk. Throws `AUTH_FILE_UNWRITABLE`.
 */
export function writeFile(path: string, content: string | Uint8Array, mode: number = secretMode): void {
  try {
    makePrivateFolder(dirname(path));
    // Two commands may write the same file at once: each has a file of its own beside it.
    const beside = `${path}.${process.pid}.${++writes}.new`;
    replaceFile(path, mode, (file) => writeAll(file, Buffer.from(content), 0), beside);
  } catch (cause) {
    throw new ZesterError('machine', 'AUTH_FILE_UNWRITABLE', `Cannot write "${path}": ${reasonOf(cause)}`, { cause });
  }
}

/** Writes a file that must not exist yet: whole, or not at all. Throws `AUTH_FILE_EXISTS`. */
export function createFile(path: string, content: string, mode: number = secretMode): void {
  const beside = `${path}.${process.pid}.${++writes}.new`;
  try {
    makePrivateFolder(dirname(path));
    writeFileSync(beside, content, { mode, flag: 'wx', flush: true });
    // Unlike a rename, a link refuses a name that is taken.
    linkSync(beside, path);
    syncFolder(dirname(path));
  } catch (cause) {
    if (isCode(cause, 'EEXIST')) {
      throw new ZesterError('usage', 'AUTH_FILE_EXISTS', `Cannot write "${path}": it is there already`, { cause });
    }
    throw new ZesterError('machine', 'AUTH_FILE_UNWRITABLE', `Cannot write "${path}": ${reasonOf(cause)}`, { cause });
  } finally {
    rmSync(beside, { force: true });
  }
}

/**
 * Adds lines to a file, made when it is not there: they are on disk when this returns. What an earlier crash or a full
 * disk left without an end stays a line of its own. Throws `AUTH_FILE_UNWRITABLE`.
 */
export function appendText(path: string, lines: string): void {
  try {
    makePrivateFolder(dirname(path));
    const isNew = changedAt(path) === undefined;
    const file = openSync(path, 'a+', secretMode);
    try {
      const bytes = Buffer.from(`${endsOpen(file) ? '\n' : ''}${lines}`);
      writeAll(file, bytes, fstatSync(file).size);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    if (isNew) syncFolder(dirname(path));
  } catch (cause) {
    throw new ZesterError('machine', 'AUTH_FILE_UNWRITABLE', `Cannot write "${path}": ${reasonOf(cause)}`, { cause });
  }
}

function endsOpen(file: number): boolean {
  const { size } = fstatSync(file);
  if (size === 0) return false;
  const last = Buffer.alloc(1);
  readSync(file, last, 0, 1, size - 1);
  return last.toString() !== '\n';
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

/** Its permission bits, and whether it is a plain file: nobody's pipe has readers beside us. Follows links. */
export function modeOf(path: string): { readonly bits: number; readonly isFile: boolean } | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat && { bits: stat.mode & 0o7777, isFile: stat.isFile() };
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
