import type { Registry } from '#kit/function.ts';
import type { Problems } from '../problems.ts';

/** What the engine's own arguments of a state are read with. */
export interface OptionsContext {
  readonly problems: Problems;
  /** Arguments that are the module's own business: the engine then keeps away from them. */
  readonly takes: (key: string) => boolean;
  readonly registry: Registry;
  readonly late: boolean;
}
