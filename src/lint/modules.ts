import { argumentMeta } from '#kit/arguments.ts';
import { registry } from '#modules/registry.ts';

/** What a state can be told. */
export interface KnownState {
  /** Its arguments, by each of their names. */
  readonly args: ReadonlySet<string>;
  /** True when it takes any argument. */
  readonly isOpen: boolean;
  /** Whether an argument that it does not have means nothing to Salt's state of the same name either. */
  passesOver(argument: string): boolean;
}

/** Every state there is, for those who judge trees and run nothing. */
export function knownStates(): ReadonlyMap<string, KnownState> {
  return new Map(
    [...registry.states].map(([name, { args, passesOver }]) => {
      const { catchall } = args.def;
      const names = Object.entries(args.shape).flatMap(([key, field]) => [key, ...(argumentMeta(field).aliases ?? [])]);
      const isOpen = catchall !== undefined && catchall._zod.def.type !== 'never';
      return [name, { args: new Set(names), isOpen, passesOver }];
    }),
  );
}

/** Every function that a template may call, beside those of the template language itself. */
export function knownFunctions(): ReadonlySet<string> {
  return new Set(registry.functions.keys());
}
