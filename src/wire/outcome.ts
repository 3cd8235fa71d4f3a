import { ErrorBody, PlaceBody } from './error.ts';
import * as z from './schema.ts';

/**
 * What became of a step.
 * `unchanged` already so · `changed` made so · `would-change` a plan's answer · `failed` see `error` ·
 * `skipped` see `skipReason` · `cannot-tell` a plan's answer when the check refuses until `until` is applied.
 */
export const OutcomeResult = z.enum(['unchanged', 'changed', 'would-change', 'failed', 'skipped', 'cannot-tell']);
export type OutcomeResult = z.output<typeof OutcomeResult>;

export const SkipReason = z.enum([
  'require_failed',
  'onchanges_not_met',
  'onfail_not_met',
  'prereq_not_met',
  'onlyif_not_met',
  'unless_met',
  'creates_met',
  'failhard_abort',
  'canceled',
]);
export type SkipReason = z.output<typeof SkipReason>;

export const ChangeBody = z.object({ from: z.optional(z.unknown()), to: z.optional(z.unknown()) });

export const Outcome = z.object({
  /** The declared id, as in the state file. */
  id: z.string(),
  /** `file.managed`. */
  state: z.string(),
  /** The primary argument, when it is not the id. */
  name: z.string(),
  /** The reference of the state file that declares it: `web.config`. */
  ref: z.optional(z.string()),
  at: z.optional(PlaceBody),
  result: OutcomeResult,
  /** Field → from and to, secrets masked, long texts left out in favour of `diff`. */
  changes: z.optional(z.record(z.string(), ChangeBody)),
  /** The changes as text: a unified diff for contents, `field: from → to` for the rest. */
  diff: z.optional(z.string()),
  details: z.optional(z.record(z.string(), z.string())),
  comment: z.optional(z.string()),
  /** True when a watched change caused its refresh (a restart), or would. */
  refreshed: z.optional(z.boolean()),
  skipReason: z.optional(SkipReason),
  /** The steps that caused a skip, a refresh or a "cannot tell". */
  because: z.optional(z.array(z.string())),
  error: z.optional(ErrorBody),
  /** Milliseconds since the Unix epoch. */
  startedAt: z.number(),
  ms: z.number(),
});
export type Outcome = z.output<typeof Outcome>;

/** Skips that say nothing is wrong and nothing is to be done. */
const calmSkips: ReadonlySet<SkipReason> = new Set([
  'onchanges_not_met',
  'onfail_not_met',
  'prereq_not_met',
  'onlyif_not_met',
  'unless_met',
  'creates_met',
]);

/** True of what nobody has to look at: it is as it should be, and nothing was done about it. */
export function isCalm({ result, skipReason, refreshed = false }: Outcome): boolean {
  if (result === 'skipped') return skipReason !== undefined && calmSkips.has(skipReason);
  return result === 'unchanged' && !refreshed;
}

export const Report = z.object({
  test: z.boolean(),
  /** In definition order. */
  outcomes: z.array(Outcome),
  counts: z.record(z.string(), z.int()),
  ms: z.number(),
});
export type Report = z.output<typeof Report>;
