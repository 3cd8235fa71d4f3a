import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
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

/** Writes a file that only its owner may read. Throws `FILE_UNWRITABLE`. */
export function writePrivate(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600 });
  } catch (error) {
    const reason = (error as Error).message;
    throw new ZesterError('usage', 'FILE_UNWRITABLE', `Cannot write "${path}": ${reason}`, {
      cause: error,
      hint: 'Name a file in a folder that is there and yours',
    });
  }
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
