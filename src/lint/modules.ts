import type { State } from '#kit/state.ts';
import { registry } from '#modules/registry.ts';

/** What a state can be told. */
export type KnownState = Pick<State, 'argumentNames' | 'takesAny' | 'lends' | 'takesTemplateNames' | 'passesOver'>;

/** Every state there is, for those who judge trees and run nothing. */
export function knownStates(): ReadonlyMap<string, KnownState> {
  return registry.states;
}

/** Every function that a template may call, beside those of the template language itself. */
export function knownFunctions(): ReadonlySet<string> {
  return new Set(registry.functions.keys());
}
