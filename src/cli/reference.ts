import { didYouMean, ZesterError } from '#base/errors.ts';
import type { ArgumentRecord, ModuleRecord, Reference } from '#wire/reference.ts';

export type { ArgumentRecord, Decode, FactRecord, ModuleRecord, Reference } from '#wire/reference.ts';

export const emptyReference: Reference = { modules: [], facts: [], common: [] };

/** What `tools/docs.ts` wrote of all states and functions: the CLI itself loads no module. */
export async function loadReference(): Promise<Reference> {
  const { default: data } = await import('./reference.json', { with: { type: 'json' } });
  return data as unknown as Reference;
}

/** The records of one name: a state and a function may share it. */
export function recordsOf({ modules }: Reference, name: string): readonly ModuleRecord[] {
  return modules.filter((each) => each.name === name);
}

/** What a job of that name runs: where a state and a function share it, the function. */
export function callable(reference: Reference, name: string): ModuleRecord | undefined {
  const records = recordsOf(reference, name);
  return records.find(({ kind }) => kind === 'function') ?? records[0];
}

/** What there is under a name: one module, or all of a family. Throws `MODULE_UNKNOWN`. */
export function findModules(reference: Reference, name: string): readonly ModuleRecord[] {
  const exact = recordsOf(reference, name);
  if (exact.length > 0) return exact;
  const family = reference.modules.filter((each) => each.name.startsWith(`${name}.`));
  if (family.length > 0) return family;
  const names = reference.modules.map((each) => each.name);
  const families = names.map((each) => each.split('.')[0] as string);
  throw new ZesterError('usage', 'MODULE_UNKNOWN', `Cannot show "${name}": no module is documented under that name`, {
    hint: didYouMean(name, [...names, ...families]) ?? 'Run "zester doc" for the list',
  });
}

/** The argument that a key means, by name or alias. */
export function argumentFor(args: readonly ArgumentRecord[], key: string): ArgumentRecord | undefined {
  return args.find(({ name, aliases = [] }) => name === key || aliases.includes(key));
}

/** All that a module takes: a state takes what any state does as well, unless it has an argument of that name. */
export function argumentsOf({ kind, args }: ModuleRecord, { common }: Reference): readonly ArgumentRecord[] {
  if (kind === 'function') return args;
  return [...args, ...common.filter(({ name }) => argumentFor(args, name) === undefined)];
}
