import { ErrorBody } from './error.ts';
import { letters, moment, rowLimit, text } from './limits.ts';
import { Report } from './outcome.ts';
import * as z from './schema.ts';

export const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, 'must be bytes');

/** What an operator asks for. The asker mints the jid, so a submit that is retried is still one job. */
export const JobRequest = z.object({
  v: z.int(),
  jid: text('id'),
  /** The target expression, as written. */
  target: text('target'),
  function: text('name'),
  /** The bare positional: a state's id, a function's primary argument. */
  id: z.optional(z.string()),
  args: z.record(z.string(), z.unknown()),
  test: z.boolean(),
  timeoutMs: z.number().check(z.positive()),
  /** Milliseconds since the Unix epoch. */
  issuedAt: z.number(),
});
export type JobRequest = z.output<typeof JobRequest>;

/** A request with its proof of who asked: the operator's user JWT and signature over the request's bytes. */
export const SignedRequest = z.object({ request: bytes, jwt: z.string(), signature: bytes });
export type SignedRequest = z.output<typeof SignedRequest>;

/** What a master adds once for all targets, and signs: the request as it came, the fence, and the root over the targets. */
export const JobOrder = z.object({
  v: z.int(),
  request: bytes,
  jwt: z.string(),
  signature: bytes,
  operator: z.string(),
  issuedAt: z.number(),
  /** Absolute, milliseconds since the Unix epoch: the work ends then. */
  deadline: z.number(),
  epoch: z.int(),
  /** Merkle root over the peel ids. */
  root: bytes,
  targets: z.int(),
});
export type JobOrder = z.output<typeof JobOrder>;

/** What one peel receives: the same order and signature as every other, and its own proof of being a target. */
export const SignedOrder = z.object({
  order: bytes,
  /** Id of the master key that signed. */
  key: z.string(),
  signature: bytes,
  index: z.int(),
  /** Sibling hashes from leaf to root, 32 bytes each, joined. */
  proof: bytes,
  /** The process it is meant for, when two of them might have the peel's id. */
  run: z.optional(z.string()),
});
export type SignedOrder = z.output<typeof SignedOrder>;

export const DispatchReply = z.object({
  jid: z.optional(z.string()),
  /** The first of the peels asked, as many as a reply holds. */
  peels: z.optional(z.array(z.string())),
  /** When there are more: give it to `job-query.peels` as `after`. */
  nextPeel: z.optional(z.string()),
  /** Of those, the ones that presence calls offline: a hint, they are asked all the same. */
  offline: z.optional(z.array(z.string())),
  deadline: z.optional(z.number()),
  /** What is wrong with some of them already, in words: two machines under one id, a clock that is off. */
  warnings: z.optional(z.array(z.string())),
  error: z.optional(ErrorBody),
});
export type DispatchReply = z.output<typeof DispatchReply>;

/**
 * "I have it": sent when the job is in the ledger, before it starts. `refused` says that it is not and why, with the
 * peel's own time: a wrong clock is what makes a peel refuse everything.
 */
export const Ack = z.object({
  jid: z.string(),
  state: z.enum(['queued', 'running', 'killed', 'unknown', 'refused']),
  ahead: z.optional(z.int()),
  code: z.optional(text('name')),
  message: z.optional(text('jwt')),
  now: z.optional(moment),
});
export type Ack = z.output<typeof Ack>;

/** A return in more chunks than this is not one of ours. */
export const maxChunks = 20;

/**
 * What one peel answers to one job, written once.
 * `done` it ran · `refused` it did not start (see `error`) · `interrupted` the peel died meanwhile ·
 * `expired` the deadline ended it · `killed` an operator ended it.
 */
export const Return = z.object({
  v: z.int(),
  jid: z.string(),
  peel: z.string(),
  status: z.enum(['done', 'refused', 'interrupted', 'expired', 'killed']),
  success: z.boolean(),
  /** What the function gave back. */
  value: z.optional(z.unknown()),
  /** What a state run gave back. */
  report: z.optional(Report),
  error: z.optional(ErrorBody),
  startedAt: z.number(),
  ms: z.number(),
  /** True when it was first sent after the job's deadline. */
  late: z.optional(z.boolean()),
  /** When set, `value` and `report` are left out here: they are in so many chunks, and this is what those hold together. */
  rest: z.optional(z.object({ chunks: z.int().check(z.lte(maxChunks)), bytes: z.int(), sha256: bytes })),
});
export type Return = z.output<typeof Return>;

/** The part of a large return that travels in chunks. */
export const ReturnRest = z.object({ value: z.optional(z.unknown()), report: z.optional(Report) });
export type ReturnRest = z.output<typeof ReturnRest>;

/** An encoded `Return` with the signature of the peel's own key over the job, the peel and the body. */
export const SignedReturn = z.object({ body: bytes, signature: bytes });
export type SignedReturn = z.output<typeof SignedReturn>;

/** A line of output, or an outcome, while the job still runs. Nothing depends on it. */
export const Progress = z.object({
  jid: z.string(),
  done: z.int(),
  total: z.optional(z.int()),
  text: z.optional(z.string()),
});
export type Progress = z.output<typeof Progress>;

export const JobState = z.enum(['running', 'complete', 'failed', 'partial', 'timeout', 'killed']);
export type JobState = z.output<typeof JobState>;

/** A peel that will not run a job: it said so, and its ledger does not hold it. */
export const Refusal = z.object({
  peel: text('id'),
  code: text('name'),
  message: z.string().check(z.maxLength(2 * letters.sentence)),
  hint: z.optional(z.string().check(z.maxLength(2 * letters.sentence))),
});
export type Refusal = z.output<typeof Refusal>;

/** What is kept of a job: the intent, persisted before anything is sent, and how it ended. */
export const JobRecord = z.object({
  v: z.int(),
  jid: text('id'),
  request: bytes,
  jwt: text('jwt'),
  signature: bytes,
  operator: text('name'),
  function: text('name'),
  target: text('target'),
  test: z.boolean(),
  /** Peel ids joined with spaces, deflated: a list of 100,000 fits one message. */
  peels: bytes,
  targets: z.int().check(z.gte(0)),
  created: moment,
  deadline: moment,
  state: JobState,
  finished: z.optional(moment),
  /** Master that sends and re-sends; any other takes over when it is gone. */
  owner: text('id'),
  returned: z.optional(z.int().check(z.gte(0))),
  succeeded: z.optional(z.int().check(z.gte(0))),
  killedBy: z.optional(text('name')),
  /** Peels that had not returned by the end, as many as there is room for. */
  silent: z.optional(z.array(text('id')).check(z.maxLength(1_000))),
  /** Peels that said they would not run it, as many as there is room for. */
  refused: z.optional(z.array(Refusal).check(z.maxLength(1_000))),
  /** Of the returns, those that came after the job was closed. */
  late: z.optional(z.int().check(z.gte(0))),
});
export type JobRecord = z.output<typeof JobRecord>;

/** What listeners are told when a job's state or the set of peels worth waiting for changes. */
export const JobStatus = z.object({
  jid: z.string(),
  state: JobState,
  /** Peels that neither acknowledged nor returned. They are no end: a running job waits for them until its deadline. */
  unreachable: z.array(z.string()),
  refused: z.optional(z.array(Refusal)),
});
export type JobStatus = z.output<typeof JobStatus>;

export const JobQuery = z.object({
  jid: z.optional(text('id')),
  active: z.optional(z.boolean()),
  limit: rowLimit,
  /** Only jobs older than this jid. */
  before: z.optional(text('id')),
  function: z.optional(text('name')),
  state: z.optional(JobState),
  /** Only jobs of this operator. */
  operator: z.optional(text('name')),
  /** Only jobs of this target, as written, or that asked a peel of this id. */
  target: z.optional(text('target')),
  /** Only jobs that were made since, in milliseconds since the Unix epoch. */
  since: z.optional(moment),
  /** Only jobs whose id begins or ends so. */
  part: z.optional(text('id')),
});
export type JobQuery = z.output<typeof JobQuery>;

/** What is kept of a job, in short: long texts and arguments are cut, with a note of how long they were. */
export const JobSummary = z.object({
  jid: z.string(),
  function: z.string(),
  args: z.record(z.string(), z.unknown()),
  /** Bytes of the request, when some of it was cut here: `job-query.request` has the whole. */
  requestBytes: z.optional(z.int()),
  id: z.optional(z.string()),
  target: z.string(),
  targets: z.int(),
  state: JobState,
  test: z.boolean(),
  operator: z.string(),
  created: z.number(),
  deadline: z.number(),
  finished: z.optional(z.number()),
  returned: z.int(),
  succeeded: z.int(),
  killedBy: z.optional(z.string()),
  late: z.optional(z.int()),
  refused: z.optional(z.array(Refusal)),
  /** When masters stop waiting for what is silent, while the job is open. */
  openUntil: z.optional(z.number()),
});
export type JobSummary = z.output<typeof JobSummary>;

/** Whether a job is one that is asked for, as far as its summary tells: the peels of a target are in its record. */
export function isAskedFor(job: JobSummary, query: JobQuery): boolean {
  const { active, function: called, state, operator, since = 0, part = '' } = query;
  return (
    !(active && job.state !== 'running') &&
    (called === undefined || job.function === called) &&
    (state === undefined || job.state === state) &&
    (operator === undefined || job.operator === operator) &&
    job.created >= since &&
    (job.jid.startsWith(part) || job.jid.endsWith(part))
  );
}

export const JobsReply = z.object({
  jobs: z.optional(z.array(JobSummary)),
  /** Give it as `before` for older ones. A page may be empty and still have one: others were looked at. */
  next: z.optional(z.string()),
  error: z.optional(ErrorBody),
});
export type JobsReply = z.output<typeof JobsReply>;

/** The request as the operator signed it, in parts. */
export const JobRequestQuery = z.object({ jid: text('id'), part: z.int().check(z.gte(0)) });
export const JobRequestReply = z.object({
  part: z.optional(bytes),
  parts: z.optional(z.int()),
  error: z.optional(ErrorBody),
});
export type JobRequestReply = z.output<typeof JobRequestReply>;

export const JobPeelsQuery = z.object({ jid: text('id'), after: z.optional(text('id')) });
export const JobPeelsReply = z.object({
  peels: z.optional(z.array(z.string())),
  next: z.optional(z.string()),
  error: z.optional(ErrorBody),
});
export type JobPeelsReply = z.output<typeof JobPeelsReply>;

export const JobReturnsQuery = z.object({ jid: text('id'), after: z.optional(text('id')), limit: rowLimit });
export type JobReturnsQuery = z.output<typeof JobReturnsQuery>;
/** What is stored on a peel's subject: its return, unless the peel wrote something else there. */
export const StoredReturn = z.object({ peel: z.string(), payload: bytes });
export type StoredReturn = z.output<typeof StoredReturn>;
export const JobReturnsReply = z.object({
  job: z.optional(JobSummary),
  /** The first of the peels asked, when this is the first page; `nextPeel` when `job-query.peels` has more. */
  peels: z.optional(z.array(z.string())),
  nextPeel: z.optional(z.string()),
  /** As they are stored: whoever shows them checks them. */
  returns: z.optional(z.array(StoredReturn)),
  /** Give it as `after` for the next page. */
  next: z.optional(z.string()),
  error: z.optional(ErrorBody),
});
export type JobReturnsReply = z.output<typeof JobReturnsReply>;

export const ChunkQuery = z.object({ jid: text('id'), peel: text('id'), index: z.int().check(z.gte(0)) });
export const ChunkReply = z.object({ chunk: z.optional(bytes), error: z.optional(ErrorBody) });

export const KillRequest = z.object({ v: z.int(), jid: text('id'), issuedAt: z.number() });
export type KillRequest = z.output<typeof KillRequest>;

export const KillReply = z.object({
  jid: z.optional(z.string()),
  state: z.optional(JobState),
  /** Peels that said their part is over. */
  stopped: z.optional(z.array(z.string())),
  /** Peels that did not answer in time; they are told again when they come back. */
  silent: z.optional(z.array(z.string())),
  /** How many of each there are beyond those a reply holds. */
  more: z.optional(z.object({ stopped: z.int(), silent: z.int() })),
  /** Until when those are told: after it they refuse the job by themselves. */
  until: z.optional(z.number()),
  error: z.optional(ErrorBody),
});
export type KillReply = z.output<typeof KillReply>;

/** A master's signed word that a job is to stop, or is not to start: a peel remembers it until the job's deadline. */
export const KillOrder = z.object({
  v: z.int(),
  jid: z.string(),
  operator: z.string(),
  issuedAt: z.number(),
  deadline: z.optional(z.number()),
});
export const SignedKill = z.object({ order: bytes, key: z.string(), signature: bytes });
export type SignedKill = z.output<typeof SignedKill>;
