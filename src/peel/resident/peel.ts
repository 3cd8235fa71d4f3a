import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import { build } from '#base/version.ts';
import type { Bus } from '#bus/bus.ts';
import type { Ending } from '#machine/processes/end.ts';
import { channels } from '#wire/channels.ts';
import type { TrustBundle } from '#wire/enroll.ts';
import { buckets } from '#wire/stores.ts';
import type { LocalTree } from '../shared/tree.ts';
import type { Resident } from './fast.ts';
import { type Inbox, type Lanes, openInbox } from './inbox.ts';
import type { Instance } from './instance.ts';
import type { Journal } from './journal.ts';
import { keepFacts } from './keep-facts.ts';
import { hearNotices } from './notices.ts';
import { createOutbox, type Outbox } from './outbox.ts';

export interface PeelParts {
  readonly peel: string;
  /** Of its own key, which signs what it says. */
  readonly seed: string;
  readonly bus: Bus;
  readonly journal: Journal;
  /** Which process this is. */
  readonly instance: Instance;
  readonly lanes: Lanes;
  readonly trust: () => TrustBundle;
  readonly resident: () => Resident;
  readonly tree: () => LocalTree;
  /** What became of the processes that interrupted jobs had started. */
  readonly leftovers?: ReadonlyMap<string, Ending> | undefined;
  readonly heartbeatMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** The part of a peel that is on the bus: it takes orders, answers, says what it is and that it is there. */
export interface Peel {
  readonly inbox: Inbox;
  readonly outbox: Outbox;
  /** A master said that another machine has this identity. */
  readonly isRefused: boolean;
  /** Publishes the facts when they differ from what was published last. */
  publishFacts(): void;
  /** Stops beating, says nothing. */
  halt(): void;
  /** Finishes what was accepted, says goodbye; past the signal it leaves the rest to the journal. */
  stop(signal: AbortSignal): Promise<void>;
}

export const heartbeatMs = 4_000;
const strangerMs = 500;

export function startPeel(parts: PeelParts): Peel {
  const { peel, seed, bus, journal, instance, resident, clock, log } = parts;
  const startedAt = clock.now();
  const outbox = createOutbox({ bus, journal, peel, seed, log });
  const beat = (state: 'up' | 'bye') => {
    if (bus.state !== 'connected') return;
    const said = state === 'up' && notices.isRefused ? 'refused' : state;
    const now = clock.now();
    bus.publish(channels.heartbeat, { peel }, { v: 1, version: build.version, state: said, startedAt, now, instance });
  };
  const notices = hearNotices({
    bus,
    peel,
    instance,
    trust: parts.trust,
    publishFacts() {
      published = '';
      publishFacts();
    },
    sendReturns: () => outbox.resend(),
    onVerdict: () => beat('up'),
    clock,
    log,
  });
  let strangerAt = 0;
  const inbox = openInbox({
    ...parts,
    outbox,
    run: instance.run,
    isRefused: () => notices.isRefused,
    onStranger() {
      // A master takes another process for this peel: it hears of this one at once, not at the next beat.
      const now = performance.now();
      if (now - strangerAt < strangerMs) return;
      strangerAt = now;
      beat('up');
    },
  });
  inbox.reportInterrupted();

  const heart = setInterval(() => beat('up'), parts.heartbeatMs);

  let published = '';
  const publishFacts = () => {
    const { facts, grains } = resident();
    const text = JSON.stringify([facts, grains]);
    if (bus.state !== 'connected' || text === published || notices.isRefused) return;
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
    get isRefused() {
      return notices.isRefused;
    },
    publishFacts,
    halt: () => clearInterval(heart),
    async stop(signal) {
      clearInterval(heart);
      notices[Symbol.dispose]();
      await inbox.drain(signal);
      await outbox.idle(signal);
      outbox[Symbol.dispose]();
      beat('bye');
      await bus.close();
    },
  };
}
