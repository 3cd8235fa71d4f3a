import { closeSync, constants, ftruncateSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeAll } from '#base/disk.ts';
import { ZesterError } from '#base/errors.ts';
import { lock } from '../shared/flock.ts';

/**
 * One peel at a time has a data folder: two would each run what the other's ledger knows. Taken before anything in it is
 * read or written, and held until disposed, or until the process is gone, however that happens. Throws `DATA_DIR_TAKEN`,
 * `DATA_DIR_UNUSABLE`.
 */
export function takeDataFolder(folder: string): Disposable {
  const path = join(folder, 'peel.lock');
  const file = open(folder, path);
  if (!lock(file)) {
    const pid = readFileSync(path, 'utf8').trim();
    closeSync(file);
    throw taken(folder, pid);
  }
  try {
    ftruncateSync(file);
    writeAll(file, Buffer.from(`${process.pid}\n`), 0);
  } catch {
    // A full disk: the lock holds, the other one is told no process id.
  }
  return { [Symbol.dispose]: () => closeSync(file) };
}

function open(folder: string, path: string): number {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
  } catch (cause) {
    throw new ZesterError(
      'machine',
      'DATA_DIR_UNUSABLE',
      `Cannot use the data directory "${folder}": ${(cause as Error).message}`,
      { cause, hint: 'Check its owner and mode, or name another as "data_dir"' },
    );
  }
}

function taken(folder: string, pid: string): ZesterError {
  const who = pid === '' ? 'another process' : `process ${pid}`;
  return new ZesterError('machine', 'DATA_DIR_TAKEN', `Cannot use the data directory "${folder}": ${who} has it`, {
    details: pid === '' ? {} : { pid },
    hint: 'Stop that peel, or name another "data_dir" for this one',
  });
}
