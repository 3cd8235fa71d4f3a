import type { KV } from '@nats-io/kv';
import type { Log } from '#base/log.ts';
import { type Clock, delay } from '#base/time.ts';
import { encode } from '#wire/codec.ts';
import type { Board } from './board.ts';
import type { Late } from './late.ts';
import { decodeRecord } from './record.ts';

export interface Reconciling extends AsyncDisposable {
  /** Looks at all of them, now: also for returns that came to closed jobs while no master heard them. */
  look(): Promise<void>;
}

export interface ReconcileOptions {
  readonly jobs: KV;
  readonly active: KV;
  /** Keys of the two buckets, unsorted. */
  readonly jobKeys: () => Promise<string[]>;
  readonly activeKeys: () => Promise<string[]>;
  readonly board: Board;
  readonly late: Late;
  readonly clock: Clock;
  readonly log: Log;
}

const everyMs = 30_000;
/** A key without a record this long is what a cut submit left: the record was never written. */
const orphanMs = 60_000;
/** Of older jobs than these, what came late stays in the stream only. */
const mostJobs = 10_000;
const atOnce = 16;

/**
 * Compares the records of jobs with the list of open ones, in both directions: when a master starts, when its
 * connection is back, and now and then. A submit that was cut in two is either sent, ended, or found to be no job.
 */
export function reconcile(options: ReconcileOptions): Reconciling {
  const { jobs, active, jobKeys, activeKeys, board, late, clock, log } = options;
  /** Closed when we looked, and whether all of its returns were there. */
  const closed = new Map<string, boolean>();
  const orphans = new Map<string, number>();

  const lookAt = async (jid: string, isListed: boolean): Promise<void> => {
    if (board.find(jid) !== undefined && isListed) return;
    const entry = await jobs.get(jid);
    if (entry?.operation !== 'PUT') {
      if (isListed) await dropOrphan(jid);
      return;
    }
    const record = decodeRecord(entry.value);
    if (record.state === 'running') {
      if (!board.find(jid)) log.info('Open job found', { jid });
      await board.adopt(jid);
      if (!isListed) await active.put(jid, encode({ owner: record.owner }));
      return;
    }
    if (isListed) await active.delete(jid);
    const isWhole = (record.returned ?? 0) >= record.targets;
    closed.set(jid, isWhole);
    if (!isWhole) late.note(jid);
  };

  const dropOrphan = async (jid: string) => {
    const since = orphans.get(jid) ?? clock.monotonic();
    orphans.set(jid, since);
    if (clock.monotonic() - since < orphanMs) return;
    orphans.delete(jid);
    await active.delete(jid);
    log.info('Submit that was cut off dropped', { jid });
  };

  const lookAtAll = async (alsoClosed: boolean) => {
    const listed = new Set(await activeKeys());
    const newest = new Set((await jobKeys()).sort().reverse().slice(0, mostJobs));
    for (const jid of closed.keys()) if (!newest.has(jid)) closed.delete(jid);
    const isDone = (jid: string) => (alsoClosed ? closed.get(jid) === true : closed.has(jid));
    const wanted = [...new Set([...listed, ...newest])].filter((jid) => listed.has(jid) || !isDone(jid));
    for (let at = 0; at < wanted.length; at += atOnce) {
      const some = wanted.slice(at, at + atOnce);
      await Promise.all(
        some.map((jid) => lookAt(jid, listed.has(jid)).catch((error) => log.warn('Job not looked at', { jid, error }))),
      );
    }
  };

  const stopped = new AbortController();
  const periodic = (async () => {
    while (!stopped.signal.aborted) {
      await delay(everyMs, stopped.signal);
      if (!stopped.signal.aborted) await lookAtAll(false).catch((error) => log.warn('Jobs not compared', { error }));
    }
  })();

  return {
    look: () => lookAtAll(true),
    async [Symbol.asyncDispose]() {
      stopped.abort();
      await periodic;
    },
  };
}
