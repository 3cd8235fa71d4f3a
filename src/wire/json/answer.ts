import * as z from 'zod/mini';
import { ErrorBody, PlaceBody } from '../error.ts';
import { ChangeBody, OutcomeResult, SkipReason } from '../outcome.ts';
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
