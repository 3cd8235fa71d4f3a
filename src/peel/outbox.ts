import type { Log } from '#base/log.ts';
import { backoff, delay } from '#base/time.ts';
import type { Bus } from '#bus/bus.ts';
import { subjectOf } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';
import { decode, encode } from '#wire/codec.ts';
import type { Return } from '#wire/job.ts';
import type { Journal, SpooledReturn } from './journal.ts';

/** Beyond this a return travels in chunks: a message may hold a megabyte. */
const chunkBytes = 512_000;

/**
 * Sends returns until the stream has them. They are in the journal before, so a crash or an outage only delays them.
 */
export interface Outbox {
  /** Journals and sends. A journal that cannot be written is logged, and the return is sent from memory. */
  send(answer: Return, deadline: number): void;
  /** Everything that may have been lost: at boot, and at every reconnect. */
  resend(): void;
  /** Resolves when nothing is left to send, or when the signal aborts. */
  idle(signal: AbortSignal): Promise<void>;
}

export function createOutbox({
  bus,
  journal,
  peel,
  log,
}: {
  bus: Bus;
  journal: Journal;
  peel: string;
  log: Log;
}): Outbox {
  const inFlight = new Map<string, Promise<void>>();

  const deliver = async (entry: SpooledReturn): Promise<void> => {
    const waits = backoff();
    const payload = entry.payload();
    for (;;) {
      // While disconnected nothing can arrive; the reconnect sends it all again.
      if (bus.state !== 'connected') return;
      try {
        await publish(bus, peel, entry, payload);
        journal.stored(entry.jid);
        return;
      } catch (error) {
        log.debug('Return not stored yet', { jid: entry.jid, error });
        await delay(waits.next());
      }
    }
  };

  const start = (entry: SpooledReturn) => {
    if (inFlight.has(entry.jid)) return;
    const done = deliver(entry).finally(() => inFlight.delete(entry.jid));
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
      start({ jid: answer.jid, success: answer.success, payload: () => payload });
    },
    resend() {
      for (const entry of [...journal.unsent(), ...journal.recent()]) start(entry);
    },
    async idle(signal) {
      while (inFlight.size > 0 && !signal.aborted) {
        await Promise.race([Promise.allSettled(inFlight.values()), delay(30_000, signal)]);
      }
    },
  };
}

async function publish(bus: Bus, peel: string, { jid, success }: SpooledReturn, payload: Uint8Array): Promise<void> {
  // Masters count without decoding what may be a large report.
  const headers = { 'Zester-Success': String(success) };
  const subject = subjectOf(channels.return, { jid, peel });
  if (payload.length <= chunkBytes) {
    await bus.store(subject, payload, { headers });
    return;
  }
  const { value, report, ...head } = decode(payload) as Return;
  const body = encode({ value, report });
  const chunks = Math.ceil(body.length / chunkBytes);
  for (let index = 0; index < chunks; index++) {
    const part = body.subarray(index * chunkBytes, (index + 1) * chunkBytes);
    await bus.store(subjectOf(channels.chunk, { jid, peel, index: String(index) }), part);
  }
  await bus.store(subject, encode({ ...head, chunks }), { headers });
}
