import type { Place } from '#base/errors.ts';
import type { Node } from './node.ts';
import type { Source } from './tree.ts';

/** One argument as written: its value keeps the places inside it. */
export interface Argument {
  readonly key: string;
  readonly at: Place;
  readonly value: Node;
  /** It shares the list entry of a requisite, which Salt refuses. */
  readonly shares?: true;
  /** The same argument, written before: of a few kinds every entry counts. */
  readonly earlier?: Argument;
  /** It was copied by a `use`: a state that has no such argument does without. */
  readonly borrowed?: true;
}

/** All entries of an argument that count, in written order. */
export function entriesOf(argument: Argument): readonly Argument[] {
  return argument.earlier ? [...entriesOf(argument.earlier), argument] : [argument];
}

/** One state of one id: a module, its function, and arguments. */
export interface Declaration {
  readonly module: string;
  /** Function names as written; exactly one in the end, but an `extend` may still replace or add it. */
  readonly functions: readonly { readonly name: string; readonly at: Place }[];
  readonly args: ReadonlyMap<string, Argument>;
  readonly at: Place;
  /** The number it sorts by when it has no `order` of its own. */
  readonly autoOrder?: number | undefined;
}

/** An id with its states. */
export interface Entry {
  readonly id: string;
  readonly at: Place;
  readonly source: Source;
  readonly declarations: readonly Declaration[];
}

export interface Include {
  readonly ref: string;
  readonly env: string | undefined;
  readonly at: Place;
}

export interface Exclusion {
  readonly kind: 'sls' | 'id';
  readonly pattern: string;
}

/** A state file, read: what it declares and what it asks for. */
export interface Document {
  readonly source: Source;
  readonly includes: readonly Include[];
  readonly entries: readonly Entry[];
  readonly extensions: readonly Entry[];
  readonly exclusions: readonly Exclusion[];
}
