import * as z from 'zod/mini';
import { ErrorBody } from './error.ts';
import { bytes } from './job.ts';

/** Sent every few seconds, never stored: masters count them and write only what changed. */
export const Heartbeat = z.object({
  v: z.int(),
  version: z.string(),
  /** `bye` is the last word of a peel that stops in order. */
  state: z.enum(['up', 'bye']),
  startedAt: z.number(),
});
export type Heartbeat = z.output<typeof Heartbeat>;

/** The last known presence, written when it changes. */
export const Presence = z.object({
  online: z.boolean(),
  since: z.number(),
  version: z.string(),
  startedAt: z.number(),
});
export type Presence = z.output<typeof Presence>;

/** What a peel is; the identity part of it. */
export const FactsRecord = z.object({
  v: z.int(),
  facts: z.record(z.string(), z.unknown()),
  version: z.string(),
  collectedAt: z.number(),
});
export type FactsRecord = z.output<typeof FactsRecord>;

/** An encoded `FactsRecord` with the signature of the peel's own key over the peel and the body. */
export const SignedFacts = z.object({ body: bytes, signature: bytes });
export type SignedFacts = z.output<typeof SignedFacts>;

export const PeelRow = z.object({
  peel: z.string(),
  online: z.boolean(),
  since: z.optional(z.number()),
  version: z.optional(z.string()),
  os: z.optional(z.string()),
  arch: z.optional(z.string()),
  address: z.optional(z.string()),
});
export type PeelRow = z.output<typeof PeelRow>;

export const PeelsQuery = z.object({
  target: z.optional(z.string()),
  after: z.optional(z.string()),
  limit: z.optional(z.int()),
});
export type PeelsQuery = z.output<typeof PeelsQuery>;
export const PeelsReply = z.object({
  peels: z.optional(z.array(PeelRow)),
  total: z.optional(z.int()),
  next: z.optional(z.string()),
  error: z.optional(ErrorBody),
});
export type PeelsReply = z.output<typeof PeelsReply>;

export const PeelQuery = z.object({ peel: z.string() });
export const PeelReply = z.object({
  peel: z.optional(PeelRow),
  facts: z.optional(z.record(z.string(), z.unknown())),
  error: z.optional(ErrorBody),
});
export type PeelReply = z.output<typeof PeelReply>;

/** How many peels one question about keys may name. */
export const maxKeysAsked = 500;
export const PeelKeysQuery = z.object({ peels: z.array(z.string()).check(z.maxLength(maxKeysAsked)) });
export const PeelKeysReply = z.object({
  /** For each peel that was asked about its enrolled public keys, newest first; none for a stranger. */
  keys: z.optional(z.array(z.array(z.string()))),
  error: z.optional(ErrorBody),
});

export const ResolveRequest = z.object({ target: z.string(), explain: z.optional(z.boolean()) });
export const ResolveReply = z.object({
  peels: z.optional(z.array(z.string())),
  /** The expression as it was understood. */
  reading: z.optional(z.string()),
  error: z.optional(ErrorBody),
});
export type ResolveReply = z.output<typeof ResolveReply>;

export const PingReply = z.object({
  master: z.string(),
  version: z.string(),
  peels: z.int(),
  online: z.int(),
  now: z.number(),
});
export type PingReply = z.output<typeof PingReply>;
