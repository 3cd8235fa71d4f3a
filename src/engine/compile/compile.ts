import type { Exclusion } from '../document.ts';
import { flatten, type Loaded } from '../gather.ts';
import type { Problems } from '../problems.ts';
import { exclude, isExcluded } from './exclude.ts';
import { extend } from './extend.ts';
import { type High, merge } from './merge.ts';
import { type Draft, names } from './names.ts';
import { requisites } from './requisites.ts';
import { verify } from './verify.ts';

export interface OutlineOptions {
  readonly problems: Problems;
  /** What is excluded by whoever asked for the run, beside the files' own `exclude`. */
  readonly exclusions: readonly Exclusion[];
  readonly late: boolean;
  readonly autoOrder: boolean;
  /** False shows what there is, whether or not it is well-formed. */
  readonly verified: boolean;
}

/** The states of a run as they are written, sorted: what needs no module to be known. */
export interface Outline {
  readonly high: High;
  readonly drafts: readonly Draft[];
}

/** Documents to drafts, in Salt's order: a later stage sees only what the one before it made. */
export function outline(loaded: readonly Loaded[], options: OutlineOptions): Outline {
  const { problems, exclusions, late, verified } = options;
  const documents = flatten(loaded);
  const excluded = [...documents.flatMap((document) => document.exclusions), ...exclusions];
  const extensions = documents
    .filter(({ source }) => !isExcluded(source, excluded))
    .flatMap((document) => document.extensions);

  const merged = merge(loaded, options);
  const extended = extend(merged, extensions, problems);
  if (verified) verify(extended, { problems, late });
  const turned = requisites(extended, { problems, late, excluded });
  const high = exclude(turned, excluded);
  return { high, drafts: names(high, problems) };
}
