import { type Clock, systemClock } from '#base/time.ts';

/** Tells the latest of many: at once when nothing was told lately, and otherwise as soon as it is time again. */
export interface Paced<T> {
  put(value: T): void;
  /** Whatever is still to be told is not. */
  end(): void;
}

export function paced<T>(everyMs: number, tell: (latest: T) => void, clock: Clock = systemClock): Paced<T> {
  let next = Number.NEGATIVE_INFINITY;
  let waiting: { latest: T; readonly timer: NodeJS.Timeout } | undefined;
  const now = (value: T) => {
    next = clock.monotonic() + everyMs;
    tell(value);
  };
  return {
    put(value) {
      const wait = next - clock.monotonic();
      if (waiting !== undefined) waiting.latest = value;
      else if (wait <= 0) now(value);
      else waiting = { latest: value, timer: setTimeout(flush, wait) };
    },
    end() {
      clearTimeout(waiting?.timer);
      waiting = undefined;
    },
  };

  function flush(): void {
    const late = waiting;
    waiting = undefined;
    if (late !== undefined) now(late.latest);
  }
}
