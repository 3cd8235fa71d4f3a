import { asError } from './errors.ts';
import type { Log } from './log.ts';

/** What nobody caught: each is a bug of ours, logged as one, counted, and shown by `zester doctor`. */
export interface Bugs extends Disposable {
  readonly count: number;
  /** Message of the last one. */
  readonly last: string | undefined;
  add(error: unknown, where: string): void;
}

const events = ['unhandledRejection', 'uncaughtException'] as const;

/**
 * The outermost door of a daemon: an error that escaped all others costs what threw it, not the process that a fleet
 * depends on. It hides nothing: whoever reads the log, the metric or `zester doctor` sees that there is a bug.
 */
export function watchForBugs(log: Log): Bugs {
  let count = 0;
  let last: string | undefined;
  const add = (thrown: unknown, where: string) => {
    const error = asError(thrown);
    count++;
    last = `${error.message} (${where})`;
    log.error('Bug in Zester', { error, reason: where });
  };
  const heard = events.map((event) => [event, (error: unknown) => add(error, event)] as const);
  for (const [event, listener] of heard) process.on(event, listener);
  return {
    get count() {
      return count;
    },
    get last() {
      return last;
    },
    add,
    [Symbol.dispose]() {
      for (const [event, listener] of heard) process.off(event, listener);
    },
  };
}
