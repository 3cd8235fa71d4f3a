import type { Changes } from '#kit/changes.ts';
import type { BuiltState } from '#kit/state.ts';
import type { SkipReason } from '#wire/outcome.ts';
import type { Step } from '../step.ts';

/** What became of a step, as later steps and the report need it. */
export interface Settled {
  readonly step: Step;
  /** Counts up as steps have their turn: the order in which they ran. */
  readonly sequence: number;
  readonly verdict: Verdict;
  /** True changes, secrets included; kept for a revert, shown only masked. */
  readonly changes: Changes;
  /** Set when a watched change caused its refresh, or would. */
  readonly refreshed?: boolean;
  readonly details?: Readonly<Record<string, string>>;
  readonly comment?: string;
  readonly skipReason?: SkipReason;
  readonly because?: readonly string[];
  readonly error?: Error;
  /** How its changes and details may be shown. */
  readonly built?: BuiltState;
  /** The arguments it had in the end, slots filled. */
  readonly args?: Readonly<Record<string, unknown>>;
  readonly startedAt: number;
  readonly ms: number;
}

/** `would` is a plan's "it would change"; `unsure` its "cannot tell until another is applied". */
export type Verdict = 'ok' | 'would' | 'unsure' | 'failed' | 'skipped';

/** Whether what requires it must not run: it failed, or was held back by something that failed. */
export function hasFailed({ verdict, skipReason }: Settled): boolean {
  return (
    verdict === 'failed' ||
    skipReason === 'require_failed' ||
    skipReason === 'canceled' ||
    skipReason === 'failhard_abort'
  );
}

/** Whether what watches it, or runs on its changes, has a reason to. */
export function hasChanged({ verdict, changes, refreshed }: Settled): boolean {
  return verdict === 'unsure' || refreshed === true || Object.keys(changes).length > 0;
}

/** Whether Salt counts it as run at all: a state whose trigger stayed quiet is not. */
export function hasRun({ skipReason }: Settled): boolean {
  return skipReason !== 'onchanges_not_met' && skipReason !== 'onfail_not_met';
}
