import * as z from 'zod/mini';
import { ErrorBody } from '#wire/error.ts';
import { Moment, peelId } from '#wire/json/shape.ts';
import { ChangeBody } from '#wire/outcome.ts';

const PlannedStep = z.object({
  /** What the step would do; `cannot-tell` and `fail` keep the plan from saying so. */
  action: z.enum(['add', 'change', 'remove', 'run', 'restart', 'refresh', 'cannot-tell', 'fail']),
  id: z.string(),
  state: z.string(),
  /** Its main value; the id when it has none of its own. */
  name: z.string(),
  changes: z.optional(z.record(z.string(), ChangeBody)),
  diff: z.optional(z.string()),
  because: z.optional(z.array(z.string())),
  comment: z.optional(z.string()),
  error: z.optional(ErrorBody),
});

/** `zester plan show`. */
export const SavedPlan = z.object({
  jid: z.string(),
  target: z.string(),
  /** References of the states it was made for; a highstate when left out. */
  states: z.optional(z.string()),
  operator: z.string(),
  created: Moment,
  peels: z.array(
    z.object({
      peel_id: peelId,
      steps: z.array(PlannedStep),
      /** How many states stay as they are. */
      kept: z.int(),
      /** Why it could not plan, or not to the end. */
      error: z.optional(ErrorBody),
    }),
  ),
});
