import type { Place } from '#base/errors.ts';
import type { RawArguments } from '#kit/arguments.ts';
import type { BuiltState, State } from '#kit/state.ts';
import type { Draft } from './compile/names.ts';
import type { RequisiteKind } from './keywords.ts';
import type { Reference } from './references.ts';
import type { Dialect } from './tree.ts';

/** One declared state, compiled: all that order and run need. */
export interface Step {
  /** Unique in a run: id, name and state. */
  readonly key: string;
  readonly id: string;
  readonly name: string;
  /** `file.managed` */
  readonly state: string;
  readonly module: string;
  readonly ref: string;
  readonly env: string;
  readonly dialect: Dialect;
  readonly at: Place;
  readonly requisites: ReadonlyMap<RequisiteKind, readonly Reference[]>;
  readonly listen: readonly Reference[];
  readonly listenIn: readonly Reference[];
  readonly options: StepOptions;
  readonly work: Work;
}

/** A step that was compiled from files, which tells what it was made of; to run it, that need not be known. */
export interface CompiledStep extends Step {
  readonly draft: Draft;
}

/**
 * How to come by the state with its arguments: `ready`, or `late` because an argument is only known when its turn comes
 * (a `__slot__`), or `broken` because Salt 3006's way was asked for and this step cannot work.
 */
export type Work =
  | { readonly kind: 'ready'; readonly state: State; readonly raw: RawArguments; readonly built: BuiltState }
  | { readonly kind: 'late'; readonly state: State; readonly raw: RawArguments }
  | { readonly kind: 'broken'; readonly error: Error };

export interface StepOptions {
  /** Undefined leaves it to the run. */
  readonly failhard: boolean | undefined;
  readonly parallel: boolean;
  readonly retry: Retry | undefined;
  readonly onlyif: readonly Guard[] | undefined;
  readonly unless: readonly Guard[] | undefined;
  readonly creates: readonly string[];
  readonly checkCommands: readonly string[];
  /** Where guards and the state's own commands run. */
  readonly commands: CommandSurroundings;
  /** What the state's own commands get without its module's doing: a `runas` or `umask` that its schema does not have. */
  readonly imposed: Pick<CommandSurroundings, 'user' | 'umask'>;
  /** Milliseconds after which the state is stopped. */
  readonly timeoutMs: number | undefined;
  readonly fireEvent: string | undefined;
  readonly reload: readonly Reload[];
}

export type Reload = 'modules' | 'facts' | 'settings';

export interface Retry {
  /** All of them, the first included. */
  readonly attempts: number;
  /** Seconds between two. */
  readonly interval: number;
  /** At most so many random seconds more. */
  readonly splay: number;
  readonly until: boolean;
}

export type Guard =
  | { readonly kind: 'constant'; readonly holds: boolean }
  | { readonly kind: 'command'; readonly command: string }
  | {
      readonly kind: 'function';
      readonly name: string;
      readonly positional: readonly unknown[];
      readonly named: Readonly<Record<string, unknown>>;
      /** Path inside the value: `a:b`. */
      readonly getReturn: string | undefined;
    };

export interface CommandSurroundings {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly umask?: number;
  readonly timeoutMs?: number;
  readonly prependPath?: string;
  readonly shell: string;
  /** Exit codes beside 0 that mean yes. */
  readonly successCodes?: readonly number[];
}

export function canRefresh({ work }: Step): boolean {
  return work.kind !== 'broken' && work.state.canRefresh;
}
