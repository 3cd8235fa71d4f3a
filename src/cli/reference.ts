import { didYouMean, ZesterError } from '#base/errors.ts';

/** What `reference.json` says of a state's or function's argument. */
export interface ArgumentRecord {
  readonly name: string;
  /** In words: `text`, `true or false`, `list of text`, `file mode`. */
  readonly type: string;
  readonly description: string;
  readonly required: boolean;
  readonly primary?: boolean;
  readonly secret?: boolean;
  readonly aliases?: readonly string[];
  readonly default?: unknown;
  readonly choices?: readonly string[];
}

export interface ModuleRecord {
  readonly name: string;
  readonly kind: 'state' | 'function';
  readonly summary: string;
  readonly args: readonly ArgumentRecord[];
  /** True when it takes other arguments than those it names. */
  readonly open?: boolean;
  readonly examples: readonly { readonly title: string; readonly args: Readonly<Record<string, unknown>> }[];
  readonly notes: readonly string[];
  readonly changes: boolean;
  readonly differs?: readonly string[];
  readonly reverts?: boolean;
  readonly refreshes?: boolean;
  readonly returns?: string;
}

export interface FactRecord {
  readonly name: string;
  readonly summary: string;
  readonly returns: string;
}

export interface Reference {
  readonly modules: readonly ModuleRecord[];
  readonly facts: readonly FactRecord[];
}

export const emptyReference: Reference = { modules: [], facts: [] };

/** What `tools/docs.ts` wrote of all states and functions: the CLI itself loads no module. */
export async function loadReference(): Promise<Reference> {
  const { default: data } = await import('./reference.json', { with: { type: 'json' } });
  return data as unknown as Reference;
}

/** The records of one name: a state and a function may share it. */
export function recordsOf({ modules }: Reference, name: string): readonly ModuleRecord[] {
  return modules.filter((each) => each.name === name);
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

/** The argument a key of the command line means, by name or alias. */
export function argumentFor(records: readonly ModuleRecord[], key: string): ArgumentRecord | undefined {
  return records.flatMap(({ args }) => args).find(({ name, aliases = [] }) => name === key || aliases.includes(key));
}
