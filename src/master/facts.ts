import { isPeelId } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import { repeat } from '#base/repeat.ts';
import type { Clock } from '#base/time.ts';
import type { BadRecords } from '#bus/bad-records.ts';
import type { FactsRecord } from '#wire/peel.ts';
import { buckets } from '#wire/stores.ts';

/** What one peel may cost the others. */
export interface FactLimits {
  /** Bytes of its record. */
  readonly bytes: number;
  /** Keys of its facts, at any depth. */
  readonly keys: number;
  /** Least time between two of its records that are looked at. */
  readonly everyMs: number;
}

export const defaultFactLimits: FactLimits = { bytes: 262_144, keys: 4_096, everyMs: 1_000 };

export interface FactsIntakeParts {
  /** The facts of a record: signed by this peel, and facts. Throws what is wrong with them. */
  readonly open: (peel: string, bytes: Uint8Array) => FactsRecord;
  readonly limits: FactLimits;
  readonly bad: BadRecords;
  /** Takes facts that are within the limits. */
  readonly take: (peel: string, facts: FactsRecord['facts']) => void;
  /** A peel is known by its id at least, even if nothing it says can be used. */
  readonly takeUnusable: (peel: string) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where facts come in: judged, within limits, and no peel's more often than it may. */
export interface FactsIntake extends Disposable {
  /** What was stored before this master started: all at once. */
  takeNow(peel: string, bytes: Uint8Array): void;
  /** What a peel has just written. The newest counts; what comes too fast waits, and is replaced by what comes next. */
  receive(peel: string, bytes: Uint8Array): void;
  forget(peel: string): void;
  /** Peels whose facts could not be believed: somebody's, or the enrolment they belong to is not known here yet. */
  readonly refused: ReadonlySet<string>;
  /** Peels whose facts are over a limit, and which: the last ones within it count. */
  readonly over: ReadonlyMap<string, string>;
}

const drainMs = 100;

export function openFactsIntake({ open, limits, bad, take, takeUnusable, clock, log }: FactsIntakeParts): FactsIntake {
  const over = new Map<string, string>();
  const refused = new Set<string>();
  const taken = new Map<string, number>();
  const waiting = new Map<string, Uint8Array>();
  const { name: bucket } = buckets.facts;

  const takeNow = (peel: string, bytes: Uint8Array) => {
    waiting.delete(peel);
    taken.set(peel, clock.monotonic());
    refused.delete(peel);
    const judged = readWithin(bytes, limits, () => open(peel, bytes));
    if (judged.record !== undefined) {
      over.delete(peel);
      bad.clear(bucket, peel);
      take(peel, judged.record.facts);
    } else if (judged.over !== undefined) {
      if (!over.has(peel)) log.warn('Facts over the limit, and left out', { peel_id: peel, reason: judged.over });
      over.set(peel, judged.over);
      bad.clear(bucket, peel);
      if (isPeelId(peel)) takeUnusable(peel);
    } else {
      refused.add(peel);
      bad.add({ bucket, key: peel, reason: judged.reason, instead: 'its last good facts count' });
    }
  };
  const isEarly = (peel: string) => clock.monotonic() - (taken.get(peel) ?? -limits.everyMs) < limits.everyMs;
  const draining = repeat(
    drainMs,
    () => {
      for (const [peel, bytes] of waiting) if (!isEarly(peel)) takeNow(peel, bytes);
    },
    (error) => log.error('Facts not taken', { error }),
  );

  return {
    takeNow,
    receive(peel, bytes) {
      if (isEarly(peel)) waiting.set(peel, bytes);
      else takeNow(peel, bytes);
    },
    forget(peel) {
      for (const each of [waiting, taken, over, refused]) each.delete(peel);
      bad.clear(bucket, peel);
    },
    refused,
    over,
    [Symbol.dispose]: () => draining[Symbol.dispose](),
  };
}

interface Judged {
  readonly record?: FactsRecord;
  readonly over?: string;
  readonly reason: string;
}

function readWithin(bytes: Uint8Array, limits: FactLimits, read: () => FactsRecord): Judged {
  if (bytes.length > limits.bytes) return { over: `${bytes.length} bytes of ${limits.bytes}`, reason: '' };
  try {
    const record = read();
    const keys = countKeys(record.facts);
    return keys > limits.keys ? { over: `${keys} keys of ${limits.keys}`, reason: '' } : { record, reason: '' };
  } catch (error) {
    return { reason: (error as Error).message };
  }
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return 0;
  const values = Object.values(value);
  let keys = Array.isArray(value) ? 0 : values.length;
  for (const each of values) keys += countKeys(each);
  return keys;
}
