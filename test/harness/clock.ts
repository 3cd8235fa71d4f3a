import type { Clock } from '#base/time.ts';

/** The time of a machine whose wall clock somebody sets: what is measured goes on as it did. */
export interface SteppedClock extends Clock {
  step(ms: number): void;
  /** How often somebody measured: what looks again and again has looked. */
  readonly measured: number;
}

export function steppedClock(): SteppedClock {
  let ahead = 0;
  let measured = 0;
  return {
    now: () => Date.now() + ahead,
    monotonic() {
      measured++;
      return performance.now();
    },
    step(ms) {
      ahead += ms;
    },
    get measured() {
      return measured;
    },
  };
}
