import * as z from 'zod/mini';
import { decodeAs } from '#wire/codec.ts';
import { Enrollment } from '#wire/enroll.ts';

/** A join token as it is kept: never the token itself. */
export const TokenRecord = z.object({
  v: z.int(),
  id: z.string(),
  /** SHA-256 of the secret part, hex. */
  hash: z.string(),
  /** Glob of the peel ids it may approve. */
  peels: z.string(),
  usesLeft: z.int(),
  expiresAt: z.number(),
  createdBy: z.string(),
  createdAt: z.number(),
});
export type TokenRecord = z.output<typeof TokenRecord>;

/** Which enrolment a peel id belongs to: one key of the store, so that two masters cannot give it away twice. */
export const Holder = z.object({ v: z.int(), enrollment: z.string() });

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

/** The last thing that an enrolment's record said, of what it held before, newest first. */
export function lastReadable(history: readonly Uint8Array[], key: string): Enrollment | undefined {
  for (const value of history) {
    const enrollment = readRecord(Enrollment, value, key);
    if (enrollment !== undefined) return enrollment;
  }
  return undefined;
}

/** What could have been a revocation counts as one: the machine asks again, and an operator looks at it. */
export function asRevoked(known: Enrollment, at: number): Enrollment {
  return { ...known, state: 'revoked', decidedAt: at, updatedAt: at, reason: 'its record cannot be read' };
}
