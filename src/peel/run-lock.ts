import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { ZesterError } from '#base/errors.ts';
import { delay } from '#base/time.ts';
import type { RunAtWork } from '#engine/state-functions.ts';

/**
 * One run at a time changes a machine, whoever started it: the peel's own lane, and `zester-peel apply --local` beside it.
 */
export interface RunLock {
  /**
   * Held until disposed, or until the process is gone. Throws `RUN_IN_PROGRESS` when it may not wait, `WAIT_CANCELED` when
   * the signal ends the wait.
   */
  take(run: Pick<RunAtWork, 'jid' | 'function'>, options: WaitOptions): Promise<Disposable>;
  /** Who has it now. */
  holder(): RunAtWork | undefined;
}

export interface WaitOptions {
  readonly wait: boolean;
  readonly signal: AbortSignal;
}

const pollMs = 100;

export function openRunLock(path: string): RunLock {
  return {
    async take(run, { wait, signal }) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      const file = openSync(path, 'a+', 0o600);
      try {
        for (let tries = 1; !lock(file); tries++) {
          // Who only asks for the holder has the lock for a moment: one refusal is no proof.
          if (!wait && tries > 1) throw inProgress(holderOf(path));
          await delay(pollMs, signal);
          if (signal.aborted)
            throw new ZesterError('machine', 'WAIT_CANCELED', 'Cannot start the run: it was stopped while it waited');
        }
      } catch (error) {
        closeSync(file);
        throw error;
      }
      ftruncateSync(file, 0);
      writeSync(file, JSON.stringify({ ...run, pid: process.pid, since: new Date().toISOString() }));
      return { [Symbol.dispose]: () => closeSync(file) };
    },
    holder() {
      if (!existsSync(path)) return undefined;
      const file = openSync(path, 'r');
      try {
        return lock(file) ? undefined : holderOf(path);
      } finally {
        closeSync(file);
      }
    },
  };
}

/** Undefined in the moment between taking the lock and writing down who took it. */
function holderOf(path: string): RunAtWork | undefined {
  const text = readFileSync(path, 'utf8');
  return text === '' ? undefined : (JSON.parse(text) as RunAtWork);
}

function inProgress(holder: RunAtWork | undefined): ZesterError {
  const who = holder === undefined ? 'another run' : `"${holder.function}" of job ${holder.jid}`;
  return new ZesterError('machine', 'RUN_IN_PROGRESS', `Cannot start the run: ${who} is at work on this machine`, {
    details: holder === undefined ? {} : { since: holder.since, pid: String(holder.pid) },
    hint: 'Leave "queue" out to wait for it, or end it with "zester job kill"',
  });
}

interface Libc {
  flock(file: number, operation: number): number;
}

interface Ffi {
  dlopen(library: string, symbols: Readonly<Record<string, unknown>>): { readonly symbols: Libc };
}

const exclusiveNow = 2 | 4;

/** True when the kernel gave us the lock; it takes it back when the process ends, however that happens. */
function lock(file: number): boolean {
  libc ??= openLibc();
  return libc.flock(file, exclusiveNow) === 0;
}

let libc: Libc | undefined;

const libraries = ['libc.so.6', 'libc.musl-x86_64.so.1', 'libc.musl-aarch64.so.1', '/usr/lib/libSystem.B.dylib'];

function openLibc(): Libc {
  const ffi = process.getBuiltinModule('bun:ffi') as Ffi;
  for (const library of libraries) {
    try {
      return ffi.dlopen(library, { flock: { args: ['i32', 'i32'], returns: 'i32' } }).symbols;
    } catch {
      // Each system has its own name for it.
    }
  }
  throw new ZesterError('machine', 'LOCK_UNAVAILABLE', 'Cannot lock this machine for a run: no C library was found', {
    hint: `Looked for ${libraries.join(', ')}; "concurrent=true" runs without the lock`,
  });
}
