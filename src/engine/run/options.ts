import type { Clock } from '#base/time.ts';
import type { Context } from '#kit/context.ts';
import type { SupposedMachine } from '#kit/supposed.ts';
import type { Approve } from '../planned.ts';
import type { Reload } from '../step.ts';

export interface RunOptions {
  /** Plan only: nothing is applied, and what would change is told. */
  readonly test: boolean;
  /** In a plan, the machine that its contexts look at, on which every step is supposed to have done its work. */
  readonly supposed?: SupposedMachine | undefined;
  /** What modules get; a step takes its sources from its own environment. */
  readonly contextFor: (env: string) => Context;
  /** Aborts when the run's deadline is over or it is killed. */
  readonly signal: AbortSignal;
  /** How many steps of a graph run at once. */
  readonly limit: number;
  /** What a step without a `failhard` of its own has. */
  readonly failhard: boolean;
  /** After a step that changed something and says so. */
  readonly reload?: ((what: readonly Reload[]) => Promise<void>) | undefined;
  /** Asked before a step does anything; throws when it must not. */
  readonly approve?: Approve | undefined;
  readonly random?: () => number;
  readonly clock?: Clock | undefined;
}
