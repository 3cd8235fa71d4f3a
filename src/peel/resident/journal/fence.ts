import type { Clock } from '#base/time.ts';
import { freshnessMs } from '#trust/orders.ts';

/**
 * A bound to what the disk lost of the ledger. A job is known by its id; one that is not, and that was ordered before
 * this time, may be a job whose record was lost.
 */
export interface Fence {
  /** Orders issued until then may have been lost; 0 when nothing ever was. */
  readonly until: number;
  /** Records that were written until then are lost. */
  raise(writtenUntil: number): void;
  restore(until: number): void;
  encloses(issuedAt: number): boolean;
}

export function createFence(clock: Clock): Fence {
  let until = 0;
  return {
    get until() {
      return until;
    },
    raise(writtenUntil) {
      // An order may have been issued by a clock ahead of ours: by so much, for more is refused.
      until = Math.max(until, writtenUntil + freshnessMs);
    },
    restore(kept) {
      until = Math.max(until, kept);
    },
    encloses(issuedAt) {
      // Drawn while our clock was ahead, and that was set since: nothing that is lost can be younger than now.
      const youngest = clock.now() + freshnessMs;
      if (until > youngest + freshnessMs) until = youngest;
      return issuedAt <= until;
    },
  };
}
