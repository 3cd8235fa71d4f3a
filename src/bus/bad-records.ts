import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import { cutText } from '#wire/limits.ts';

/** A record that could not be believed, and was left out. */
export interface BadRecord {
  readonly bucket: string;
  readonly key: string;
  readonly reason: string;
  /** What was done instead, when something was: an older revision counts. */
  readonly instead?: string | undefined;
  readonly at: number;
}

/** Every bad record that a store holds, as far as this process has met it. */
export interface BadRecords {
  /** Remembers it, and logs it once. */
  add(record: Omit<BadRecord, 'at'>): void;
  /** The key holds a good record again, or none. */
  clear(bucket: string, key: string): void;
  /** As many as are remembered; `counts` has them all. */
  readonly all: readonly BadRecord[];
  readonly counts: ReadonlyMap<string, number>;
}

/** A store full of junk must not become a process full of it: of each bucket so many are remembered by name. */
const remembered = 1_000;
const keyLetters = 200;

export function createBadRecords({ clock, log }: { readonly clock: Clock; readonly log: Log }): BadRecords {
  const buckets = new Map<string, Map<string, BadRecord>>();
  const beyond = new Map<string, number>();
  return {
    add({ bucket, key, reason, instead }) {
      const known = buckets.get(bucket) ?? new Map<string, BadRecord>();
      buckets.set(bucket, known);
      const name = cutText(key, keyLetters);
      const record = { bucket, key: name, reason: cutText(reason, keyLetters), instead, at: clock.now() };
      const before = known.get(name);
      if (before?.reason === record.reason && before.instead === instead) return;
      if (before === undefined && known.size >= remembered) {
        beyond.set(bucket, (beyond.get(bucket) ?? 0) + 1);
        return;
      }
      known.set(name, record);
      log.warn('Record is bad, and left out', { bucket, key: name, reason: record.reason });
    },
    clear(bucket, key) {
      if (!buckets.get(bucket)?.delete(cutText(key, keyLetters))) return;
      log.info('Record is good again', { bucket, key });
    },
    get all() {
      return [...buckets.values()].flatMap((each) => [...each.values()]);
    },
    get counts() {
      return new Map([...buckets].map(([bucket, known]) => [bucket, known.size + (beyond.get(bucket) ?? 0)]));
    },
  };
}
