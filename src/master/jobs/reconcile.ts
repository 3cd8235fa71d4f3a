import { isJid } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import { type Clock, delay } from '#base/time.ts';
import type { BadRecords } from '#bus/bad-records.ts';
import type { KvBucket } from '#bus/bucket.ts';
import type { Records } from '#bus/records.ts';
import { encode } from '#wire/codec.ts';
import type { JobRecord } from '#wire/job.ts';
import { buckets } from '#wire/stores.ts';
import type { ActiveJobs } from './active-jobs.ts';
import type { Late } from './late.ts';

export interface Reconciling extends AsyncDisposable {
  /** Looks at all of them, now: also for returns that came to closed jobs while no master heard them. */
  look(): Promise<void>;
}

export interface ReconcileOptions {
  readonly records: Records<JobRecord>;
  readonly bad: BadRecords;
  readonly active: KvBucket;
  /** Keys of the two buckets, unsorted. */
  readonly jobKeys: () => Promise<string[]>;
  readonly activeKeys: () => Promise<string[]>;
  readonly activeJobs: ActiveJobs;
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
  const { records, bad, active, jobKeys, activeKeys, activeJobs, late, clock, log } = options;
  /** Closed when we looked, and whether all of its returns were there. */
  const closed = new Map<string, boolean>();
  const orphans = new Map<string, number>();

  const lookAt = async (jid: string, isListed: boolean): Promise<void> => {
    if (activeJobs.find(jid) !== undefined && isListed) return;
    if (!isJid(jid)) {
      const { name: bucket } = isListed ? buckets.activeJobs : buckets.jobs;
      return bad.add({ bucket, key: jid, reason: 'its key is no id of a job' });
    }
    const stored = await records.find(jid);
    if (stored === undefined) {
      if (isListed) await dropOrphan(jid);
      return;
    }
    const { value: record } = stored;
    if (record.state === 'running') {
      if (!activeJobs.find(jid)) log.info('Open job found', { jid });
      await activeJobs.adopt(jid);
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
