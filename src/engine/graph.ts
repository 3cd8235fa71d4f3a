import type { RequisiteKind } from './keywords.ts';
import type { Reference } from './references.ts';
import type { Step } from './step.ts';

/** One requisite of a step on another. `prerequired` is a `prereq` seen from its target, which waits for it. */
export interface Edge {
  readonly kind: RequisiteKind | 'prerequired';
  readonly target: Step;
  /** As it was written; nobody wrote an automatic one. */
  readonly reference?: Reference | undefined;
  readonly automatic?: true;
}

/** A step whose refresh runs after everything else when one of its targets changed. */
export interface Listener {
  readonly step: Step;
  readonly targets: readonly Step[];
}

/** Steps in Salt's order, and what each depends on. */
export interface Graph<Each extends Step = Step> {
  readonly steps: readonly Each[];
  /** By requiring step: in the order in which Salt looks at them. */
  readonly edges: ReadonlyMap<Step, readonly Edge[]>;
  /** Those that a plan for the sake of a `prereq` goes without. */
  readonly unplanned: ReadonlySet<Edge>;
  readonly listeners: readonly Listener[];
  /** One after another, because a `.sls` file declares one of them; otherwise what is ready runs together. */
  readonly serial: boolean;
  /** Salt 3006's way: requisites that match nothing, which fail their step while running. */
  readonly unmet: ReadonlyMap<Step, readonly Unmet[]>;
  /** The same for `listen`, and for the `listen_in` of a step, which only matters when that step has changed. */
  readonly deaf: readonly Deaf[];
}

export interface Deaf {
  readonly reference: Reference;
  readonly changing: Step | undefined;
}

export interface Unmet {
  readonly kind: RequisiteKind;
  readonly reference: Reference;
}
