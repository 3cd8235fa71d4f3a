import { closeSync, existsSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { ZesterError } from '#base/errors.ts';
import { delay } from '#base/time.ts';
import type { RunAtWork } from '#engine/state-functions.ts';
import { lock } from '../shared/flock.ts';

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
