import { damped } from '#base/damped.ts';
import { asError, isError } from '#base/errors.ts';
import { backoff, delay } from '#base/time.ts';
import { type EnrollOptions, joinOnce, renewOnce, report } from './enroll.ts';
import { readStanding } from './standing.ts';

/** Wakes whoever waits: there is a reason not to wait for the time. */
export interface Nudge {
  nudge(): void;
  /** Forgets a nudge that nobody waited for. */
  clear(): void;
  /** Resolves after `ms`, at once when nudged, or at the signal; to whether it was nudged. */
  wait(ms: number, signal: AbortSignal, pass?: EnrollOptions['wait']): Promise<boolean>;
}

export function createNudge(): Nudge {
  let nudged = Promise.withResolvers<void>();
  let isNudged = false;
  return {
    nudge() {
      isNudged = true;
      nudged.resolve();
    },
    clear() {
      [isNudged, nudged] = [false, Promise.withResolvers<void>()];
    },
    async wait(ms, signal, pass = delay) {
      const waiting = new AbortController();
      await Promise.race([nudged.promise, pass(ms, AbortSignal.any([signal, waiting.signal]))]);
      waiting.abort();
      const was = isNudged;
      [isNudged, nudged] = [false, Promise.withResolvers<void>()];
      return was;
    },
  };
}

/** How long credentials are believed to be good after they came: servers that still refuse them are not asked about at once. */
const settledMs = 60_000;
/** A clock may be set, and a machine may sleep. */
const lookMs = 600_000;
const sayMs = 300_000;

/**
 * Renews the credentials at two thirds of their life with a proof by the same key, until the signal; and as soon as
 * somebody says that they are refused. What time it is decides nothing alone: the time that has passed here since they
 * came counts as well, whatever the clock was set to. Expired ones are renewed just so: what counts is that the
 * enrolment lives. Never rejects.
 */
export async function keepRenewed(options: EnrollOptions, nudge: Nudge = createNudge()): Promise<void> {
  const { log, signal, wait = delay } = options;
  const pauses = backoff({ firstMs: 1_000, capMs: 900_000 });
  const say = damped(sayMs);
  let renewedAt = Number.NEGATIVE_INFINITY;
  let came = performance.now();
  let wanted = false;
  while (!signal.aborted) {
    const left: number = wanted ? renewedAt + settledMs - performance.now() : dueIn(options, performance.now() - came);
    if (left > 0) {
      wanted = (await nudge.wait(Math.min(left, lookMs), signal, options.wait)) || wanted;
      continue;
    }
    try {
      await renew(options);
      wanted = false;
      // What was refused meanwhile were the ones before.
      nudge.clear();
      renewedAt = performance.now();
      came = renewedAt;
      pauses.reset();
    } catch (error) {
      if (signal.aborted) return;
      const kept = say(asError(error).code);
      if (kept !== undefined) {
        log.warn('Credentials not renewed; trying on', {
          error,
          expires: readStanding(options).expiresAtMs,
          count: kept,
        });
      }
      await wait(pauses.next(), signal);
    }
  }
}

/** Once, with any of the masters; joins again when none of them knows us any more. */
export async function renew(options: EnrollOptions): Promise<void> {
  const { log } = options;
  try {
    await renewOnce(options);
  } catch (error) {
    if (!isError(error, 'ENROLL_UNKNOWN')) throw error;
    log.warn('No master knows this peel any more; joining again', { peel_id: options.identity.peel });
    await joinOnce(options).catch((failed) => {
      report(log, asError(failed), options);
      throw failed;
    });
  }
  log.info('Credentials renewed', { expires: readStanding(options).expiresAtMs });
}

function dueIn(options: EnrollOptions, passedMs: number): number {
  const { issuedAtMs, expiresAtMs } = readStanding(options);
  const life = expiresAtMs - issuedAtMs;
  if (!Number.isFinite(life)) return Number.isNaN(life) ? 0 : Number.POSITIVE_INFINITY;
  return Math.min(issuedAtMs + (life * 2) / 3 - options.clock.now(), (life * 2) / 3 - passedMs);
}
