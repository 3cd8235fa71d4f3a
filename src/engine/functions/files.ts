import type { PlannedStep, StateRun } from '../engine.ts';
import { type Files, requestOf } from './arguments.ts';
import type { StateFunctionContext } from './state-function.ts';

/** Runs the named files, or what the top file gives when none is named. */
export function applyOrHighstate(
  args: Partial<Files>,
  context: StateFunctionContext,
  planned?: readonly PlannedStep[],
): StateRun {
  const request = { ...requestOf(args, context), planned };
  const { mods = [] } = args;
  if (mods.length > 0) return context.engine.apply(mods, request);
  return context.engine.highstate({ ...request, matches: context.matches });
}
