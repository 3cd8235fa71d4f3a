import type { Clock } from '#base/time.ts';

/** Whether this process stood still lately: stopped by a signal, or with a machine that was paused. */
export interface Stalls extends Disposable {
  readonly lately: boolean;
}

const tickMs = 250;
/** A busy machine makes a tick late; nothing but a stop makes it this late. */
const stallMs = 3_000;
const rememberMs = 60_000;

/** A tick that comes much too late tells of a stop, some time after it is over. */
export function watchStalls(clock: Clock): Stalls {
  let tickedAt = clock.monotonic();
  let stalledAt = Number.NEGATIVE_INFINITY;
  const look = () => {
    const now = clock.monotonic();
    if (now - tickedAt > stallMs) stalledAt = now;
    tickedAt = now;
  };
  const timer = setInterval(look, tickMs);
  timer.unref();
  return {
    get lately() {
      look();
      return clock.monotonic() - stalledAt < rememberMs;
    },
    [Symbol.dispose]: () => clearInterval(timer),
  };
}
