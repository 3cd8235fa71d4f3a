import { toHuman } from '#base/ids.ts';
import type { Return } from '../job.ts';
import type { Outcome } from '../outcome.ts';

/** The answer of a peel, to be published as an `Answer`. Apart from that schema: most runs print none. */
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
