import type { Flag, FlagValues } from '#base/options.ts';
import { shownValue } from './report/shown.ts';
import type { Style } from './report/style.ts';
import type { Session } from './session.ts';

/** A word a command takes by its place. Only the last may be `many`; optional ones follow required ones. */
export interface Positional {
  readonly name: string;
  readonly summary: string;
  readonly required?: boolean;
  readonly many?: boolean;
  /** What there is of it to complete. */
  readonly completes?: Completes;
  /** All that it may be. */
  readonly offers?: readonly string[];
}

/** What a shell can be offered for a word, beside the values a flag may have. */
export type Completes = 'command' | 'context' | 'fact' | 'file' | 'function' | 'job' | 'peel' | 'subject' | 'topic';

/** One line a person would type, tested to parse. */
export interface CommandExample {
  readonly title: string;
  /** Without the leading `zester`, quoted as in a shell: `job list --limit 5`. */
  readonly line: string;
}

type PositionalValues<P extends readonly Positional[]> = {
  readonly [Each in P[number] as Each['name']]: Each extends { many: true }
    ? readonly string[]
    : Each extends { required: true }
      ? string
      : string | undefined;
};

/** What `run` is given: every positional and every flag by its name, in camel case (`--all-pending` → `allPending`). */
export type Input<P extends readonly Positional[], F extends readonly Flag[]> = PositionalValues<P> &
  FlagValues<F> & {
    /** What followed `--`; of commands without a positional that is `many` it went to the positionals. */
    readonly rest?: readonly string[] | undefined;
  };

export interface CommandDefinition<P extends readonly Positional[], F extends readonly Flag[], Value> {
  /** As it is typed: `job list`. The file is `commands/job-list.ts`. */
  readonly name: string;
  /** Other names: `job cancel`. */
  readonly aliases?: readonly string[];
  /** One sentence, the first line of its help. */
  readonly summary: string;
  /** More, when one sentence does not do: shown below the options. */
  readonly notes?: readonly string[];
  readonly positionals?: P;
  /** Its own flags; the global ones (`--json`, `--timeout`, …) are in `session`. */
  readonly flags?: F;
  readonly examples: readonly CommandExample[];
  /** True when it needs a master; `session.bus()` connects at the first call. */
  readonly bus: boolean;
  /** Does the work and returns plain data, ids as people write them: what its schema in `json/` names of it is printed for programs. */
  run(input: Input<P, F>, session: Session): Promise<Value>;
  /** The value as text for a person. Pure. */
  show(value: Value, style: Style): string;
  /** What is left to show of it as text when `run` wrote the rest as it came. */
  showRest?(value: Value, style: Style): string;
  /** 0 unless the value says otherwise (D12). */
  exit?(value: Value): number;
  /** When what the machine-readable forms print is not the value itself. */
  plain?(value: Value): unknown;
  /** True when `--yaml` prints one document for each element of the value, instead of one list. */
  readonly documents?: boolean;
  /** True for what is read and not waited for: on a terminal it goes through a pager. */
  readonly paged?: boolean;
}

/** A command with its types erased: what `main` runs. */
export interface Command {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly notes: readonly string[];
  readonly positionals: readonly Positional[];
  readonly flags: readonly Flag[];
  readonly examples: readonly CommandExample[];
  readonly bus: boolean;
  readonly documents: boolean;
  readonly paged: boolean;
  run(input: Readonly<Record<string, unknown>>, session: Session): Promise<unknown>;
  show(value: unknown, style: Style): string;
  showRest(value: unknown, style: Style): string;
  exit(value: unknown): number;
  plain(value: unknown): unknown;
}

/** Erases the types of a definition and hands `main` one shape for all commands. */
export function command<
  const P extends readonly Positional[] = readonly [],
  const F extends readonly Flag[] = readonly [],
  Value = unknown,
>(definition: CommandDefinition<P, F, Value>): Command {
  const { name, aliases = [], summary, notes = [], positionals = [], flags = [], examples, bus } = definition;
  // What comes from this machine may have lines of its own; what the fleet says may not make any up.
  const shown = (value: unknown) => shownValue(value as Value, !bus);
  return {
    name,
    aliases,
    summary,
    notes,
    positionals,
    flags,
    examples,
    bus,
    documents: definition.documents ?? false,
    paged: definition.paged ?? false,
    run: (input, session) => definition.run(input as Input<P, F>, session),
    show: (value, style) => definition.show(shown(value), style),
    showRest: (value, style) => (definition.showRest ?? definition.show)(shown(value), style),
    exit: (value) => definition.exit?.(value as Value) ?? 0,
    plain: (value) => (definition.plain ? definition.plain(value as Value) : value),
  };
}
