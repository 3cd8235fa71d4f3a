import { didYouMean, ZesterError } from '#base/errors.ts';

/**
 * How a command line reads the text of an argument. `text` is taken as it is, digits included; `list` takes YAML, or words
 * between commas; `map` takes YAML; `any` is read as a file would read it; `command` is `any`, but `[ -e /x ]` is a shell's test.
 */
export type Decode = 'bool' | 'int' | 'number' | 'list' | 'map' | 'text' | 'any' | 'command';

/** What there is to say of an argument, as plain data. */
export interface ArgumentRecord {
  readonly name: string;
  /** In words, for people: `text`, `true or false`, `list of text`, `file mode`. */
  readonly type: string;
  readonly decode: Decode;
  readonly description: string;
  /** Of a state, the primary one never is: the id stands for it. */
  readonly required: boolean;
  readonly primary?: true;
  /** Takes all bare words. */
  readonly rest?: true;
  /** With it, the primary argument says nothing: `pkgs` beside `name`. */
  readonly instead?: true;
  readonly secret?: true;
  readonly aliases?: readonly string[];
  readonly default?: unknown;
  /** The default in a `.sls` file, where it is another. */
  readonly inSalt?: unknown;
  /** The only values it takes. */
  readonly choices?: readonly string[];
}

export interface ExampleRecord {
  readonly title: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly expect: unknown;
}

/** A state or function as people and programs read of it: its page, `sys.doc`, `zester doc`, completion, forms. */
export interface ModuleRecord {
  readonly name: string;
  readonly kind: 'state' | 'function';
  readonly summary: string;
  readonly args: readonly ArgumentRecord[];
  /** True when it takes other arguments than those it names. */
  readonly open?: true;
  readonly examples: readonly ExampleRecord[];
  readonly notes: readonly string[];
  /** Whether it can change the machine. */
  readonly changes: boolean;
  /** Of a state: how it differs from Salt's, and what else it can do. */
  readonly differs?: readonly string[];
  readonly reverts?: boolean;
  readonly refreshes?: boolean;
  /** Of a function. */
  readonly returns?: string;
}

export interface FactRecord {
  readonly name: string;
  readonly summary: string;
  readonly returns: string;
}

/** All that the command line knows of what a peel can do: it loads no module. */
export interface Reference {
  readonly modules: readonly ModuleRecord[];
  readonly facts: readonly FactRecord[];
  /** What any state takes beside its own arguments. */
  readonly common: readonly ArgumentRecord[];
}

/** A job asks for what nobody has; `known` are the names there are. */
export function functionNotFound(name: string, known: Iterable<string>): ZesterError {
  return new ZesterError(
    'usage',
    'FUNCTION_NOT_FOUND',
    `Cannot run "${name}": there is no function or state of that name`,
    {
      hint: didYouMean(name, known) ?? 'List them with: zester doc',
    },
  );
}
