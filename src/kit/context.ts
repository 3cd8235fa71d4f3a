import type { Machine } from '#machine/machine.ts';
import type { Registry } from './function.ts';

/** What a module is given beside its arguments: the machine, and the few things that come with the run. */
export interface Context extends Machine {
  readonly facts: Readonly<Record<string, unknown>>;
  /** Facts under Salt's names. */
  readonly grains: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly sources: Sources;
  readonly templates: Templates;
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
  /** True when a template asks: a command that exits 1 is then an answer, not a failure. */
  readonly rendering?: boolean;
  /** Aborts when the job's deadline is over or the job is killed. */
  readonly signal: AbortSignal;
  /** What this peel keeps of long outputs; none where a job has no peel. */
  readonly outputs?: Outputs | undefined;
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
}

export interface Templates {
  /** Renders Jinja text with the run's facts and settings, and `context` as top-level names. */
  render(
    text: string,
    options: { readonly path: string; readonly context?: Readonly<Record<string, unknown>> },
  ): string;
}
