import { hash, randomBytes } from 'node:crypto';
import { networkOf } from '#base/http/network.ts';
import type { Clock } from '#base/time.ts';

/**
 * How often somebody may come. Joining leaves a record, asking costs a look or a signature, and who has a join token is
 * expected. What costs no more than a refusal is not counted at all.
 */
export type Pace = 'join' | 'ask' | 'token';

/** Requests in a burst, and for ever after each second, of one source. */
export interface Pacing {
  readonly burst: number;
  readonly perSecond: number;
}

/** A token bucket per source. In memory of one master: it slows floods, the quotas stop them. */
export interface RateLimit {
  /** Milliseconds to wait; 0 when the request may go on. */
  take(source: string): number;
}

export interface RateLimitOptions extends Pacing {
  readonly clock: Clock;
  /** Sources remembered one by one. */
  readonly maxSources?: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** Buckets that newcomers share when the table is full of others that are still being slowed. */
const sharedBuckets = 1_024;
/** How many of the oldest are looked at, to find one that needs no memory any more. */
const lookedAt = 8;

/**
 * Only who is fully rested is ever forgotten: a source that was slowed cannot have itself forgotten by crowding the
 * table with others.
 */
export function rateLimit({ burst, perSecond, clock, maxSources = 10_000 }: RateLimitOptions): RateLimit {
  const buckets = new Map<string, Bucket>();
  const rested = ({ tokens, at }: Bucket, now: number) => Math.min(burst, tokens + ((now - at) / 1_000) * perSecond);

  const forgetRested = (now: number) => {
    let looked = 0;
    for (const [source, bucket] of buckets) {
      if (rested(bucket, now) >= burst) buckets.delete(source);
      if (++looked === lookedAt) return;
    }
  };
  const keyOf = (source: string, now: number): string => {
    const own = networkOf(source);
    if (buckets.has(own)) return own;
    if (buckets.size >= maxSources) forgetRested(now);
    return buckets.size < maxSources ? own : `shared ${shareOf(own)}`;
  };

  return {
    take(source) {
      const now = clock.monotonic();
      const key = keyOf(source, now);
      const tokens = rested(buckets.get(key) ?? { tokens: burst, at: now }, now);
      // Newest last, so that the oldest are the likeliest to be rested.
      buckets.delete(key);
      buckets.set(key, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / perSecond) * 1_000);
    },
  };
}

/** Nobody outside can tell whose bucket is whose. */
const salt = randomBytes(16).toString('hex');

function shareOf(source: string): number {
  return Number.parseInt(hash('sha256', salt + source).slice(0, 8), 16) % sharedBuckets;
}
