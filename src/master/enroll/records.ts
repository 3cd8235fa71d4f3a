import * as z from 'zod/mini';
import { isPeelId } from '#base/ids.ts';
import { decodeAs } from '#wire/codec.ts';
import { Enrollment } from '#wire/enroll.ts';
import { moment, text } from '#wire/limits.ts';

/** A join token as it is kept: never the token itself. */
export const TokenRecord = z.object({
  v: z.int(),
  id: text('id'),
  /** SHA-256 of the secret part, hex. */
  hash: text('id'),
  /** Glob of the peel ids it may approve. */
  peels: text('name'),
  usesLeft: z.int(),
  expiresAt: moment,
  createdBy: text('name'),
  createdAt: moment,
});
export type TokenRecord = z.output<typeof TokenRecord>;

/** Which enrolment a peel id belongs to: one key of the store, so that two masters cannot give it away twice. */
export const Holder = z.object({ v: z.int(), enrollment: text('id') });

/** A record of the store, or undefined when it is not what we wrote. */
export function readRecord<Schema extends z.ZodMiniType>(
  schema: Schema,
  value: Uint8Array,
  key: string,
): z.output<Schema> | undefined {
  try {
    return decodeAs(schema, value, key);
  } catch {
    return undefined;
  }
}

/** An enrolment that is what we wrote, where we wrote it: under its own id. */
export function readEnrollment(value: Uint8Array, key: string): Enrollment | undefined {
  const enrollment = readRecord(Enrollment, value, key);
  return enrollment?.id === key && isPeelId(enrollment.peel) ? enrollment : undefined;
}

/** The last thing that an enrolment's record said, of what it held before, newest first. */
export function lastReadable(history: readonly Uint8Array[], key: string): Enrollment | undefined {
  for (const value of history) {
    const enrollment = readEnrollment(value, key);
    if (enrollment !== undefined) return enrollment;
  }
  return undefined;
}

export const damagedReason = 'its record cannot be read';

/** What could have been a revocation counts as one: the machine asks again, and an operator looks at it. */
export function asRevoked(known: Enrollment, at: number): Enrollment {
  return { ...known, state: 'revoked', decidedAt: at, updatedAt: at, reason: damagedReason };
}
