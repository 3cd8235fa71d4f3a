import { mask as maskSecrets } from '#kit/show.ts';
import { errorBody } from '#wire/error.ts';
import type { Outcome, OutcomeResult } from '#wire/outcome.ts';
import { quoted } from './quote.ts';
import { hasChanged, type Settled } from './run/settled.ts';
import type { Environments } from './tree.ts';

export interface OutcomeOptions {
  /** Values that must not be shown anywhere. */
  readonly secrets: readonly string[];
  /** Where the files are that errors speak of. */
  readonly environments: Environments;
}

/** A settled step as it is reported: secrets masked, changes as text beside them. */
export function outcomeOf(settled: Settled, { secrets, environments }: OutcomeOptions): Outcome {
  const { step, built, changes, details, comment, refreshed, skipReason, because, error, startedAt, ms } = settled;
  const hasChanges = Object.keys(changes).length > 0;
  const shown = hasChanges ? built?.show(changes, secrets) : undefined;
  const mask = <T>(value: T): T => (built ? built.mask(value, secrets) : maskSecrets(value, secrets));
  const said = comment ?? (error ? undefined : '');
  return {
    id: step.id,
    state: step.state,
    name: mask(step.name),
    ref: step.ref,
    at: step.at,
    result: resultOf(settled),
    ...(shown ? { changes: { ...shown.changes } as Outcome['changes'], diff: shown.diff } : {}),
    ...(details ? { details: { ...mask(details) } } : {}),
    ...(said ? { comment: mask(said) } : {}),
    ...(refreshed ? { refreshed } : {}),
    ...(skipReason ? { skipReason } : {}),
    ...(because && because.length > 0 ? { because: [...because] } : {}),
    ...(error ? { error: mask(quoted(errorBody(error), environments)) } : {}),
    startedAt,
    ms,
  };
}

function resultOf(settled: Settled): OutcomeResult {
  const { verdict } = settled;
  if (verdict === 'failed' || verdict === 'skipped') return verdict;
  if (verdict === 'would') return 'would-change';
  if (verdict === 'unsure') return 'cannot-tell';
  return hasChanged(settled) ? 'changed' : 'unchanged';
}
