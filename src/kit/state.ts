import type * as z from 'zod';
import type { Given } from '#machine/given.ts';
import {
  type Arguments,
  argumentNames,
  decodeArguments,
  primaryArgument,
  type RawArguments,
  type References,
  referencesOf,
  secretArguments,
} from './arguments.ts';
import type { Changes } from './changes.ts';
import type { Context } from './context.ts';
import { atHome, homePaths } from './home-paths.ts';
import { mask, type Shown, show } from './show.ts';

/**
 * What a module has to say beyond its changes: `stdout`, `pid`… Shown with the outcome, also when it failed.
 * Two keys mean something: `comment` is the outcome's comment, and `changed: 'no'` takes the planned changes back,
 * when only doing it could tell that nothing had to be done (a stateful command).
 */
export type Details = Readonly<Record<string, string>>;

/** Title a user would search for; shows a change (`expect`), a state already met (`expect: {}`) or a refusal. */
export type StateExample<A, C> = ExampleSetting &
  (
    | { readonly args: A; readonly expect: C }
    /** The code with which building, or the plan, or else applying, refuses; the arguments may be wrong ones. */
    | { readonly args: Readonly<Record<string, unknown>>; readonly expect: { readonly refusal: string } }
  );

interface ExampleSetting {
  readonly title: string;
  readonly given?: Given;
  /** What a second plan shows; `nothing` unless the state does something every time. */
  readonly again?: 'nothing' | 'changes';
  /** False when this very change cannot be put back: the revert then refuses with `REVERT_LOST`. */
  readonly reverts?: false;
  /** Runs on real hosts too, where what is `given` is arranged through the machine's own ports. */
  readonly real?: boolean;
}

/** Changes as an example writes them: a side that is undefined is left out. */
export type Expected<C> = { readonly [Key in keyof C]?: Partial<Exclude<C[Key], undefined>> };

export interface StateDefinition<A extends Arguments, C extends Changes> {
  readonly name: `${string}.${string}`;
  /** One sentence, the first line of its page. */
  readonly summary: string;
  readonly args: A;
  /** Reads and returns what differs; empty means "already so". Refuses with a coded error when the wish cannot be met. */
  check(wanted: z.output<A>, context: Context): Promise<C>;
  /** Makes those changes. */
  apply(changes: C, wanted: z.output<A>, context: Context): Promise<Details | undefined>;
  /** Its arguments where a plan only supposes that it did its work: without what would run something, or wait. */
  supposedAs?(wanted: z.output<A>): z.output<A>;
  /** Leaves in memory what `apply` would leave, where `apply` itself cannot do it: for the rest of a plan. */
  suppose?(changes: C, wanted: z.output<A>, context: Context): Promise<unknown>;
  /** Puts every `from` back. The changes may come from an earlier run, by way of JSON. */
  revert?(changes: C, wanted: z.output<A>, context: Context): Promise<Details | undefined>;
  /** What a watched change causes although nothing differs here (`mod_watch` in Salt). */
  refresh?(wanted: z.output<A>, context: Context): Promise<Details | undefined>;
  /**
   * Whether a watched change is still to be carried out when these changes were made: making a running service start at
   * boot does not restart it. Without it, what has just been changed counts as refreshed.
   */
  refreshesBeside?(changes: C): boolean;
  /** What to say when it went well, whether or not something changed. */
  comment?(wanted: z.output<A>): string | undefined;
  /** Paths it makes or keeps: what empties a directory leaves them there. */
  manages?(wanted: z.output<A>, context: Context): readonly ManagedPath[] | Promise<readonly ManagedPath[]>;
  /** Fields of its changes that are not shown; those of secret arguments never are. */
  hides?(wanted: z.output<A>): readonly string[];
  /** Changes that are shown to nobody, whatever is wanted: what is secret on the machine itself. */
  readonly secretChanges?: readonly string[];
  readonly examples: readonly StateExample<z.input<A>, Expected<NoInfer<C>>>[];
  readonly notes?: readonly string[];
  /** How it differs from Salt's state of the same name. */
  readonly differs?: readonly string[];
  /**
   * Set when Salt's state of this name takes any argument and passes over those it does not know: whoever is refused one
   * here is told so. These are the ones it does know, and this state does not.
   */
  readonly saltOnly?: readonly string[];
  /** True when further arguments are names for its template, as Salt hands them on. */
  readonly takesTemplateNames?: boolean;
  /** True when further arguments are there for states that `use` it, as in Salt. */
  readonly lends?: boolean;
  /** Names of things two steps must not touch at once: `packages`, `crontab`, `/etc/passwd`. */
  readonly holds?: readonly string[] | ((wanted: z.output<A>) => readonly string[]);
  /** What it makes for other states to lie in or to name: they go after it where nothing else says so. */
  provides?(wanted: z.output<A>): Partial<Provided>;
  /** Provider ports it cannot work without; missing ones are found when the step is built. */
  readonly needs?: readonly ('packages' | 'services')[];
}

export interface ManagedPath {
  readonly path: string;
  /** Lines it puts into the file there. */
  readonly lines?: readonly string[];
  /** Whether all that is in it stays too, by whoever it was made: always, or for a state that requires this one. */
  readonly whole?: 'always' | 'required';
}
/** Directories, users and groups by name. */
export type Provided = Readonly<Record<'path' | 'user' | 'group', readonly string[]>>;

/** What one step would do, found without doing anything. */
export interface Plan {
  /** As they are, secrets included: for `apply`, and to be kept for a later revert. People see `BuiltState.show`. */
  readonly changes: Changes;
  apply(): Promise<Details>;
  readonly revert: (() => Promise<Details>) | undefined;
}

/** A state with its types erased: what the engine runs. */
export interface State {
  readonly name: string;
  readonly summary: string;
  readonly args: Arguments;
  readonly examples: readonly StateExample<Readonly<Record<string, unknown>>, Changes>[];
  readonly notes: readonly string[];
  readonly differs: readonly string[];
  readonly needs: readonly ('packages' | 'services')[];
  readonly canRevert: boolean;
  readonly canRefresh: boolean;
  /** Every argument, by each of its names. */
  readonly argumentNames: ReadonlySet<string>;
  /** Whether it takes any argument. */
  readonly takesAny: boolean;
  /** Whether further arguments are names for its template. */
  readonly takesTemplateNames: boolean;
  /** Whether further arguments are there for others to take over. */
  readonly lends: boolean;
  /** Whether an argument that it does not have means nothing to Salt's state of the same name either. */
  passesOver(argument: string): boolean;
  /** Decodes and validates the arguments; throws `ARGUMENT_UNKNOWN`, `ARGUMENT_INVALID` or `ARGUMENT_MISSING` with the place. */
  build(raw: RawArguments): BuiltState;
  /** The same from arguments that `build` has decoded before: the `wanted` of what it gave. */
  restore(wanted: BuiltState['wanted']): BuiltState;
}

/** A state with its arguments: ready to plan on a machine. */
export interface BuiltState {
  /** The decoded arguments, secrets included. */
  readonly wanted: Readonly<Record<string, unknown>>;
  readonly holds: readonly string[];
  /** Whether it holds what no report may show: a secret argument, or changes that are not shown. */
  readonly isConfidential: boolean;
  /** The outcome's comment, unless `apply` gives its own. */
  readonly comment: string | undefined;
  /** What its arguments name on the machine. */
  readonly references: References;
  readonly provides: Partial<Provided>;
  plan(context: Context): Promise<Plan>;
  /** Paths it makes or keeps. */
  manages(context: Context): Promise<readonly ManagedPath[]>;
  /** Whether a watched change is to be carried out beside these changes. */
  refreshesBeside(changes: Changes): boolean;
  /** Does on a supposed machine what would be done: `changes` of a plan, or the refresh that a watched change causes. */
  suppose(changes: Changes | 'refresh', context: Context): Promise<void>;
  /** Present when a watched change can cause something here. */
  readonly refresh: ((context: Context) => Promise<Details>) | undefined;
  /** Puts back the changes of an earlier run. */
  readonly revert: ((changes: Changes, context: Context) => Promise<Details>) | undefined;
  /** Changes as people may see them; `secrets` are values to mask beside those of this state's own secret arguments. */
  show(changes: Changes, secrets?: readonly string[]): Shown;
  /** Details with this state's secret arguments, and the given secrets, masked. */
  mask<T>(details: T, secrets?: readonly string[]): T;
}

/** Erases the types of a definition and hands the engine one shape for all states. */
export function state<A extends Arguments, C extends Changes>(definition: StateDefinition<A, C>): State {
  const { name, summary, args, notes = [], differs = [], needs = [], holds = [] } = definition;
  return {
    name,
    summary,
    args,
    examples: definition.examples as State['examples'],
    notes,
    differs: [...differs, ...lacking(definition.saltOnly ?? [])],
    needs,
    canRevert: definition.revert !== undefined,
    canRefresh: definition.refresh !== undefined,
    argumentNames: argumentNames(args),
    takesAny: args.def.catchall !== undefined && args.def.catchall._zod.def.type !== 'never',
    takesTemplateNames: definition.takesTemplateNames ?? false,
    lends: definition.lends ?? false,
    passesOver: (argument) => definition.saltOnly?.includes(argument) === false,
    build: (raw) => build(definition, decodeArguments(name, args, raw), holds),
    restore: (wanted) => build(definition, wanted as z.output<A>, holds),
  };
}

function lacking(names: readonly string[]): readonly string[] {
  return names.length === 0 ? [] : [`Arguments of Salt's that it does not have: ${names.join(', ')}`];
}

const hiddenBySchema = new WeakMap<Arguments, readonly string[]>();

function hiddenOf(args: Arguments): readonly string[] {
  const known = hiddenBySchema.get(args) ?? secretArguments(args);
  hiddenBySchema.set(args, known);
  return known;
}

function build<A extends Arguments, C extends Changes>(
  definition: StateDefinition<A, C>,
  wanted: z.output<A>,
  holds: NonNullable<StateDefinition<A, C>['holds']>,
): BuiltState {
  const { args, revert, refresh } = definition;
  const values: Readonly<Record<string, unknown>> = wanted;
  const hidden = hiddenOf(args);
  const own = hidden.map((key) => values[key]).filter((value) => typeof value === 'string');
  const hides = definition.hides?.(wanted) ?? [];
  const homes = homePaths(args, values);
  /** With the paths of this machine's homes. */
  const there = async (context: Context) => (homes.length === 0 ? wanted : atHome(wanted, homes, context));
  const back =
    revert &&
    (async (changes: Changes, context: Context) =>
      (await revert.call(definition, changes as C, await there(context), context)) ?? {});
  return {
    wanted: values,
    holds: typeof holds === 'function' ? holds(wanted) : holds,
    isConfidential: own.length > 0 || hides.length > 0,
    comment: definition.comment?.(wanted),
    get references() {
      return referencesOf(args, values);
    },
    get provides() {
      return definition.provides?.(wanted) ?? {};
    },
    async suppose(changes, context) {
      const here = await there(context);
      const supposed = definition.supposedAs?.(here) ?? here;
      if (changes === 'refresh') await refresh?.call(definition, supposed, context);
      else if (definition.suppose) await definition.suppose(changes as C, supposed, context);
      else await definition.apply(changes as C, supposed, context);
    },
    async plan(context) {
      const here = await there(context);
      const changes = await definition.check(here, context);
      return {
        changes,
        apply: async () => (await definition.apply(changes, here, context)) ?? {},
        revert: back && (() => back(changes, context)),
      };
    },
    manages: async (context) => (await definition.manages?.(await there(context), context)) ?? [],
    refreshesBeside: (changes) => definition.refreshesBeside?.(changes as C) ?? false,
    refresh: refresh && (async (context) => (await refresh.call(definition, await there(context), context)) ?? {}),
    revert: back,
    show: (changes, secrets = []) =>
      show(changes, {
        name: String(values[primaryArgument(args) ?? ''] ?? definition.name),
        hidden: [...hidden, ...hides, ...(definition.secretChanges ?? [])],
        secrets: [...own, ...secrets],
      }),
    mask: (details, secrets = []) => mask(details, [...own, ...secrets]),
  };
}
