import { isError, ZesterError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { backoff, delay } from '#base/time.ts';
import type { Bus } from '#bus/bus.ts';
import { decode, encode } from '#wire/codec.ts';
import { errorBody } from '#wire/error.ts';
import type { Return } from '#wire/job.ts';
import { envelopeBytes, returnBytes } from '#wire/limits.ts';
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

  const deliver = async (entry: SpooledReturn, mayBeThere: boolean): Promise<void> => {
    const { jid } = entry;
    const waits = backoff();
    for (let check = mayBeThere; ; check = true) {
      // While disconnected nothing can arrive; the reconnect sends it all again.
      if (bus.state !== 'connected') return;
      try {
        if (check && (await store.has(jid))) return journal.stored(jid);
        await store.put(jid, payloadOf(entry));
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

  /** Throws when no journal could take it. */
  const keep = (answer: Return, deadline: number, payload: Uint8Array) => {
    try {
      journal.answer(answer, deadline, payload);
    } catch (error) {
      if (isError(error, 'RETURN_TOO_LARGE')) throw error;
      log.error('Return kept in memory only', { jid: answer.jid, error });
    }
  };

  /** What is on the disk, or what says that it no longer is. */
  const payloadOf = ({ jid, payload }: SpooledReturn): Uint8Array => {
    try {
      return payload();
    } catch (error) {
      log.error('Return not read from the journal', { jid, error });
      const told = { v: 1, jid, peel, startedAt: Date.now(), ms: 0 } as const;
      return encode({ ...told, status: 'interrupted', success: false, error: errorBody(error) } satisfies Return);
    }
  };

  return {
    send(answer, deadline) {
      const { jid } = answer;
      try {
        const payload = readable(answer);
        keep(answer, deadline, payload);
        start({ jid, success: answer.success, payload: () => payload }, false);
      } catch (error) {
        // What a job gives back is nobody's to foresee: it spoils its own return, and that says so.
        log.error('Return not fit to be sent', { jid, status: answer.status, error });
        const instead = without(answer, error);
        const payload = encode(instead);
        keep(instead, deadline, payload);
        start({ jid, success: false, payload: () => payload }, false);
      }
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

/** Encoded, and known to be read by whoever gets it. */
function readable(answer: Return): Uint8Array {
  try {
    const payload = encode(answer);
    // One that is too large the journal refuses, and says so.
    if (payload.length <= returnBytes + envelopeBytes) decode(payload);
    return payload;
  } catch (cause) {
    throw new ZesterError('machine', 'RETURN_UNFIT', 'Cannot give back the result: nobody could read it', {
      cause,
      hint: 'It is nested too deep, holds too many items or what is no plain data: have the job write it to a file',
    });
  }
}

/** The same return, with the reason in the place of what it should have given back. */
function without({ value, report, ...rest }: Return, reason: unknown): Return {
  const error = errorBody(reason);
  const work = rest.success ? 'the work itself succeeded' : 'the work itself failed';
  return { ...rest, success: false, error: { ...error, message: `${error.message}; ${work}` } };
}
