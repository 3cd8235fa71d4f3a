import { toHuman } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import type { Ack, Refusal } from '#wire/job.ts';
import { cutText, letters } from '#wire/limits.ts';

/** How far the clocks of peels are from ours: each beat, and each refusal, carries the peel's own time. */
export interface Clocks {
  /** A peel said what time it is. */
  heard(peel: string, theirs: number): void;
  /** Positive when the peel's clock is ahead; undefined when it never said. */
  skewMs(peel: string): number | undefined;
  /** Why a peel refuses a job: a wrong clock explains what it says of deadlines and keys. */
  refusal(peel: string, ack: Ack): Refusal;
  forget(peel: string): void;
  /** Peels whose clock is so far off that jobs end early, or are refused. */
  readonly off: number;
  readonly mostMs: number;
}

/** A second or two is the network, and does no harm. */
export const noticeableMs = 10_000;

export function watchClocks({ clock, log }: { clock: Clock; log: Log }): Clocks {
  const skews = new Map<string, number>();

  const heard = (peel: string, theirs: number) => {
    const skew = Math.round(theirs - clock.now());
    const before = skews.get(peel) ?? 0;
    skews.set(peel, skew);
    if (isOff(skew) && !isOff(before)) log.warn('Clock of a peel is off', { peel_id: peel, ms: skew });
    if (!isOff(skew) && isOff(before)) log.info('Clock of a peel is right again', { peel_id: peel, ms: skew });
  };

  return {
    heard,
    skewMs: (peel) => skews.get(peel),
    refusal(peel, { code = 'ORDER_REFUSED', message: given = 'it gave no reason', now }) {
      const message = cutText(given, letters.sentence);
      if (now !== undefined) heard(peel, now);
      const skew = now === undefined ? 0 : now - clock.now();
      if (!isOff(skew)) return { peel, code, message };
      return {
        peel,
        code: 'CLOCK_OFF',
        message: `Cannot run the job: ${skewText(skew)}`,
        hint: `Set the clock of ${toHuman(peel)}: it said "${message}"`,
      };
    },
    forget: (peel) => void skews.delete(peel),
    get off() {
      return [...skews.values()].filter(isOff).length;
    },
    get mostMs() {
      return Math.max(0, ...[...skews.values()].map(Math.abs));
    },
  };
}

export function isOff(skewMs: number | undefined): boolean {
  return Math.abs(skewMs ?? 0) > noticeableMs;
}

/** `its clock is 1 d ahead of the master's`. */
export function skewText(skewMs: number): string {
  return `its clock is ${roundly(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead of' : 'behind'} the master's`;
}

function roundly(ms: number): string {
  const units = [
    [86_400_000, 'd'],
    [3_600_000, 'h'],
    [60_000, 'min'],
  ] as const;
  const [unit, name] = units.find(([size]) => ms >= size * 0.995) ?? [1_000, 's'];
  return `${Number((ms / unit).toFixed(ms < 10 * unit && unit > 1_000 ? 1 : 0))} ${name}`;
}
