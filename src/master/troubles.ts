import type { ZesterError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import type { Bus } from '#bus/bus.ts';

/** Requests that could not be answered, or whose answer was a bug of ours. */
export interface Troubles {
  /** By code: a closed set. */
  readonly counts: ReadonlyMap<string, number>;
  readonly last: string | undefined;
}

/** Whoever makes the same trouble a thousand times a second is worth one line a minute. */
const quietMs = 60_000;

export function watchTroubles({ bus, clock, log }: { bus: Bus; clock: Clock; log: Log }): Troubles {
  const counts = new Map<string, number>();
  const logged = new Map<string, number>();
  let last: string | undefined;
  bus.onTrouble((error: ZesterError, subject) => {
    const { code, family, message } = error;
    counts.set(code, (counts.get(code) ?? 0) + 1);
    last = message;
    const now = clock.monotonic();
    if (now - (logged.get(code) ?? -quietMs) < quietMs) return;
    logged.set(code, now);
    if (family === 'bug') log.error('Bug in Zester', { error, subject });
    else log.warn('Request not answered', { error, subject });
  });
  return {
    counts,
    get last() {
      return last;
    },
  };
}
