import type { Clock } from '#base/time.ts';
import type { Notice } from '#wire/peel.ts';
import type { Fleet } from './fleet.ts';
import type { Presence } from './presence.ts';

/** Asks peels again for what only they know, when a store has lost it. */
export interface Wanted {
  /** The stream of returns was lost: peels still have their latest. */
  returnsLost(): void;
}

/** A peel that has just come publishes its facts by itself. */
const patienceMs = 5_000;
const askAgainMs = 15_000;
/** By then every peel has beaten, and was asked for its returns. */
const returnsForMs = 60_000;

/** A beat is the moment to ask: the peel is there, and a thousand of them do not beat at once. */
export function askPeels(parts: {
  readonly presence: Presence;
  readonly fleet: Fleet;
  readonly notify: (peel: string, notice: Pick<Notice, 'wanted'>) => void;
  readonly clock: Clock;
}): Wanted {
  const { presence, fleet, notify, clock } = parts;
  const factsMissingSince = new Map<string, number>();
  let lostAt: number | undefined;
  let askedForReturns = new Set<string>();

  const askForFacts = (peel: string, now: number) => {
    if (!fleet.isMissing(peel)) return void factsMissingSince.delete(peel);
    const since = factsMissingSince.get(peel);
    if (since === undefined && !fleet.isLost(peel)) return void factsMissingSince.set(peel, now);
    if (since !== undefined && now - since < patienceMs) return;
    // The next time is as far away as if it had just come.
    factsMissingSince.set(peel, now + askAgainMs - patienceMs);
    notify(peel, { wanted: ['facts'] });
  };

  presence.onBeat((peel) => {
    const now = clock.monotonic();
    askForFacts(peel, now);
    if (lostAt === undefined || now - lostAt > returnsForMs || askedForReturns.has(peel)) return;
    askedForReturns.add(peel);
    notify(peel, { wanted: ['returns'] });
  });

  return {
    returnsLost() {
      lostAt = clock.monotonic();
      askedForReturns = new Set();
    },
  };
}
