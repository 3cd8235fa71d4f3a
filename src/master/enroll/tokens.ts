import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { ZesterError } from '#base/errors.ts';
import { ksuid, toHuman } from '#base/ids.ts';
import type { Enrollments } from './enrollments.ts';
import type { TokenRecord } from './records.ts';

export interface NewToken {
  /** Glob of the peel ids it may approve: `web-*.example.com`. */
  readonly peels: string;
  readonly uses: number;
  readonly ttlMs: number;
  readonly createdBy: string;
  readonly now: number;
}

/** A join token (shown once) and what is kept of it. */
export function createToken({ peels, uses, ttlMs, createdBy, now }: NewToken): { token: string; record: TokenRecord } {
  const id = `tok-${ksuid(now)}`;
  const secret = randomBytes(24).toString('base64url');
  const record = {
    v: 1,
    id,
    hash: hash('sha256', secret),
    peels,
    usesLeft: uses,
    expiresAt: now + ttlMs,
    createdBy,
    createdAt: now,
  };
  return { token: `${id}.${secret}`, record };
}

/**
 * The token's record, if it may approve this peel now. Throws `TOKEN_INVALID`, in the same words whatever is wrong
 * with its secret, `TOKEN_EXPIRED` and `TOKEN_NOT_FOR_PEEL` only to who knows it.
 */
export function checkToken(
  enrollments: Enrollments,
  token: string,
  { peel, now }: { peel: string; now: number },
): TokenRecord {
  const record = recordOf(enrollments, token);
  if (record === undefined) {
    throw refused('TOKEN_INVALID', 'it is not a join token of this environment', 'Check it for a copying mistake');
  }
  if (record.expiresAt <= now) throw refused('TOKEN_EXPIRED', 'its time is over', anew);
  if (record.usesLeft <= 0) throw refused('TOKEN_USED', 'it was used as often as it may be', anew);
  if (!matchesGlob(record.peels, toHuman(peel))) {
    throw refused('TOKEN_NOT_FOR_PEEL', `it is for "${record.peels}", not for "${toHuman(peel)}"`, anew);
  }
  return record;
}

/** The token's id, when it is ours and its time is not over: who shows it is expected. */
export function knownToken(enrollments: Enrollments, token: string, now: number): string | undefined {
  const record = token === '' ? undefined : recordOf(enrollments, token);
  return record !== undefined && now < record.expiresAt ? record.id : undefined;
}

/** In the same time whether there is no such token, or its secret is wrong. */
function recordOf(enrollments: Enrollments, token: string): TokenRecord | undefined {
  const [id = '', secret = ''] = token.split('.');
  const record = enrollments.token(id);
  const given = Buffer.from(hash('sha256', secret), 'hex');
  const wanted = Buffer.from(record?.hash ?? hash('sha256', randomBytes(24)), 'hex');
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? record : undefined;
}

/** Takes one use; refuses when another master took the last one meanwhile. */
export async function useToken(enrollments: Enrollments, id: string): Promise<void> {
  const there = await enrollments.changeToken(id, (current) => {
    if (current.usesLeft <= 0) throw refused('TOKEN_USED', 'it was used as often as it may be', anew);
    return { ...current, usesLeft: current.usesLeft - 1 };
  });
  if (!there) throw refused('TOKEN_INVALID', 'it was withdrawn', anew);
}

/** `*` is any text, `?` any one character. */
export function matchesGlob(glob: string, text: string): boolean {
  const parts = [...glob].map((each) => {
    if (each === '*') return '.*';
    return each === '?' ? '.' : each.replace(/[^\w]/, String.raw`\$&`);
  });
  return new RegExp(`^${parts.join('').replaceAll(/(\.\*)+/g, '.*')}$`, 's').test(text);
}

const anew = 'Make one with "zester enroll token create", or join without and have it approved';

function refused(code: string, reason: string, hint: string): ZesterError {
  return new ZesterError('denied', code, `Cannot use the join token: ${reason}`, { hint });
}
