import * as z from 'zod/mini';
import { ErrorBody } from '#wire/error.ts';
import { JobState } from '#wire/job.ts';
import { Answer } from '#wire/json/answer.ts';
import { Moment, peelId, took } from '#wire/json/shape.ts';

/** `zester <target> <function>` and `zester apply`: an answer for each peel, or the id of a job that is left to the masters. */
export const Answers = z.union([z.array(Answer), z.object({ jid: z.string() })]);

const Refusal = z.object({
  peel_id: peelId,
  code: z.string(),
  message: z.string(),
  hint: z.optional(z.string()),
});

export const Job = z.object({
  jid: z.string(),
  function: z.string(),
  /** The bare positional: the id of a state, the main value of a function. */
  id: z.optional(z.string()),
  args: z.record(z.string(), z.unknown()),
  /** Bytes of the request, when some of its arguments are cut here. */
  request_bytes: z.optional(z.int()),
  target: z.string(),
  /** How many peels it was meant for. */
  targets: z.int(),
  state: JobState,
  test: z.boolean(),
  operator: z.string(),
  created: Moment,
  deadline: Moment,
  finished: z.optional(Moment),
  open_until: z.optional(Moment),
  returned: z.int(),
  succeeded: z.int(),
  late: z.optional(z.int()),
  killed_by: z.optional(z.string()),
  refused: z.optional(z.array(Refusal)),
});

export const Jobs = z.array(Job);

export const JobWithAnswers = z.extend(Job, { returns: z.array(Answer) });

export const KilledJob = z.object({
  jid: z.string(),
  state: z.optional(JobState),
  stopped: z.array(z.string()),
  silent: z.array(z.string()),
  more: z.optional(z.object({ stopped: z.int(), silent: z.int() })),
  until: z.optional(Moment),
});

export const Output = z.object({
  jid: z.string(),
  peel_id: peelId,
  stream: z.string(),
  bytes: z.int(),
  sha256: z.string(),
  /** The file it was written to. */
  out: z.optional(z.string()),
  took_ms: took,
});

/** `zester explain <jid> <id>`: why a state did what it did. */
export const Explained = z.object({
  peel_id: peelId,
  state: z.string(),
  id: z.string(),
  name: z.string(),
  result: z.string(),
  declared: z.optional(z.string()),
  turn: z.int(),
  of: z.int(),
  why: z.string(),
  get because() {
    return z.array(Explained);
  },
  causes: z.array(z.string()),
  diff: z.optional(z.string()),
  error: z.optional(ErrorBody),
  hint: z.optional(z.string()),
  started_at: Moment,
  took_ms: took,
});
