import { startWatch } from '#base/time.ts';
import type { Changes } from '#kit/changes.ts';
import type { Outcome, Report } from '#wire/outcome.ts';
import type { Graph } from './graph.ts';
import { outcomeOf } from './outcome.ts';
import { type PlannedStep, plannedOf } from './planned.ts';
import { type Placed, reportOf } from './report.ts';
import type { Settled } from './run/settled.ts';
import type { Environments } from './tree.ts';

/** An outcome as it comes, with what belongs to it but not on the wire. */
export interface Finished extends Placed {
  readonly outcome: Outcome;
  /** What to keep so that it can be reverted: only for what really changed. It may hold secrets. */
  readonly journal?: JournalEntry;
  /** What a plan foresees, to be kept until it is applied. It may hold secrets. */
  readonly planned?: PlannedStep;
  /** The event its `fire_event` asks for. */
  readonly event?: { readonly tag: string; readonly data: Outcome };
}

export interface JournalEntry {
  readonly id: string;
  readonly state: string;
  /** As written, slots filled. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly changes: Changes;
}

/** A run: read it for outcomes as they come, ask it for the report of all. It starts when either is done, and runs once. */
export interface StateRun extends AsyncIterable<Finished> {
  /** How many steps there are, listeners aside. */
  readonly total: number;
  report(): Promise<Report>;
}

export interface StateRunOptions {
  readonly graph: Graph;
  readonly test: boolean;
  readonly secrets: readonly string[];
  readonly environments: Environments;
  /** When the last outcome was given. */
  readonly onEnd?: (() => void) | undefined;
}

export function stateRun(settled: AsyncIterable<Settled>, options: StateRunOptions): StateRun {
  const { graph, test, onEnd } = options;
  const positions = new Map(graph.steps.map((step, index) => [step.key, index]));
  const finished: Finished[] = [];
  const { elapsed } = startWatch();
  const source = finish();

  async function* finish(): AsyncGenerator<Finished, void> {
    for await (const each of settled) {
      const position = positions.get(each.step.key) ?? graph.steps.length + each.sequence;
      const one = finishedOf(each, position, options);
      finished.push(one);
      yield one;
    }
    onEnd?.();
  }

  return {
    total: graph.steps.length,
    [Symbol.asyncIterator]: () => source,
    async report() {
      for await (const _ of source);
      return reportOf(finished, { test, serial: graph.serial, ms: elapsed() });
    },
  };
}

function finishedOf(settled: Settled, position: number, { test, secrets, environments }: StateRunOptions): Finished {
  const { step, sequence, verdict, changes, args, skipReason } = settled;
  const outcome = outcomeOf(settled, { secrets, environments });
  const hasChanged = !test && verdict === 'ok' && Object.keys(changes).length > 0;
  const tag = step.options.fireEvent;
  return {
    outcome,
    position,
    sequence,
    ...(hasChanged ? { journal: { id: step.id, state: step.state, args: args ?? {}, changes } } : {}),
    ...(test ? { planned: plannedOf(settled, outcome) } : {}),
    ...(tag !== undefined && skipReason === undefined ? { event: { tag, data: outcome } } : {}),
  };
}
