import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  rmSync,
  type Stats,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { replaceFile, writeAll } from '#base/disk.ts';
import { ZesterError } from '#base/errors.ts';

/** A file somebody named on the command line or in the options. Throws `FILE_UNREADABLE`. */
export function readText(path: string, { hint }: { readonly hint?: string } = {}): string {
  try {
    return readFileSync(path === '-' ? 0 : path, 'utf8');
  } catch (error) {
    const reason = (error as Error).message;
    throw new ZesterError('usage', 'FILE_UNREADABLE', `Cannot read "${path}": ${reason}`, { cause: error, hint });
  }
}

/** Writes a file that only its owner may read, whoever could read the one before. Throws `FILE_UNWRITABLE`. */
export function writePrivate(path: string, text: string): void {
  writeWhole(path, text, () => ({ mode: 0o600 }));
}

/** Writes a file anew that stays whose it is, and as open as it is; a new one is private. Throws `FILE_UNWRITABLE`. */
export function rewrite(path: string, text: string): void {
  writeWhole(path, text, (before) => before ?? { mode: 0o600 });
}

/**
 * The old file stays until the new one is whole: a full disk takes nobody's contexts away. A link is followed, and what is
 * no file is written to.
 */
function writeWhole(path: string, text: string, accessOf: (before: Stats | undefined) => Access): void {
  try {
    const before = statSync(path, { throwIfNoEntry: false });
    if (before !== undefined && !before.isFile()) return void writeFileSync(path, text);
    const real = before === undefined ? path : realpathSync(path);
    const { mode, uid, gid } = accessOf(before);
    const fill = (file: number) => {
      if (uid !== undefined && gid !== undefined) fchownSync(file, uid, gid);
      fchmodSync(file, mode & 0o777);
      writeAll(file, Buffer.from(text), 0);
    };
    replaceFile(real, 0o600, fill, `${real}.${process.pid}.new`);
  } catch (error) {
    const reason = (error as Error).message;
    throw new ZesterError('usage', 'FILE_UNWRITABLE', `Cannot write "${path}": ${reason}`, {
      cause: error,
      hint: 'Name a file in a folder that is there and yours',
    });
  }
}

interface Access {
  readonly mode: number;
  readonly uid?: number;
  readonly gid?: number;
}

/** A folder that only its owner may look into, with those above it. Throws `FILE_UNWRITABLE`. */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
  } catch (error) {
    const reason = (error as Error).message;
    throw new ZesterError('usage', 'FILE_UNWRITABLE', `Cannot make the folder "${path}": ${reason}`, { cause: error });
  }
}

/** Takes a file or a folder away, with all that is in it. */
export function removeAll(path: string): void {
  rmSync(path, { recursive: true, force: true });
}

/** A new file that only its owner may read, written as it comes. Throws `FILE_UNWRITABLE`, also for one that is there. */
export function createSink(path: string): Disposable & { write(bytes: Uint8Array): void } {
  try {
    const file = openSync(path, 'wx', 0o600);
    return {
      write(bytes) {
        for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      },
      [Symbol.dispose]: () => closeSync(file),
    };
  } catch (error) {
    const reason = (error as Error).message;
    throw new ZesterError('usage', 'FILE_UNWRITABLE', `Cannot write "${path}": ${reason}`, {
      cause: error,
      hint: 'Name a new file in a folder that is there and yours',
    });
  }
}

export function exists(path: string): boolean {
  return existsSync(path);
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The text, or nothing when it is missing or not ours to read: for files nobody asked for by name. */
export function findText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
