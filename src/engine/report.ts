import type { Outcome, Report } from '#wire/outcome.ts';

/** An outcome with where it belongs. */
export interface Placed {
  readonly outcome: Outcome;
  /** Where its step stands in the files; listeners come after all. */
  readonly position: number;
  /** When it had its turn. */
  readonly sequence: number;
}

export interface ReportOptions {
  readonly test: boolean;
  readonly ms: number;
  /** A serial run is told in the order it ran, which is Salt's; a graph in the order it is written. */
  readonly serial: boolean;
}

export function reportOf(placed: readonly Placed[], { test, ms, serial }: ReportOptions): Report {
  const inOrder = placed.toSorted((a, b) =>
    serial ? a.sequence - b.sequence : a.position - b.position || a.sequence - b.sequence,
  );
  const outcomes = inOrder.map(({ outcome }) => outcome);
  return { test, outcomes, counts: countsOf(outcomes), ms };
}

/** How many of each result, and of all. */
function countsOf(outcomes: readonly Outcome[]): Record<string, number> {
  const counts: Record<string, number> = { total: outcomes.length };
  for (const { result } of outcomes) counts[result] = (counts[result] ?? 0) + 1;
  return counts;
}

/** True when nothing failed and nothing was cut short; what was skipped for a reason of its own is fine. */
export function isSuccess({ outcomes }: Report): boolean {
  return outcomes.every(
    ({ result, skipReason }) => result !== 'failed' && skipReason !== 'canceled' && skipReason !== 'failhard_abort',
  );
}
