import { apply, highstate, planOnly, single, sls, slsId } from './functions/apply.ts';
import { plan } from './functions/plan.ts';
import { revert, runs } from './functions/revert.ts';
import { running, showHighstate, showLowSls, showLowstate, showSls, showTop } from './functions/show.ts';
import type { StateFunction } from './functions/state-function.ts';

export type {
  KeptPlan,
  KeptRun,
  KeptRuns,
  RunAtWork,
  StateFunction,
  StateFunctionAnswer,
  StateFunctionContext,
} from './functions/state-function.ts';

/** The functions that need the engine, by name: beside these `modules/` has all others. */
export const stateFunctions: ReadonlyMap<string, StateFunction> = new Map(
  [
    apply,
    highstate,
    plan,
    planOnly,
    revert,
    running,
    runs,
    showHighstate,
    showLowSls,
    showLowstate,
    showSls,
    showTop,
    single,
    sls,
    slsId,
  ].map((each) => [each.name, each]),
);
