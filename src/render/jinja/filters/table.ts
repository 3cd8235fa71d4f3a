import type { Runtime } from '../runtime.ts';
import type { Scope } from '../scope.ts';
import { type Implementation, Signature } from '../signature.ts';
import type { Arguments, Value } from '../values.ts';

export interface FilterContext {
  readonly scope: Scope;
  readonly runtime: Runtime;
}

/** A filter; the first positional argument is its input. */
export type Filter = (args: Arguments, context: FilterContext) => Value;

/** Filters by name, each `[signature, implementation]`; the first parameter is the input. */
export function filterTable(table: Readonly<Record<string, readonly [string, Implementation]>>): [string, Filter][] {
  return Object.entries(table).map(([name, [written, run]]) => {
    const signature = new Signature(written);
    return [name, (args) => run(...signature.bind(name, args))];
  });
}
