import { isIPv6 } from 'node:net';
import type { Clock } from '#base/time.ts';

/** A token bucket per source address. In memory of one master: it slows floods, the quotas stop them. */
export interface RateLimit {
  /** Milliseconds to wait; 0 when the request may go on. */
  take(source: string): number;
}

export interface RateLimitOptions {
  readonly burst: number;
  readonly perSecond: number;
  readonly clock: Clock;
}

const maxSources = 10_000;

export function rateLimit({ burst, perSecond, clock }: RateLimitOptions): RateLimit {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take(source) {
      const [key, now] = [networkOf(source), clock.monotonic()];
      const bucket = buckets.get(key) ?? { tokens: burst, at: now };
      const tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1_000) * perSecond);
      // Newest last: what falls out first when there are too many is what was quiet the longest.
      buckets.delete(key);
      if (buckets.size >= maxSources) buckets.delete(buckets.keys().next().value ?? '');
      buckets.set(key, { tokens: Math.max(0, tokens - 1), at: now });
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) / perSecond) * 1_000);
    },
  };
}

/** Whoever has one IPv6 address has 2^64 of them. */
function networkOf(source: string): string {
  const address = source.replace(/^::ffff:(?=\d+\.)/, '');
  if (!isIPv6(address)) return address;
  const [head = '', tail] = new URL(`http://[${address.split('%')[0]}]`).hostname.slice(1, -1).split('::');
  const left = head.split(':').filter(Boolean);
  const missing = tail === undefined ? 0 : 8 - left.length - tail.split(':').filter(Boolean).length;
  const groups = [...left, ...new Array<string>(missing).fill('0'), ...(tail ?? '').split(':')];
  return groups.slice(0, 4).join(':');
}
