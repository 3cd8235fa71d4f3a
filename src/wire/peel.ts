import { ErrorBody } from './error.ts';
import { bytes } from './job.ts';
import { moment, rowLimit, text } from './limits.ts';
import * as z from './schema.ts';

const token = z.string().check(z.maxLength(64));

/** Sent every few seconds, never stored: masters count them and write only what changed. */
export const Heartbeat = z.object({
  v: z.int(),
  version: text('name'),
  /** `bye` is the last word of a peel that stops in order; `refused` is one that was told that another has its id. */
  state: z.enum(['up', 'bye', 'refused']),
  startedAt: moment,
  /** The peel's own time: masters know from it how far its clock is off. */
  now: z.optional(moment),
  /** Which process this is, on which machine: two of them under one id are one too many. */
  instance: z.optional(z.object({ run: token, machine: token })),
});
export type Heartbeat = z.output<typeof Heartbeat>;

/** The last known presence, written when it changes. */
export const Presence = z.object({
  online: z.boolean(),
  since: moment,
  version: text('name'),
  startedAt: moment,
  /** The process that orders are meant for, and those under the same id that were refused. */
  run: z.optional(text('id')),
  refused: z.optional(z.array(text('id')).check(z.maxLength(1_000))),
});
export type Presence = z.output<typeof Presence>;

/** What a peel is; the identity part of it. */
export const FactsRecord = z.object({
  v: z.int(),
  facts: z.record(z.string(), z.unknown()),
  version: text('name'),
  collectedAt: moment,
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
  /** How far its clock is ahead of the master's, in milliseconds, when that is worth telling. */
  clockSkewMs: z.optional(z.number()),
  /** Somebody must look at it: two machines under its id, or a clock that is off. */
  warning: z.optional(z.string()),
  /** What it exceeds, when it does: its last facts within the limits count. */
  over: z.optional(z.string()),
});
export type PeelRow = z.output<typeof PeelRow>;

export const PeelsQuery = z.object({
  target: z.optional(text('target')),
  after: z.optional(text('id')),
  limit: rowLimit,
});
export type PeelsQuery = z.output<typeof PeelsQuery>;
export const PeelsReply = z.object({
  peels: z.optional(z.array(PeelRow)),
  total: z.optional(z.int()),
  next: z.optional(z.string()),
  error: z.optional(ErrorBody),
});
export type PeelsReply = z.output<typeof PeelsReply>;

export const PeelQuery = z.object({
  peel: text('name'),
  /** Which part of facts that are too large for one reply. */
  part: z.optional(z.int().check(z.gte(0))),
});
export type PeelQuery = z.output<typeof PeelQuery>;
export const PeelReply = z.object({
  peel: z.optional(PeelRow),
  facts: z.optional(z.record(z.string(), z.unknown())),
  /** Instead of `facts`: a part of their record's bytes, how many there are, and of which revision they are. */
  part: z.optional(bytes),
  parts: z.optional(z.int()),
  revision: z.optional(z.int()),
  error: z.optional(ErrorBody),
});
export type PeelReply = z.output<typeof PeelReply>;

/** How many peels one question about keys may name. */
export const maxKeysAsked = 500;
export const PeelKeysQuery = z.object({ peels: z.array(text('id')).check(z.maxLength(maxKeysAsked)) });
export const PeelKeysReply = z.object({
  /** For each peel that was asked about its enrolled public keys, newest first; none for a stranger. */
  keys: z.optional(z.array(z.array(z.string()))),
  error: z.optional(ErrorBody),
});

export const ResolveRequest = z.object({
  target: text('target'),
  explain: z.optional(z.boolean()),
  after: z.optional(text('id')),
});
export type ResolveRequest = z.output<typeof ResolveRequest>;
export const ResolveReply = z.object({
  peels: z.optional(z.array(z.string())),
  /** How many there are in all. */
  total: z.optional(z.int()),
  /** Give it as `after` for the next page. */
  next: z.optional(z.string()),
  /** The expression as it was understood. */
  reading: z.optional(z.string()),
  error: z.optional(ErrorBody),
});
export type ResolveReply = z.output<typeof ResolveReply>;

/** A master's signed word to one peel, about the peel itself. */
export const Notice = z.object({
  v: z.int(),
  peel: z.string(),
  issuedAt: z.number(),
  /** What a store has lost, and only the peel can give again. */
  wanted: z.optional(z.array(z.enum(['facts', 'returns']))),
  /** This process takes no orders: another one has the id, and had it first. */
  refused: z.optional(z.object({ run: z.string(), reason: z.string() })),
  /** This process is the only one again. */
  welcome: z.optional(z.object({ run: z.string() })),
});
export type Notice = z.output<typeof Notice>;
export const SignedNotice = z.object({ notice: bytes, key: z.string(), signature: bytes });
export type SignedNotice = z.output<typeof SignedNotice>;

/** A store that a master found gone and made again. */
export const Recreated = z.object({ store: z.string(), at: z.number(), note: z.string() });
export type Recreated = z.output<typeof Recreated>;

export const PingReply = z.object({
  master: z.string(),
  version: z.string(),
  peels: z.int(),
  online: z.int(),
  now: z.number(),
  recreated: z.optional(z.array(Recreated)),
  /** Writes that were refused in the last minute because a store is full. */
  full: z.optional(z.int()),
});
export type PingReply = z.output<typeof PingReply>;
