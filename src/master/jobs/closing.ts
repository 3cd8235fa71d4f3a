import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import type { KvBucket } from '#bus/bucket.ts';
import { storeContended } from '#bus/outside.ts';
import type { Records } from '#bus/records.ts';
import { encode } from '#wire/codec.ts';
import type { JobRecord, JobState } from '#wire/job.ts';
import type { Late } from './late.ts';
import { encodeRecord, withNames } from './record.ts';
import type { Tracked } from './tracked.ts';

/** Writes how a job ended, once, however many masters see it end. */
export interface Closing {
  /** Who comes while it is ending waits for that end. A store that is away leaves the job open, for a later try. */
  close(job: Tracked, state: JobState): Promise<void>;
  /** Puts an open job on the list that masters read when they start, and that tells them of a changed record. */
  list(record: JobRecord): Promise<void>;
  readonly finished: { readonly [State in JobState]?: number };
}

export interface ClosingOptions {
  readonly jobs: KvBucket;
  readonly records: Records<JobRecord>;
  readonly active: KvBucket;
  readonly late: Late;
  /** It is not open any more. */
  readonly forget: (jid: string) => void;
  readonly announce: (job: Tracked, state: JobState, unreachable: readonly string[]) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export function createClosing({ jobs, records, active, late, forget, announce, clock, log }: ClosingOptions): Closing {
  const ending = new Map<string, Promise<void>>();
  const finished: Partial<Record<JobState, number>> = {};

  const write = async (job: Tracked, state: JobState): Promise<void> => {
    const { jid } = job.record;
    try {
      const ended = endedRecord(job, state, clock.now());
      const revision = await jobs.update(jid, encodeRecord(ended), job.revision);
      if (revision === undefined) return settleConflict(job, storeContended());
      job.revision = revision;
      job.record = ended;
      forget(jid);
      // What came in while it was written is not in it.
      if (job.returned.size !== ended.returned) late.note(jid);
      announce(job, state, [...job.unreachable]);
      finished[state] = (finished[state] ?? 0) + 1;
      log.info('Job ended', {
        jid,
        state,
        returned: job.returned.size,
        targets: job.peels.size,
        ms: Math.round(clock.monotonic() - job.createdAt),
      });
    } catch (error) {
      return settleConflict(job, error);
    }
    // The record says that it ended; a key that stays behind is dropped by whoever reads it.
    await active.delete(jid).catch((error) => log.debug('Job not taken off the list yet', { jid, error }));
  };

  /** Another master was first, or the store is away: what is stored decides. */
  const settleConflict = async (job: Tracked, error: unknown) => {
    const { jid } = job.record;
    const stored = await records.find(jid).catch(() => undefined);
    if (stored === undefined) {
      log.warn('Job could not be ended yet', { jid, error });
      return;
    }
    job.record = stored.value;
    job.revision = stored.revision;
    if (job.record.state === 'running') return;
    forget(jid);
    if (job.returned.size !== job.record.returned) late.note(jid);
  };

  return {
    finished,
    close(job, state) {
      const { jid } = job.record;
      const known = ending.get(jid);
      if (known !== undefined) return known;
      const done = write(job, state).finally(() => ending.delete(jid));
      ending.set(jid, done);
      return done;
    },
    async list({ jid, owner }) {
      await active.put(jid, encode({ owner }));
    },
  };
}

function endedRecord(
  { record, peels, returned, refused, succeeded }: Tracked,
  state: JobState,
  now: number,
): JobRecord {
  const ended: JobRecord = { ...record, state, finished: now, returned: returned.size, succeeded };
  const silent = [...peels].filter((peel) => !returned.has(peel) && !refused.has(peel));
  return withNames(ended, { silent, refused: [...refused.values()] });
}
