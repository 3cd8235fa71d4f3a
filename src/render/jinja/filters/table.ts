import type { Runtime } from '../runtime.ts';
import { type Implementation, Signature } from '../signature.ts';
import type { Arguments, Value } from '../values.ts';

/** What a filter or test may need besides its arguments. */
export interface FilterContext {
  readonly runtime: Runtime;
  /** Every filter and test, for those that apply others by name. */
  readonly filters: ReadonlyMap<string, Filter>;
  readonly tests: ReadonlyMap<string, Test>;
}

/** A filter; the first positional argument is its input. */
export type Filter = (args: Arguments, context: FilterContext) => Value;

/** A test; the first positional argument is what is tested. */
export type Test = (args: Arguments, context: FilterContext) => boolean;

/** Filters by name, each `[signature, implementation]`; the first parameter is the input. */
export function filterTable(table: Readonly<Record<string, readonly [string, Implementation]>>): [string, Filter][] {
  return Object.entries(table).map(([name, [written, run]]) => {
    const signature = new Signature(written);
    return [name, (args) => run(...signature.bind(name, args))];
  });
}
