import type { Machine } from '#machine/machine.ts';
import type { Registry } from './function.ts';
import type { ManagedPath } from './state.ts';

/** What a module is given beside its arguments: the machine, and the few things that come with the run. */
export interface Context extends Machine {
  readonly facts: Readonly<Record<string, unknown>>;
  /** Facts under Salt's names. */
  readonly grains: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly sources: Sources;
  readonly templates: Templates;
  readonly formats: Formats;
  /** Every state and function by name, for those that describe or call others. */
  readonly registry: Registry;
  /**
   * Calls another function by name (`module.run`, `onlyif: - fun:`); unknown names throw `FUNCTION_UNKNOWN`.
   * Positional arguments fill its schema in order (`rawArguments`).
   */
  readonly call: (
    name: string,
    args: Readonly<Record<string, unknown>>,
    positional?: readonly unknown[],
  ) => Promise<unknown>;
  /**
   * Whether a target means this machine; `kind` is `native`, or what Salt calls it: `compound`, `grain`, `pcre`…
   * Throws `TARGET_INVALID` for one that cannot be read.
   */
  readonly matches: (target: string, kind: string, options?: { readonly delimiter?: string | undefined }) => boolean;
  /** True when a template asks: a command that exits 1 is then an answer, not a failure. */
  readonly rendering?: boolean;
  /** What the other states of this run make or keep; nothing where there is no run. */
  readonly managed?: () => Promise<readonly ManagedPath[]>;
  /** What states of this run have gathered for the files of others. */
  readonly gathered?: Gathered;
  /** Aborts when the job's deadline is over or the job is killed. */
  readonly signal: AbortSignal;
  /** What this peel keeps of long outputs; none where a job has no peel. */
  readonly outputs?: Outputs | undefined;
}

export type Format = 'json' | 'yaml' | 'toml';

/** Data as files hold it, numbers with all their digits and floats with their point. */
export interface Formats {
  /** `path` is how the text is named in errors. Throws `JSON_SYNTAX`, `YAML_SYNTAX`, `TOML_SYNTAX` with the place. */
  read(format: Format, text: string, path: string): unknown;
  /** As Python's libraries write it by default, and so Salt; it ends with a line break. */
  write(format: Format, data: unknown, options?: FormatOptions): string;
}

export interface FormatOptions {
  readonly indent?: number | string | undefined;
  readonly sortKeys?: boolean | undefined;
  /** Whether what is not ASCII is escaped: in YAML unless told otherwise, in JSON not. */
  readonly ascii?: boolean | undefined;
  /** Of JSON. */
  readonly separators?: readonly [item: string, key: string] | undefined;
  /** Of YAML: lists and maps in brackets; `leaves` only those that hold no others. */
  readonly flow?: boolean | 'leaves' | undefined;
  /** Of YAML: where lines are folded. */
  readonly width?: number | undefined;
}

/** Texts that states of a run gather for a file which another state of it writes (`file.accumulated`). */
export interface Gathered {
  /** Adds the texts that the file does not have under this name. */
  add(file: string, name: string, texts: readonly string[]): void;
  /** Name → texts, in the order in which they came. */
  of(file: string): Readonly<Record<string, readonly string[]>>;
}

/** Outputs of commands that were too long to be returned. */
export interface Outputs {
  /** The streams of a job that are kept, with their bytes. */
  list(jid: string): Promise<ReadonlyMap<string, number>>;
  /** A part of one; undefined when it is not kept. */
  read(jid: string, stream: string, offset: number, length: number): Promise<Uint8Array | undefined>;
  /** SHA-256 of its first bytes, in hex. */
  digest(jid: string, stream: string, bytes: number): Promise<string | undefined>;
}

/** Files of the state tree, and of this machine, by the names a state may use for them. */
export interface Sources {
  /**
   * Content of `zester://path`, `salt://path`, a path relative to the tree, or an absolute path on this machine;
   * undefined when there is none.
   */
  read(source: string): Promise<Uint8Array | undefined>;
  /** Tree-relative paths of all files under a folder of the tree (or of an absolute folder), sorted. */
  list(folder: string): Promise<readonly string[]>;
  /** The same of what else is under it: folders, and symlinks with what is written in them. */
  shape(folder: string): Promise<SourceShape>;
  /** Permission bits of a file; undefined where there is none, or nothing is known of it. */
  mode(source: string): Promise<number | undefined>;
}

export interface SourceShape {
  readonly folders: readonly string[];
  readonly links: ReadonlyMap<string, string>;
}

export interface Templates {
  /** Renders Jinja text with the run's facts and settings, and `context` as top-level names. */
  render(
    text: string,
    options: { readonly path: string; readonly context?: Readonly<Record<string, unknown>> },
  ): string;
}
