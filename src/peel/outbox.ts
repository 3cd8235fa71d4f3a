import type { Log } from '#base/log.ts';
import { backoff, delay } from '#base/time.ts';
import type { Bus } from '#bus/bus.ts';
import { encode } from '#wire/codec.ts';
import type { Return } from '#wire/job.ts';
import type { Journal, SpooledReturn } from './journal.ts';
import { createReturnStore } from './return-store.ts';

/**
 * Sends returns until the stream has them. They are in the journal before, so a crash or an outage only delays them.
 */
export interface Outbox extends Disposable {
  /** Journals and sends. A journal that cannot be written is logged, and the return is sent from memory. */
  send(answer: Return, deadline: number): void;
  /** Everything that may have been lost: at boot, and at every reconnect. */
  resend(): void;
  /** Resolves when nothing is left to send, or when the signal aborts. */
  idle(signal: AbortSignal): Promise<void>;
}

export interface OutboxParts {
  readonly bus: Bus;
  readonly journal: Journal;
  readonly peel: string;
  /** Of the peel's own key: every return is signed with it. */
  readonly seed: string;
  readonly log: Log;
}

export function createOutbox({ bus, journal, peel, seed, log }: OutboxParts): Outbox {
  const inFlight = new Map<string, Promise<void>>();
  const store = createReturnStore({ bus, peel, seed });

  const deliver = async ({ jid, payload }: SpooledReturn, mayBeThere: boolean): Promise<void> => {
    const waits = backoff();
    for (let check = mayBeThere; ; check = true) {
      // While disconnected nothing can arrive; the reconnect sends it all again.
      if (bus.state !== 'connected') return;
      try {
        if (check && (await store.has(jid))) return journal.stored(jid);
        await store.put(jid, payload());
        return journal.stored(jid);
      } catch (error) {
        log.debug('Return not stored yet', { jid, error });
        await delay(waits.next());
      }
    }
  };

  const start = (entry: SpooledReturn, mayBeThere: boolean) => {
    if (inFlight.has(entry.jid)) return;
    const done = deliver(entry, mayBeThere).finally(() => inFlight.delete(entry.jid));
    inFlight.set(entry.jid, done);
  };

  return {
    send(answer, deadline) {
      const payload = encode(answer);
      try {
        journal.answer(answer, deadline, payload);
      } catch (error) {
        log.error('Return kept in memory only', { jid: answer.jid, error });
      }
      start({ jid: answer.jid, success: answer.success, payload: () => payload }, false);
    },
    resend() {
      for (const entry of [...journal.unsent(), ...journal.recent()]) start(entry, true);
    },
    async idle(signal) {
      while (inFlight.size > 0 && !signal.aborted) {
        await Promise.race([Promise.allSettled(inFlight.values()), delay(30_000, signal)]);
      }
    },
    [Symbol.dispose]: () => store[Symbol.dispose](),
  };
}
