import type { Place } from '#base/errors.ts';

/** Which tree a file is of: the states, or the settings that Salt calls pillar. */
export type TreeName = 'states' | 'settings';

/** What was rewritten, and why that means the same. */
export interface Change {
  readonly at: Place;
  readonly from: string;
  /** Nothing when it was removed. */
  readonly to: string;
  readonly why: string;
}

/** Something a file asks for that Zester does not have. */
export interface Lack {
  readonly at: Place;
  readonly kind: LackKind;
  /** `pkgrepo.managed`; of an argument `file.managed: encoding`, of a value its path. */
  readonly name: string;
  /** What to do about it. */
  readonly hint?: string | undefined;
}

export type LackKind =
  | 'state'
  | 'argument'
  | 'function'
  | 'filter'
  | 'test'
  | 'option'
  | 'renderer'
  | 'template'
  | 'secret'
  | 'Python'
  /** What Zester refuses for another reason: its name is the message. */
  | 'error';

export interface Missing extends Lack {
  /** False when no sample machine comes to it: it stands in a branch for others, or one that settings switch on. */
  readonly reached: boolean;
}

/** Something to know or to do that is no missing part. */
export interface Note {
  readonly at?: Place | undefined;
  readonly text: string;
}

export type Outcome = 'runs as is' | 'changed' | 'has missing parts';

/** What a file is to Salt. */
export type Kind = 'top file' | 'state file' | 'settings file' | 'template' | 'Python' | 'data';

export interface FileReport {
  readonly tree: TreeName;
  readonly path: string;
  readonly kind: Kind;
  /** Where it is written to; another path when it was renamed. */
  readonly to: string;
  readonly outcome: Outcome;
  readonly changes: readonly Change[];
  readonly missing: readonly Missing[];
  readonly notes: readonly Note[];
}

export interface Report {
  readonly files: readonly FileReport[];
  /** Of the trees as a whole. */
  readonly notes: readonly Note[];
  /** Rewrites that were taken back because the files did not compile to the same any more: mistakes of ours. */
  readonly mistakes: readonly Note[];
  readonly samples: readonly string[];
}

export function outcomeOf({ changes, missing }: Pick<FileReport, 'changes' | 'missing'>): Outcome {
  if (missing.length > 0) return 'has missing parts';
  return changes.length > 0 ? 'changed' : 'runs as is';
}
