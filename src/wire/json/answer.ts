import * as z from 'zod/mini';
import { toHuman } from '#base/ids.ts';
import { ErrorBody, PlaceBody } from '../error.ts';
import type { Return } from '../job.ts';
import { ChangeBody, type Outcome, OutcomeResult, SkipReason } from '../outcome.ts';
import { Moment, peelId, took } from './shape.ts';

/** What became of one state of a run. */
export const Step = z.object({
  id: z.string(),
  state: z.string(),
  /** Its main value; the id when it has none of its own. */
  name: z.string(),
  result: OutcomeResult,
  /** True when it changed something, or would. */
  changed: z.boolean(),
  started_at: Moment,
  took_ms: took,
  ref: z.optional(z.string()),
  at: z.optional(PlaceBody),
  changes: z.optional(z.record(z.string(), ChangeBody)),
  diff: z.optional(z.string()),
  details: z.optional(z.record(z.string(), z.string())),
  comment: z.optional(z.string()),
  refreshed: z.optional(z.boolean()),
  skipped: z.optional(z.boolean()),
  skip_reason: z.optional(SkipReason),
  because: z.optional(z.array(z.string())),
  error: z.optional(ErrorBody),
});

/** What became of one peel in a job. */
export const Answer = z.object({
  jid: z.string(),
  peel_id: peelId,
  /** `unreachable` did not answer · `pending` has not answered yet, and may be at work. */
  status: z.enum(['success', 'failed', 'unreachable', 'pending']),
  success: z.boolean(),
  /** Of those that answered: whether it ran to its end, or what ended it. */
  state: z.optional(z.enum(['done', 'refused', 'interrupted', 'expired', 'killed'])),
  started_at: z.optional(Moment),
  took_ms: z.optional(took),
  /** True when it came after the deadline. */
  late: z.optional(z.boolean()),
  /** What the function gave back. */
  value: z.optional(z.unknown()),
  /** What a state run did, in the order of its files. */
  results: z.nullable(z.array(Step)),
  error: z.optional(ErrorBody),
});

/** The answer of a peel, ready to be published. */
export function answerOf(returned: Return): Readonly<Record<string, unknown>> {
  const { jid, peel, status, success, startedAt, ms, late, value, report, error } = returned;
  const isSuccess = success && status === 'done';
  return {
    jid,
    peel: toHuman(peel),
    status: isSuccess ? 'success' : 'failed',
    success: isSuccess,
    state: status,
    // What could not be opened has no time of its own.
    ...(startedAt > 0 ? { startedAt } : {}),
    ms,
    ...(late ? { late } : {}),
    value,
    results: report?.outcomes.map(stepOf) ?? null,
    error,
  };
}

function stepOf(outcome: Outcome): Readonly<Record<string, unknown>> {
  const { id, name, result, skipReason } = outcome;
  return {
    ...outcome,
    name: name === '' ? id : name,
    changed: result === 'changed' || result === 'would-change',
    ...(skipReason === undefined ? {} : { skipped: true }),
  };
}
