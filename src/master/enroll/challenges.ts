import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { ZesterError } from '#base/errors.ts';
import type { Clock } from '#base/time.ts';
import type { ChallengeReply } from '#wire/enroll.ts';

/** Bytes to sign, once, soon. */
export interface Challenges {
  issue(): ChallengeReply;
  /** Spends a challenge. Throws `CHALLENGE_INVALID` when it is not ours, over, or spent. */
  spend(challenge: string): void;
}

const lifetimeMs = 2 * 60_000;

/**
 * Nothing is stored for whoever merely asks: a challenge carries its own end and proof of origin, and only spent ones
 * are remembered, until their end. Another master, or this one started anew, knows none of them: peels ask again.
 */
export function createChallenges(clock: Clock): Challenges {
  const key = randomBytes(32);
  const spent = new Map<string, number>();
  const proof = (text: string) => createHmac('sha256', key).update(text).digest();

  return {
    issue() {
      const end = Math.round(clock.monotonic() + lifetimeMs);
      const text = `${randomBytes(24).toString('base64url')}.${end}`;
      return { challenge: `${text}.${proof(text).toString('base64url')}`, expiresAt: clock.now() + lifetimeMs };
    },
    spend(challenge) {
      const [random = '', end = '', mac = ''] = challenge.split('.');
      const given = Buffer.from(mac, 'base64url');
      const wanted = proof(`${random}.${end}`);
      const now = clock.monotonic();
      const ours = given.length === wanted.length && timingSafeEqual(given, wanted);
      if (!ours || Number(end) <= now || spent.has(random)) {
        throw new ZesterError('denied', 'CHALLENGE_INVALID', 'Cannot accept the proof: its challenge is not valid', {
          hint: 'Ask for a new challenge',
        });
      }
      // Spent ones stand in the order of their end, near enough.
      for (const [old, over] of spent) {
        if (over > now) break;
        spent.delete(old);
      }
      spent.set(random, Number(end));
    },
  };
}
