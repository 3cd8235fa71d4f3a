import { type Clock, delay } from '#base/time.ts';
import type { Bus } from '#bus/bus.ts';
import type { Stalls } from './stalls.ts';

const answerMs = 2_000;
const lookMs = 200;

/**
 * Resolves when all is heard that was sent before now: what a server sends stays in order, so its answer comes after
 * it. A peel that was stopped, or cut off, finds an old order first and its kill behind it: before it changes anything
 * it asks. One that loses its connection while it is awake heard all that came before, and works on: what was accepted
 * does not wait for a broker. Gives false when the deadline passes first; never resolves on a bus that was closed.
 */
export async function heardAll(
  bus: Bus,
  { dueAt, clock, stalls }: { readonly dueAt: number; readonly clock: Clock; readonly stalls: Stalls },
): Promise<boolean> {
  const isConnected = () => bus.state === 'connected';
  while (clock.monotonic() < dueAt) {
    if (bus.state === 'closed') return new Promise(() => {});
    if (isConnected()) {
      if (await answers(bus)) return clock.monotonic() < dueAt;
      continue;
    }
    await delay(lookMs);
    if (!isConnected() && !stalls.lately) return clock.monotonic() < dueAt;
  }
  return false;
}

/** A connection that breaks meanwhile answers nothing. */
async function answers(bus: Bus): Promise<boolean> {
  const waiting = new AbortController();
  const late = delay(answerMs, waiting.signal).then(() => false);
  const answered = bus.flush().then(
    () => true,
    () => false,
  );
  const isAnswered = await Promise.race([answered, late]);
  waiting.abort();
  if (!isAnswered) await delay(lookMs);
  return isAnswered;
}
