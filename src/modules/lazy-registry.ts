import type { ModuleFunction, Registry } from '#kit/function.ts';
import type { State } from '#kit/state.ts';
import { functionHomes, stateHomes } from './homes.ts';

/**
 * The registry for a process that uses few of its modules: one is loaded when it is asked for by its name, all of them
 * when somebody wants to know which there are.
 */
export const lazyRegistry: Registry = {
  states: lazily<State>(stateHomes, () => whole().states),
  functions: lazily<ModuleFunction>(functionHomes, () => whole().functions),
};

function whole(): Registry {
  return (require('./registry.ts') as typeof import('./registry.ts')).registry;
}

function lazily<T>(
  homes: Readonly<Record<string, () => T>>,
  all: () => ReadonlyMap<string, T>,
): ReadonlyMap<string, T> {
  const homeOf = (name: string) => (Object.hasOwn(homes, name) ? homes[name] : undefined);
  return {
    get: (name) => homeOf(name)?.() ?? all().get(name),
    has: (name) => homeOf(name) !== undefined || all().has(name),
    get size() {
      return all().size;
    },
    keys: () => all().keys(),
    values: () => all().values(),
    entries: () => all().entries(),
    forEach: (callback, self) => all().forEach(callback, self),
    [Symbol.iterator]: () => all()[Symbol.iterator](),
  };
}
