import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import { build } from '#base/version.ts';
import type { Bus } from '#bus/bus.ts';
import { channels } from '#wire/channels.ts';
import type { TrustBundle } from '#wire/enroll.ts';
import { buckets } from '#wire/stores.ts';
import type { Resident } from './fast.ts';
import { type Inbox, type Lanes, openInbox } from './inbox.ts';
import type { Journal } from './journal.ts';
import { keepFacts } from './keep-facts.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import type { LocalTree } from './tree.ts';

export interface PeelParts {
  readonly peel: string;
  /** Of its own key, which signs what it says. */
  readonly seed: string;
  readonly bus: Bus;
  readonly journal: Journal;
  readonly lanes: Lanes;
  readonly trust: () => TrustBundle;
  readonly resident: () => Resident;
  readonly tree: () => LocalTree;
  readonly heartbeatMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** The part of a peel that is on the bus: it takes orders, answers, says what it is and that it is there. */
export interface Peel {
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  /** Publishes the facts when they differ from what was published last. */
  publishFacts(): void;
  /** Stops beating, says nothing. */
  halt(): void;
  /** Finishes what was accepted, says goodbye; past the signal it leaves the rest to the journal. */
  stop(signal: AbortSignal): Promise<void>;
}

export const heartbeatMs = 4_000;

export function startPeel(parts: PeelParts): Peel {
  const { peel, seed, bus, journal, resident, clock, log } = parts;
  const startedAt = clock.now();
  const outbox = createOutbox({ bus, journal, peel, seed, log });
  const inbox = openInbox({ ...parts, outbox });
  inbox.reportInterrupted();

  const beat = (state: 'up' | 'bye') => {
    if (bus.state !== 'connected') return;
    bus.publish(channels.heartbeat, { peel }, { v: 1, version: build.version, state, startedAt });
  };
  const heart = setInterval(() => beat('up'), parts.heartbeatMs);

  let published = '';
  const publishFacts = () => {
    const { facts, grains } = resident();
    const text = JSON.stringify([facts, grains]);
    if (bus.state !== 'connected' || text === published) return;
    const record = { v: 1, facts: { ...facts, grains }, version: build.version, collectedAt: clock.now() };
    keepFacts(bus, buckets.facts, { peel, seed }, record)
      .then(() => {
        published = text;
      })
      .catch((error) => log.warn('Facts not published', { error }));
  };

  bus.onState((state) => {
    if (state === 'connected') {
      log.info('Connected', { server: bus.connection.getServer() });
      beat('up');
      publishFacts();
      outbox.resend();
    } else log.warn('Not connected', { state });
  });

  return {
    inbox,
    outbox,
    publishFacts,
    halt: () => clearInterval(heart),
    async stop(signal) {
      clearInterval(heart);
      await inbox.drain(signal);
      await outbox.idle(signal);
      outbox[Symbol.dispose]();
      beat('bye');
      await bus.close();
    },
  };
}
