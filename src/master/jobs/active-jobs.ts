import { isJid } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import { repeat } from '#base/repeat.ts';
import type { Clock } from '#base/time.ts';
import type { BadRecords } from '#bus/bad-records.ts';
import type { KvBucket } from '#bus/bucket.ts';
import type { Bus, Listening } from '#bus/bus.ts';
import { storeContended } from '#bus/outside.ts';
import { type Records, recordBad } from '#bus/records.ts';
import { channels } from '#wire/channels.ts';
import type { JobRecord, JobState, Refusal } from '#wire/job.ts';
import { buckets } from '#wire/stores.ts';
import type { Clocks } from '../clocks.ts';
import type { Presence } from '../presence.ts';
import { createClosing } from './closing.ts';
import type { Late } from './late.ts';
import { encodeRecord } from './record.ts';
import type { Returns } from './returns.ts';
import type { Stored } from './sweep.ts';
import { countRepeat, openAfterMs, outcomeOf, pendingOf, type Tracked, trackedOf } from './tracked.ts';

export interface ActiveJobsOptions {
  readonly bus: Bus;
  readonly jobs: KvBucket;
  readonly records: Records<JobRecord>;
  readonly activeRecords: Records<unknown>;
  readonly bad: BadRecords;
  readonly active: KvBucket;
  readonly returns: Returns;
  readonly late: Late;
  readonly presence: Presence;
  readonly clocks: Clocks;
  readonly master: string;
  /** Other masters that are alive. */
  readonly isAlive: (master: string) => boolean;
  /** Sends the order again to peels that said nothing. */
  readonly resend: (job: Tracked, silent: readonly string[]) => void;
  /** Sends the kill, again, to peels that did not confirm it. */
  readonly tellKilled: (job: Tracked, peels: readonly string[]) => void;
  /** Something was stored that may be nobody's answer. */
  readonly onStray: (stored: Stored) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * The jobs that are open. Every master keeps all of them: a record says who sends, and what is stored says how it
 * ended, so any master can close any job, and the compare-and-set on the record lets one of them do it.
 *
 * A job is open until every peel has answered, or cannot start it any more. A peel that is not reached is announced,
 * for whoever waits; that ends nothing.
 */
export interface ActiveJobs extends AsyncDisposable {
  readonly size: number;
  readonly jids: Iterable<string>;
  track(record: JobRecord, revision: number): Tracked;
  find(jid: string): Tracked | undefined;
  /** Until when a job stays open, as far as its silent peels are concerned. */
  openUntil(job: Tracked): number;
  /** Looks a job up in the store, and looks after it if it is open. */
  adopt(jid: string): Promise<Tracked | undefined>;
  /** Writes more into an open job's record, and tells the other masters; false when another was first. */
  amend(job: Tracked, record: JobRecord): Promise<boolean>;
  /** Closes a job now, if its peels have all answered. */
  settle(job: Tracked): Promise<void>;
  /** Reads from the store what was not heard. Whether it could be read. */
  recount(job: Tracked): Promise<boolean>;
  /** Writes all open jobs again, into stores that have lost them. */
  restore(): Promise<number>;
  /** A peel is there again, or for the first time: what waits for it is sent at the next tick. */
  welcome(peel: string): void;
  readonly finished: { readonly [State in JobState]?: number };
}

/** One that presence calls offline, and that stays silent, is announced as unreachable. */
const offlineAfterMs = 2_000;
const unreachableAfterMs = 8_000;
const tickMs = 250;
/** Peels that one message names. */
const announcedPeels = 2_000;
/** When a job that is listed and has no record is looked for again. */
const recordWaitsMs: readonly number[] = [100, 1_000, 5_000];
/** A key that was enrolled at another master a moment ago may not be known here yet. */
const newKeyMs = 1_000;

export function openActiveJobs(options: ActiveJobsOptions): ActiveJobs {
  const { bus, jobs, active, records, activeRecords, bad, returns, late, presence, clocks, clock, log } = options;
  const { master, isAlive, resend, tellKilled, onStray } = options;
  const tracked = new Map<string, Tracked>();
  const back = new Set<string>();
  let stopped = false;

  const announce = (
    job: Tracked,
    state: JobState,
    unreachable: readonly string[],
    refused: readonly Refusal[] = [],
  ) => {
    const { jid } = job.record;
    const more = refused.length === 0 ? {} : { refused: [...refused] };
    // Of many in several messages: the state comes with the last, when all of them are known.
    for (let at = 0; at < unreachable.length || at === 0; at += announcedPeels) {
      const some = unreachable.slice(at, at + announcedPeels);
      const isLast = at + announcedPeels >= unreachable.length;
      const said = isLast ? { state, ...more } : { state: 'running' as const };
      bus.publish(channels.status, { jid }, { jid, unreachable: some, ...said });
    }
  };
  const closing = createClosing({
    jobs,
    records,
    active,
    late,
    forget: (jid) => tracked.delete(jid),
    announce,
    clock,
    log,
  });

  const track = (record: JobRecord, revision: number): Tracked => {
    const known = tracked.get(record.jid);
    if (known) {
      if (revision >= known.revision) Object.assign(known, { record, revision });
      return known;
    }
    const job = trackedOf(record, revision, clock);
    tracked.set(record.jid, job);
    return job;
  };

  const settle = async (job: Tracked) => {
    if (pendingOf(job).length === 0) await closing.close(job, outcomeOf(job));
  };

  const count = (job: Tracked, peel: string, success: boolean) => {
    if (!job.peels.has(peel) || job.returned.has(peel)) return;
    job.returned.add(peel);
    job.refused.delete(peel);
    job.unreachable.delete(peel);
    if (success) job.succeeded++;
    // Most returns are not the last: a thousand of them must not look at a thousand peels each.
    if (job.returned.size + job.refused.size + job.stopped.size >= job.peels.size) void settle(job);
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

  const owns = ({ record: { owner } }: Tracked) => owner === master || !isAlive(owner);

  /** How far the slowest of these clocks is behind ours. */
  const behindMs = (peels: readonly string[]) =>
    peels.reduce((most, peel) => Math.max(most, -(clocks.skewMs(peel) ?? 0)), 0);

  const look = (job: Tracked) => {
    const now = clock.monotonic();
    const pending = pendingOf(job);
    if (pending.length === 0) return void settle(job);
    if (owns(job)) sendAgain(job, pending, now);
    if (now > job.dueAt + openAfterMs(job.record, behindMs(pending))) return void giveUp(job);
    if (job.record.killedBy === undefined) announceUnreachable(job, pending, now - job.createdAt);
  };

  const sendAgain = (job: Tracked, pending: readonly string[], now: number) => {
    const isKilled = job.record.killedBy !== undefined;
    if (!isKilled && now >= job.dueAt) return;
    const silent = isKilled ? pending : pending.filter((peel) => !job.acked.has(peel));
    const isDue = now >= job.nextRepeatAt;
    // Who is away cannot hear it; it is sent when they are back.
    const chosen = silent.filter((peel) => {
      if (!back.has(peel) && !(isDue && presence.isOnline(peel))) return false;
      return isKilled || presence.mayRepeat(peel, job.record.created);
    });
    if (isDue) countRepeat(job, now);
    if (chosen.length === 0) return;
    if (isKilled) tellKilled(job, chosen);
    else resend(job, chosen);
  };

  const announceUnreachable = (job: Tracked, pending: readonly string[], age: number) => {
    if (age <= offlineAfterMs) return;
    const lost = pending.filter((peel) => {
      if (job.acked.has(peel) || job.unreachable.has(peel)) return false;
      return age > unreachableAfterMs || !presence.isOnline(peel);
    });
    if (lost.length === 0) return;
    for (const peel of lost) job.unreachable.add(peel);
    if (owns(job)) announce(job, job.record.state, lost);
  };

  /** What was heard may have gaps; before a job ends without all returns, what is stored has the last word. */
  const giveUp = async (job: Tracked) => {
    const before = job.returned.size;
    if (!(await recount(job)) || job.returned.size !== before) return;
    await closing.close(job, outcomeOf(job));
  };

  const recount = async (job: Tracked): Promise<boolean> => {
    const { jid } = job.record;
    try {
      for await (const { peel, payload } of returns.stored(jid)) countStored(job, peel, payload);
      return true;
    } catch (error) {
      log.warn('Returns not read yet', { jid, error });
      return false;
    }
  };

  const adopt = async (jid: string): Promise<Tracked | undefined> => {
    const stored = await records.find(jid);
    if (stored === undefined) return undefined;
    const { value: record, revision } = stored;
    if (record.state !== 'running') {
      tracked.delete(jid);
      return undefined;
    }
    const isNew = !tracked.has(jid);
    const job = tracking(record, revision);
    if (isNew) await recount(job);
    return job;
  };

  const tracking = (record: JobRecord, revision: number): Tracked => {
    try {
      return track(record, revision);
    } catch (error) {
      bad.add({ bucket: buckets.jobs.name, key: record.jid, reason: (error as Error).message });
      throw recordBad(buckets.jobs.name, record.jid);
    }
  };

  const refuse = (job: Tracked, refusal: Refusal) => {
    const { peel } = refusal;
    if (!job.peels.has(peel) || job.returned.has(peel) || job.refused.has(peel)) return;
    job.refused.set(peel, refusal);
    if (owns(job)) announce(job, 'running', [], [refusal]);
    void settle(job);
  };

  // While away, returns were stored and republished to nobody here.
  bus.onState((state) => {
    if (state === 'connected') for (const job of tracked.values()) void recount(job);
  });

  // The entry and the record are written side by side: a record that is not there yet is on its way. What is missing
  // after the last look is found, or given up, by `reconcile`.
  const adoptSoon = (jid: string, [wait, ...later]: readonly number[] = recordWaitsMs) => {
    adopt(jid).then(
      (job) => {
        if (job !== undefined || tracked.has(jid) || wait === undefined || stopped) return;
        setTimeout(() => adoptSoon(jid, later), wait);
      },
      (error) => log.warn('Job not adopted', { jid, error }),
    );
  };

  const listening: readonly Listening[] = [
    bus.subscribe(channels.returned, {}, ({ jid, peel }, payload) => {
      const job = tracked.get(jid);
      if (job?.peels.has(peel)) return countStored(job, peel, payload);
      onStray({ jid, peel, bytes: payload.length });
      if (job === undefined) late.note(jid);
    }),
    bus.listen(channels.ack, {}, ({ address: { jid, peel }, body }) => {
      const job = tracked.get(jid);
      if (job === undefined || !job.peels.has(peel)) return;
      if (body.state === 'refused') return refuse(job, clocks.refusal(peel, body));
      job.unreachable.delete(peel);
      if (body.state === 'queued' || body.state === 'running') job.acked.add(peel);
      else if (job.record.killedBy !== undefined) {
        job.stopped.add(peel);
        void settle(job);
      } else job.acked.add(peel);
    }),
    bus.listen(channels.status, {}, ({ body: { jid, state } }) => {
      if (state !== 'running') tracked.delete(jid);
    }),
    // Jobs of other masters, and what is written into ours: the key passes by when the record changes.
    bus.watchKey(buckets.activeJobs.name, '*', (value, jid) => {
      if (value === undefined) return activeRecords.forget(jid);
      activeRecords.accept(jid, value);
      if (isJid(jid)) adoptSoon(jid);
    }),
  ];
  const ticking = repeat(
    tickMs,
    () => {
      for (const job of tracked.values()) look(job);
      back.clear();
    },
    (error) => log.error('Active jobs not looked at', { error }),
  );

  return {
    get size() {
      return tracked.size;
    },
    get jids() {
      return tracked.keys();
    },
    finished: closing.finished,
    track,
    find: (jid) => tracked.get(jid),
    openUntil: (job) => job.record.deadline + openAfterMs(job.record, behindMs(pendingOf(job))),
    adopt,
    async amend(job, record) {
      const revision = await jobs.update(record.jid, encodeRecord(record), job.revision);
      if (revision === undefined) return false;
      job.revision = revision;
      job.record = record;
      await closing.list(record);
      return true;
    },
    settle,
    recount,
    async restore() {
      for (const job of tracked.values()) {
        const { jid } = job.record;
        // Another master may have been first: then its revision counts.
        const stored = await jobs.get(jid);
        const revision = stored?.revision ?? (await jobs.create(jid, encodeRecord(job.record)));
        if (revision === undefined) throw storeContended();
        job.revision = revision;
        await closing.list(job.record);
      }
      return tracked.size;
    },
    welcome: (peel) => void back.add(peel),
    async [Symbol.asyncDispose]() {
      stopped = true;
      ticking[Symbol.dispose]();
      for (const each of listening) each.close();
    },
  };
}
