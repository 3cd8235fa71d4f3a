import { globMatches, isGlob } from '#pattern/glob.ts';
import { flatten, type Loaded } from './gather.ts';
import type { Reference } from './references.ts';
import type { Step } from './step.ts';

/** The steps that a reference of another means, in run order; undefined when there is none. */
export type Find = (reference: Reference) => readonly Step[] | undefined;

export interface Finder {
  /** By id or name, where a glob means all that match, or by file. */
  readonly find: Find;
  /** As Salt's listeners look: to the letter, never a file, and a bare word means the module of the first that has it. */
  readonly findLiterally: Find;
}

export interface FinderOptions {
  readonly loaded: readonly Loaded[];
  /** As Salt 3006: a file without states of its own does not stand for those it includes. */
  readonly late: boolean;
}

export function createFinder(steps: readonly Step[], options: FinderOptions): Finder {
  const byWord = new Map<string, Step[]>();
  for (const step of steps) {
    for (const word of new Set([step.id, step.name])) {
      const known = byWord.get(word);
      if (known) known.push(step);
      else byWord.set(word, [step]);
    }
  }
  const matching = (pattern: string): readonly Step[] =>
    isGlob(pattern)
      ? steps.filter(({ id, name }) => globMatches(pattern, id) || globMatches(pattern, name))
      : (byWord.get(pattern) ?? []);

  return {
    find(reference) {
      if (reference.kind === 'sls') return statesOfFile(steps, reference.pattern, options);
      return meant(matching(reference.pattern), reference);
    },
    findLiterally(reference) {
      if (reference.kind === 'sls') return undefined;
      const having = byWord.get(reference.pattern) ?? [];
      return meant(having, { ...reference, module: reference.module ?? having[0]?.module });
    },
  };
}

function meant(candidates: readonly Step[], reference: Reference): readonly Step[] | undefined {
  const { module, function: name } = reference;
  const found = candidates.filter(
    (step) =>
      (module === undefined || step.module === module) && (name === undefined || step.state === `${module}.${name}`),
  );
  return found.length === 0 ? undefined : found;
}

/** All states of a file; for a file without any, those of the files it includes. */
function statesOfFile(
  steps: readonly Step[],
  pattern: string,
  { loaded, late }: FinderOptions,
): readonly Step[] | undefined {
  const own = steps.filter(({ ref }) => globMatches(pattern, ref));
  if (own.length > 0) return own;
  if (late) return undefined;
  const files = everyLoaded(loaded).filter(({ document }) => globMatches(pattern, document.source.ref));
  const refs = new Set(flatten(files).map(({ source }) => source.ref));
  const found = steps.filter(({ ref }) => refs.has(ref));
  return found.length === 0 ? undefined : found;
}

function everyLoaded(loaded: readonly Loaded[]): readonly Loaded[] {
  return loaded.flatMap((each) => [each, ...everyLoaded(each.included)]);
}
