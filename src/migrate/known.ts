import { didYouMean } from '#base/errors.ts';
import { engineKeywords } from '#engine/keywords.ts';
import type { KnownState } from '#lint/modules.ts';
import { dataFunctions } from '#render/functions/data.ts';
import { pureFunctions } from '#render/functions/pure.ts';
import { filters } from '#render/jinja/filters/index.ts';
import { tests } from '#render/jinja/tests.ts';
import { Dict } from '#render/jinja/values.ts';

/** What Zester has: a tree is held against it. */
export interface Known {
  readonly states: ReadonlyMap<string, KnownState>;
  /** What templates may call. */
  readonly functions: ReadonlySet<string>;
  readonly filters: { has(name: string): boolean; keys(): Iterable<string> };
  readonly tests: { has(name: string): boolean; keys(): Iterable<string> };
}

export function knownFrom({ states, functions }: Pick<Known, 'states' | 'functions'>): Known {
  return { states, functions: new Set([...functions, ...ownFunctions()]), filters, tests };
}

/** What the template language answers itself. */
function ownFunctions(): readonly string[] {
  const empty = new Dict();
  const data = { facts: empty, grains: empty, settings: empty, options: empty, id: '' };
  return [...Object.keys(dataFunctions(data)), ...Object.keys(pureFunctions(() => {}))];
}

/** Other arguments of the same state: some give one a meaning. */
export interface Siblings {
  has(key: string): boolean;
}

/** Whether a state takes the argument, the engine does for it, or it is a name for the state's template. */
export function takesArgument(known: Known, state: string, key: string, siblings: Siblings): boolean {
  const own = known.states.get(state);
  if (own === undefined || own.takesAny || key === 'name' || own.argumentNames.has(key) || engineKeywords.has(key))
    return true;
  return own.lends || (own.takesTemplateNames && siblings.has('template'));
}

/** Whether Salt passes over an argument without a word, and nothing else can have been meant by it. */
export function isPassedOver(known: Known, state: string, key: string): boolean {
  return known.states.get(state)?.passesOver(key) === true && argumentHint(known, state, key) === undefined;
}

export function argumentHint({ states }: Known, state: string, key: string): string | undefined {
  const args = states.get(state)?.argumentNames ?? [];
  return didYouMean(key, key.length > 3 ? [...args, ...engineKeywords] : args);
}
