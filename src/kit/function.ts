import type * as z from 'zod';
import { didYouMean, ZesterError } from '#base/errors.ts';
import type { Given } from '#machine/given.ts';
import { type Arguments, decodeArguments, type RawArguments } from './arguments.ts';
import type { Context } from './context.ts';
import { atHome, homePaths } from './home-paths.ts';
import type { State } from './state.ts';

export interface FunctionExample<A> {
  readonly title: string;
  readonly args: A;
  readonly given?: Given;
  readonly expect: unknown | { readonly refusal: string };
}

export interface FunctionDefinition<A extends Arguments> {
  readonly name: `${string}.${string}`;
  readonly summary: string;
  readonly args: A;
  /** What it returns, in words with shapes and units. */
  readonly returns: string;
  /** True when it changes the machine: it then waits its turn, and refuses to run while a plan is rendered. */
  readonly changes: boolean;
  run(args: z.output<A>, context: Context): Promise<unknown>;
  readonly examples: readonly FunctionExample<z.input<A>>[];
  readonly notes?: readonly string[];
}

/** A function with its types erased: what a job runs. */
export interface ModuleFunction {
  readonly name: string;
  readonly summary: string;
  readonly args: Arguments;
  readonly returns: string;
  readonly changes: boolean;
  readonly examples: readonly FunctionExample<Readonly<Record<string, unknown>>>[];
  readonly notes: readonly string[];
  /** Decodes the arguments and runs; the value is plain data that MessagePack and JSON can carry. */
  run(raw: RawArguments, context: Context): Promise<unknown>;
}

export function moduleFunction<A extends Arguments>(definition: FunctionDefinition<A>): ModuleFunction {
  return {
    name: definition.name,
    summary: definition.summary,
    args: definition.args,
    returns: definition.returns,
    changes: definition.changes,
    examples: definition.examples as ModuleFunction['examples'],
    notes: definition.notes ?? [],
    async run(raw, context) {
      const args = decodeArguments(definition.name, definition.args, raw);
      const homes = homePaths(definition.args, args);
      return definition.run(homes.length === 0 ? args : await atHome(args, homes, context), context);
    },
  };
}

/** What a call of a name that is none says. */
export function functionUnknown(name: string, { functions }: Registry): ZesterError {
  return new ZesterError('source', 'FUNCTION_UNKNOWN', `Cannot call "${name}": no function has that name`, {
    hint: didYouMean(name, functions.keys()) ?? 'List the functions with "sys.list_functions"',
  });
}

/** Everything by its name: what the engine is given. */
export interface Registry {
  readonly states: ReadonlyMap<string, State>;
  readonly functions: ReadonlyMap<string, ModuleFunction>;
}
