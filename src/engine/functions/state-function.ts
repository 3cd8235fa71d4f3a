import type * as z from 'zod';
import { type Arguments, decodeArguments, rawArguments } from '#kit/arguments.ts';
import type { ModuleFunction } from '#kit/function.ts';
import type { ApplyRequest, Engine, Matching, PlannedStep, RevertEntry, RunScope, StateRun } from '../engine.ts';

/** What a `state.*` function is given beside its arguments. */
export interface StateFunctionContext extends Matching, Omit<ApplyRequest, 'exclude' | 'scope' | 'test' | 'planned'> {
  readonly engine: Engine;
  /** What templates may see and call; while planning, nothing that has effects. */
  readonly scopeFor: (test: boolean) => RunScope;
  /** The bare positional of the request, if there is one. */
  readonly id?: string | undefined;
  /** The request's own `test`; the argument of that name wins. */
  readonly test?: boolean | undefined;
  /** What earlier runs and plans left here. */
  readonly kept?: KeptRuns | undefined;
  /** The run that is at work on this machine. */
  readonly atWork?: (() => RunAtWork | undefined) | undefined;
}

export interface RunAtWork {
  readonly jid: string;
  readonly function: string;
  /** ISO 8601. */
  readonly since: string;
  /** Process id of its runner. */
  readonly pid: number;
}

/** What a machine remembers of its last runs and plans; the newest comes last. */
export interface KeptRuns {
  runs(): readonly KeptRun[];
  /** Of that job, or of the last one. */
  run(jid: string | undefined): KeptRun | undefined;
  plan(jid: string): KeptPlan | undefined;
}

export interface KeptRun {
  readonly jid: string;
  readonly function: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly entries: readonly RevertEntry[];
}

export interface KeptPlan {
  readonly jid: string;
  /** The arguments it was asked with. */
  readonly args: Readonly<Record<string, unknown>>;
  readonly at: number;
  readonly steps: readonly PlannedStep[];
}

/** A run to follow, or a value at once. */
export type StateFunctionAnswer = { readonly run: StateRun } | { readonly value: unknown };

export interface StateFunctionDefinition<A extends Arguments> extends Pick<ModuleFunction, 'name' | 'summary'> {
  readonly args: A;
  /** What it returns, in words. */
  readonly returns: string;
  /** True when it changes the machine unless it is only a test: one such runs at a time. */
  readonly changes: boolean;
  readonly notes?: readonly string[];
  run(args: z.output<A>, context: StateFunctionContext): Promise<StateFunctionAnswer>;
}

/** A function that needs the engine, with its types erased; described like any other. */
export interface StateFunction extends Omit<ModuleFunction, 'run'> {
  /** Decodes the arguments; the bare positional of the context is the primary one. */
  run(args: Readonly<Record<string, unknown>>, context: StateFunctionContext): Promise<StateFunctionAnswer>;
}

export function stateFunction<A extends Arguments>(definition: StateFunctionDefinition<A>): StateFunction {
  const { name, summary, args, returns, changes, notes = [] } = definition;
  return {
    name,
    summary,
    args,
    returns,
    changes,
    notes,
    examples: [],
    run: async (given, context) =>
      definition.run(decodeArguments(name, args, { ...rawArguments(args, given), id: context.id }), context),
  };
}
