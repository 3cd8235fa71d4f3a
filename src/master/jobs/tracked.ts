import { type Clock, toMonotonic } from '#base/time.ts';
import { freshnessMs } from '#trust/orders.ts';
import type { JobRecord, JobState, Refusal } from '#wire/job.ts';
import { unpackPeels } from './record.ts';

/** One open job, as this master sees it. */
export interface Tracked {
  record: JobRecord;
  /** Of the record, on this process's monotonic clock. */
  readonly createdAt: number;
  readonly dueAt: number;
  revision: number;
  readonly peels: ReadonlySet<string>;
  /** Peels that have it in their ledger. */
  readonly acked: Set<string>;
  readonly returned: Set<string>;
  /** Peels that said they will not run it. */
  readonly refused: Map<string, Refusal>;
  /** Peels that confirmed a kill. */
  readonly stopped: Set<string>;
  /** Peels that operators were told not to wait for. It is no end: they may come back. */
  readonly unreachable: Set<string>;
  succeeded: number;
  /** How often silent peels were sent the order, or the kill, again; and when they are next. */
  repeats: number;
  nextRepeatAt: number;
}

/** Returns on their way when the deadline passes still count. */
const deadlineGraceMs = 3_000;
/** A peel that has not acknowledged by then is sent the order again; then ever more rarely. */
const repeatAfterMs: readonly number[] = [3_000, 5_000, 12_000, 25_000, 60_000];

export function trackedOf(record: JobRecord, revision: number, clock: Clock): Tracked {
  const createdAt = Math.min(toMonotonic(clock, record.created), clock.monotonic());
  return {
    createdAt,
    dueAt: toMonotonic(clock, record.deadline),
    record,
    revision,
    peels: new Set(unpackPeels(record.peels)),
    acked: new Set(),
    returned: new Set(),
    refused: new Map((record.refused ?? []).map((each) => [each.peel, each])),
    stopped: new Set(),
    unreachable: new Set(),
    succeeded: 0,
    repeats: 0,
    nextRepeatAt: createdAt + (repeatAfterMs[0] ?? 0),
  };
}

/** Peels of which nobody knows yet how it ended there, or that it never will start. */
export function pendingOf(job: Tracked): string[] {
  const { peels, returned, refused, stopped, record } = job;
  const isKilled = record.killedBy !== undefined;
  return [...peels].filter((peel) => !returned.has(peel) && !refused.has(peel) && !(isKilled && stopped.has(peel)));
}

/** Plans the next repetition. */
export function countRepeat(job: Tracked, now: number): void {
  job.repeats++;
  job.nextRepeatAt = now + (repeatAfterMs[job.repeats] ?? repeatAfterMs.at(-1) ?? 0);
}

/**
 * How long after its deadline nothing of the job can start any more on the peels that are pending: the deadline has
 * passed by the slowest of their clocks. Of a job that was killed nothing may be left to chance: a clock we do not know
 * may be as slow as peels accept at all.
 */
export function openAfterMs({ killedBy }: JobRecord, behindMs: number): number {
  return killedBy === undefined ? deadlineGraceMs + Math.min(Math.max(behindMs, 0), freshnessMs) : freshnessMs;
}

/** The state that what is known amounts to. */
export function outcomeOf({ record, peels, returned, refused, succeeded }: Tracked): JobState {
  if (record.killedBy !== undefined) return 'killed';
  return stateOf({ targets: peels.size, returned: returned.size, refused: refused.size, succeeded });
}

export function stateOf(counts: {
  readonly targets: number;
  readonly returned: number;
  readonly refused: number;
  readonly succeeded: number;
}): JobState {
  const { targets, returned, refused, succeeded } = counts;
  if (returned + refused >= targets) return succeeded === targets ? 'complete' : 'failed';
  return returned + refused === 0 ? 'timeout' : 'partial';
}
