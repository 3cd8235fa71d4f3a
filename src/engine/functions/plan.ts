import { ZesterError } from '#base/errors.ts';
import { decodeArguments, rawArguments } from '#kit/arguments.ts';
import type { PlannedStep } from '../engine.ts';
import { deviations } from '../planned.ts';
import { Files } from './arguments.ts';
import { applyOrHighstate } from './files.ts';
import { type StateFunctionContext, stateFunction } from './state-function.ts';

export const plan = stateFunction({
  name: 'state.plan',
  summary: 'Say what state.apply would change, and keep it so that exactly that can be applied later',
  args: Files.omit({ test: true, queue: true, concurrent: true }),
  returns: 'A report of what would change',
  changes: false,
  notes: [
    'zester \'web*\' state.plan web --out plan.json saves what every peel answers; "zester apply plan.json" applies it.',
    'Each peel keeps its own plan, whole and unmasked, readable by root only; the last 20 are kept.',
  ],
  run: async (args, context) => ({ run: applyOrHighstate({ ...args, test: true }, context) }),
});

/** A plan that still holds: what to apply, and every step as it was foreseen. */
export interface ConfirmedPlan {
  readonly args: Files;
  readonly planned: readonly PlannedStep[];
}

/**
 * Plans again and compares. Refuses with `PLAN_UNKNOWN` when nothing is kept of it here, with `PLAN_CHANGED` when
 * anything would be different by now: then nothing is applied, and the details name every difference.
 */
export async function confirmPlan(jid: string, context: StateFunctionContext): Promise<ConfirmedPlan> {
  const kept = context.kept?.plan(jid);
  if (kept === undefined) {
    throw new ZesterError('machine', 'PLAN_UNKNOWN', `Cannot apply the plan "${jid}": this peel keeps no such plan`, {
      hint: 'Only the last plans are kept, each by the peel that made it: plan again',
    });
  }
  const args = decodeArguments('state.plan', Files, rawArguments(Files, kept.args));
  const again: PlannedStep[] = [];
  const run = applyOrHighstate({ ...args, test: true }, context);
  for await (const { planned } of run) if (planned) again.push(planned);
  const differences = deviations(kept.steps, again);
  if (differences.length === 0) return { args, planned: kept.steps };
  throw new ZesterError(
    'machine',
    'PLAN_CHANGED',
    `Cannot apply the plan "${jid}": ${differences.length === 1 ? 'a step' : `${differences.length} steps`} would be different by now`,
    {
      details: Object.fromEntries(differences.map(({ step, what }) => [step, what])),
      hint: 'Nothing was applied. Look at what changed, and plan again',
    },
  );
}
