import { availableParallelism } from 'node:os';
import type { Probe } from '../probe.ts';
import { builtPrograms } from './build.ts';
import { alternatives, type MachineCase } from './format.ts';
import { runCase, type Verdict } from './run.ts';

/** What became of a case, or why the machine it needs cannot be had here. */
export type Answer = Verdict | { readonly skipped: string };

/** Starts cases, as many at a time as there are processors. The answers are in the order of the cases; none is rejected. */
export function startCases(cases: readonly MachineCase[], can: Probe): readonly Promise<Answer>[] {
  const pending = cases.map((each) => ({ each, ...Promise.withResolvers<Answer>() }));
  const possible = pending.filter(({ each, resolve }) => {
    const reason = can[each.root];
    if (reason !== true) resolve({ skipped: reason });
    return reason === true;
  });
  void runAll(possible);
  return pending.map(({ promise }) => promise);
}

interface Pending {
  readonly each: MachineCase;
  readonly resolve: (answer: Answer) => void;
}

async function runAll(pending: readonly Pending[]): Promise<void> {
  if (pending.length === 0) return;
  const cli = pending.some(({ each }) => usesCli(each)) ? (['zester'] as const) : [];
  using programs = builtPrograms(['zester-peel', ...cli]);
  const queue = pending.values();
  const lane = async () => {
    for (const { each, resolve } of queue) resolve(await runCase(each, programs));
  };
  await Promise.all(Array.from({ length: availableParallelism() }, lane));
}

/** The peel alone is enough for most. */
function usesCli(each: MachineCase): boolean {
  const scripts = [each.setup, each.tool, ...alternatives(each).map(({ probe }) => probe)];
  return scripts.some((script) => script !== undefined && /\bzester\b(?!-)/.test(script));
}
