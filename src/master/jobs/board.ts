import type { KV } from '@nats-io/kv';
import type { Log } from '#base/log.ts';
import { type Clock, toMonotonic } from '#base/time.ts';
import type { Bus, Listening } from '#bus/bus.ts';
import { channels } from '#wire/channels.ts';
import type { JobRecord, JobState } from '#wire/job.ts';
import { buckets } from '#wire/stores.ts';
import type { Presence } from '../presence.ts';
import { decodeRecord, encodeRecord, unpackPeels } from './record.ts';
import type { Returns } from './returns.ts';
import type { Stored } from './sweep.ts';

/** One job that has not ended, as this master sees it. */
export interface Tracked {
  record: JobRecord;
  revision: number;
  /** Of the record, on this process's monotonic clock. */
  readonly createdAt: number;
  readonly dueAt: number;
  readonly peels: ReadonlySet<string>;
  readonly acked: Set<string>;
  readonly returned: Set<string>;
  readonly unreachable: Set<string>;
  succeeded: number;
  resent: boolean;
}

export interface BoardOptions {
  readonly bus: Bus;
  readonly jobs: KV;
  readonly active: KV;
  readonly returns: Returns;
  readonly presence: Presence;
  readonly master: string;
  /** Other masters that are alive. */
  readonly isAlive: (master: string) => boolean;
  /** Sends the order again to peels that said nothing. */
  readonly resend: (job: Tracked, silent: readonly string[]) => void;
  /** Something was stored that no job on this board asked for. */
  readonly onStray: (stored: Stored) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The jobs that have not ended. Every master keeps the whole board: a record says who sends, and what is stored says
 * how it ended, so any master can close any job, and the compare-and-set on the record lets one of them do it.
 */
export interface Board extends AsyncDisposable {
  readonly size: number;
  readonly jids: Iterable<string>;
  track(record: JobRecord, revision: number): Tracked;
  find(jid: string): Tracked | undefined;
  /** Takes over what was active before this master started. */
  recover(): Promise<void>;
  /** Writes more into a running job's record. */
  amend(job: Tracked, more: Partial<JobRecord>): Promise<void>;
  /** Ends a job now: killed, or given up. */
  end(job: Tracked, state: JobState, more?: Partial<JobRecord>): Promise<void>;
  readonly finished: { readonly [State in JobState]?: number };
}

/** A peel that has not acknowledged by then is sent the order once more. */
const resendAfterMs = 3_000;
/** One that presence calls offline, and that stays silent, is not waited for. */
const offlineAfterMs = 2_000;
const unreachableAfterMs = 8_000;
/** Returns on their way when the deadline passes still count. */
const deadlineGraceMs = 3_000;
/** A master that does not own the job leaves its owner this much time. */
const politenessMs = 4_000;
const tickMs = 250;
/** When a job that is active and has no record is looked for again. */
const recordWaitsMs: readonly number[] = [100, 1_000, 5_000, 30_000];
/** A key that was enrolled at another master is known here by then. */
const newKeyMs = 1_000;

export function openBoard(options: BoardOptions): Board {
  const { bus, jobs, active, returns, presence, master, isAlive, resend, onStray, clock, log } = options;
  const tracked = new Map<string, Tracked>();
  const ending = new Map<string, Promise<void>>();
  const waiting = new Set<NodeJS.Timeout>();
  const finished: Partial<Record<JobState, number>> = {};

  const track = (record: JobRecord, revision: number): Tracked => {
    const known = tracked.get(record.jid);
    if (known) {
      if (revision >= known.revision) Object.assign(known, { record, revision });
      return known;
    }
    const job: Tracked = {
      record,
      revision,
      createdAt: Math.min(toMonotonic(clock, record.created), clock.monotonic()),
      dueAt: toMonotonic(clock, record.deadline),
      peels: new Set(unpackPeels(record.peels)),
      acked: new Set(),
      returned: new Set(),
      unreachable: new Set(),
      succeeded: 0,
      resent: false,
    };
    tracked.set(record.jid, job);
    return job;
  };

  const count = (job: Tracked, peel: string, success: boolean) => {
    if (!job.peels.has(peel) || job.returned.has(peel)) return;
    job.returned.add(peel);
    job.unreachable.delete(peel);
    if (success) job.succeeded++;
    if (job.returned.size === job.peels.size && mayEnd(job, Number.NEGATIVE_INFINITY)) void end(job, outcome(job));
  };

  /** What its peel did not sign cannot be its answer, and nothing else will be stored in its place. */
  const countStored = (job: Tracked, peel: string, payload: Uint8Array, isLast = false) => {
    const { jid } = job.record;
    if (!job.peels.has(peel) || job.returned.has(peel)) return;
    try {
      count(job, peel, returns.open(jid, peel, payload).success);
    } catch (error) {
      if (!isLast) return void setTimeout(() => countStored(job, peel, payload, true), newKeyMs);
      log.warn('Return refused', { jid, peel_id: peel, error });
      count(job, peel, false);
    }
  };

  const mayEnd = (job: Tracked, dueSince: number): boolean =>
    job.record.owner === master || !isAlive(job.record.owner) || clock.monotonic() - dueSince > politenessMs;

  const look = (job: Tracked) => {
    const now = clock.monotonic();
    const { createdAt: created, dueAt: deadline } = job;
    const { owner } = job.record;
    const ownsIt = owner === master || !isAlive(owner);
    const pending = [...job.peels].filter((peel) => !job.returned.has(peel));
    const silent = pending.filter((peel) => !job.acked.has(peel));
    if (pending.length === 0) {
      if (mayEnd(job, now)) void end(job, outcome(job));
      return;
    }
    if (ownsIt && !job.resent && silent.length > 0 && now - created > resendAfterMs && now < deadline) {
      job.resent = true;
      resend(job, silent);
    }
    giveUpOn(job, silent, now - created, ownsIt);
    const over = now > deadline + deadlineGraceMs;
    const hopeless = pending.every((peel) => job.unreachable.has(peel));
    if ((over && mayEnd(job, deadline + deadlineGraceMs)) || (hopeless && ownsIt)) void giveUp(job);
  };

  /** What was heard may have gaps; before a job ends without all returns, what is stored has the last word. */
  const giveUp = async (job: Tracked) => {
    const before = job.returned.size;
    await recount(job);
    if (job.returned.size === before) await end(job, outcome(job));
  };

  const recount = async (job: Tracked) => {
    const { jid } = job.record;
    try {
      for await (const { peel, payload } of returns.stored(jid)) countStored(job, peel, payload);
    } catch (error) {
      log.warn('Returns not read yet', { jid, error });
    }
  };

  const giveUpOn = (job: Tracked, silent: readonly string[], age: number, ownsIt: boolean) => {
    const lost = silent.filter(
      (peel) =>
        !job.unreachable.has(peel) && (age > unreachableAfterMs || (age > offlineAfterMs && !presence.isOnline(peel))),
    );
    if (lost.length === 0) return;
    for (const peel of lost) job.unreachable.add(peel);
    if (ownsIt) announce(job, job.record.state, lost);
  };

  const announce = (job: Tracked, state: JobState, unreachable: readonly string[]) => {
    const { jid } = job.record;
    bus.publish(channels.status, { jid }, { jid, state, unreachable: [...unreachable] });
  };

  /** Who comes while it is ending waits for that end. */
  const end = (job: Tracked, state: JobState, more: Partial<JobRecord> = {}): Promise<void> => {
    const { jid } = job.record;
    const known = ending.get(jid);
    if (known !== undefined) return known;
    const done = record(job, state, more).finally(() => ending.delete(jid));
    ending.set(jid, done);
    return done;
  };

  const record = async (job: Tracked, state: JobState, more: Partial<JobRecord>): Promise<void> => {
    const { jid } = job.record;
    try {
      const silent = [...job.peels].filter((peel) => !job.returned.has(peel));
      const ended: JobRecord = {
        ...job.record,
        state,
        finished: clock.now(),
        returned: job.returned.size,
        succeeded: job.succeeded,
        ...(silent.length === 0 ? {} : { silent: silent.slice(0, 1_000) }),
        ...more,
      };
      job.revision = await jobs.update(jid, encodeRecord(ended), job.revision);
      job.record = ended;
      tracked.delete(jid);
      await active.delete(jid);
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
      await settleConflict(job, error);
    }
  };

  /** Another master was first, or the store is away: what is stored decides. */
  const settleConflict = async (job: Tracked, error: unknown) => {
    const { jid } = job.record;
    const entry = await jobs.get(jid).catch(() => undefined);
    if (!entry) {
      log.warn('Job could not be ended yet', { jid, error });
      return;
    }
    job.record = decodeRecord(entry.value);
    job.revision = entry.revision;
    if (job.record.state !== 'running') tracked.delete(jid);
  };

  // The entry and the record are written side by side: a record that is not there yet is on its way, unless its master
  // died in between. An entry dropped too soon is a job that nobody looks after once its master is gone.
  const adopt = async (jid: string, [wait, ...later] = recordWaitsMs) => {
    const entry = await jobs.get(jid);
    if (!entry && wait !== undefined) return adoptLater(jid, wait, later);
    if (!entry) return void (await active.delete(jid));
    const record = decodeRecord(entry.value);
    if (record.state !== 'running') return void (await active.delete(jid));
    await recount(track(record, entry.revision));
  };

  const adoptLater = (jid: string, waitMs: number, later: readonly number[]) => {
    const timer = setTimeout(() => {
      waiting.delete(timer);
      void adopt(jid, later).catch((error) => log.warn('Job not adopted', { jid, error }));
    }, waitMs);
    waiting.add(timer);
  };

  // While away, returns were stored and republished to nobody here.
  bus.onState((state) => {
    if (state === 'connected') for (const job of tracked.values()) void recount(job);
  });

  const listening: readonly Listening[] = [
    bus.hear(channels.returned, {}, ({ jid, peel }, payload) => {
      const job = tracked.get(jid);
      if (job?.peels.has(peel)) countStored(job, peel, payload);
      else onStray({ jid, peel, bytes: payload.length });
    }),
    bus.listen(channels.ack, {}, ({ address: { jid, peel } }) => {
      const job = tracked.get(jid);
      job?.acked.add(peel);
      job?.unreachable.delete(peel);
    }),
    bus.listen(channels.status, {}, ({ body: { jid, state } }) => {
      if (state !== 'running') tracked.delete(jid);
    }),
    // Jobs of other masters: their records pass by when they are written.
    bus.hearKey(buckets.activeJobs.name, '*', (value, jid) => {
      if (value === undefined || tracked.has(jid)) return;
      void adopt(jid).catch((error) => log.warn('Job not adopted', { jid, error }));
    }),
  ];
  const timer = setInterval(() => {
    for (const job of tracked.values()) look(job);
  }, tickMs);

  return {
    get size() {
      return tracked.size;
    },
    get jids() {
      return tracked.keys();
    },
    finished,
    track,
    find: (jid) => tracked.get(jid),
    async recover() {
      for await (const jid of await active.keys()) await adopt(jid);
      if (tracked.size > 0) log.info('Took over active jobs', { jobs: tracked.size });
    },
    async amend(job, more) {
      const record = { ...job.record, ...more };
      job.revision = await jobs.update(record.jid, encodeRecord(record), job.revision);
      job.record = record;
    },
    end,
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      for (const each of waiting) clearTimeout(each);
      for (const each of listening) each.close();
    },
  };
}

/** The state that what is stored amounts to. */
function outcome(job: Tracked): JobState {
  if (job.record.killedBy !== undefined) return 'killed';
  if (job.returned.size === job.peels.size) return job.succeeded === job.peels.size ? 'complete' : 'failed';
  return job.returned.size === 0 ? 'timeout' : 'partial';
}
