import { placeText } from '#base/errors.ts';
import { plainOf } from '#engine/node.ts';
import type { Compiled } from './compile.ts';
import { lacksOf, type Stated } from './find/states.ts';
import type { Known } from './known.ts';
import { isStateName } from './read/declared.ts';
import type { Lack } from './report.ts';
import { managedIn } from './verify.ts';

/** A reference as one sample machine compiled it. */
export interface Trial extends Compiled {
  readonly sample: string;
}

/** What the sample machines came by in a tree of states. */
export interface Reach {
  /** What the states that they have ask for and there is not, by the file that says so. */
  readonly lacks: ReadonlyMap<string, readonly Lack[]>;
  /** True when one of them comes to it, or when that cannot be told. */
  has(path: string, lack: Lack): boolean;
  /** Files that a run is made of, or would render. */
  readonly used: ReadonlySet<string>;
  /** Those of runs that compile. */
  readonly compiled: ReadonlySet<string>;
}

export function reachOf(trials: readonly Trial[], known: Known): Reach {
  const lacks = new Map<string, Lack>();
  for (const draft of trials.flatMap(({ drafts }) => drafts)) {
    if (!isStateName(draft.state)) continue;
    for (const lack of lacksOf(statedBy(draft), known)) lacks.set(keyOf(lack), lack);
  }
  const called = new Map<string, Set<string>>();
  for (const trial of trials) {
    for (const file of trial.files) called.set(file, (called.get(file) ?? new Set()).union(trial.called));
  }
  const managed = new Set(trials.flatMap((trial) => managedIn(trial).map(({ path }) => path)));
  const compiled = new Set(trials.filter(({ errors }) => errors.length === 0).flatMap(({ files }) => [...files]));
  return {
    lacks: Map.groupBy(lacks.values(), ({ at }) => at.file),
    used: managed.union(new Set(called.keys())),
    compiled: compiled.union(managed),
    has(path, lack) {
      // How far a machine would come in a file that none gets through cannot be told, nor what a managed file calls.
      if (managed.has(path) || (called.has(path) && !compiled.has(path))) return true;
      if (lack.kind === 'function' && called.get(path)?.has(lack.name)) return true;
      const isOfState = lack.kind === 'state' || lack.kind === 'argument' || lack.kind === 'function';
      return !isOfState || lacks.has(keyOf(lack));
    },
  };
}

/** The same for what is missing in the same place. */
export function keyOf({ at, kind, name }: Lack): string {
  return `${placeText(at)} ${kind} ${name}`;
}

function statedBy({ declaration, state, args }: Compiled['drafts'][number]): Stated {
  return {
    state,
    at: declaration.functions[0]?.at ?? declaration.at,
    args: [...args.values()].map(({ key, at, value }) => ({ key, at, value: plainOf(value) })),
  };
}
