import { rawArguments } from '#kit/arguments.ts';
import type { Context, SourceShape, Sources } from '#kit/context.ts';
import { functionUnknown, type Registry } from '#kit/function.ts';
import { noShape } from '#tree/tree.ts';
import type { Rendering, RunScope } from './render.ts';
import { type Environments, pathInTree, type Tree } from './tree.ts';

/** The ports of the managed machine, as modules know them. */
export type Machine = Pick<Context, 'files' | 'commands' | 'users' | 'groups' | 'packages' | 'services' | 'system'>;

export interface ContextOptions {
  readonly machine: Machine;
  readonly registry: Registry;
  readonly environments: Environments;
  /** The environment that sources and templates are taken from. */
  readonly env: string;
  readonly scope: RunScope;
  readonly rendering: Pick<Rendering, 'text'>;
  readonly signal: AbortSignal;
  readonly outputs?: Context['outputs'];
}

// Reading and writing formats is half of the template engine: a run that does neither goes without.
const loadFormats = () => (require('./formats.ts') as typeof import('./formats.ts')).formats;
const formats: Context['formats'] = {
  read: (...given) => loadFormats().read(...given),
  write: (...given) => loadFormats().write(...given),
};

/** Everything a module is given, made of what a run is given. */
export function createContext({
  machine,
  registry,
  environments,
  env,
  scope,
  rendering,
  signal,
  outputs,
}: ContextOptions): Context {
  const context: Context = {
    ...machine,
    registry,
    facts: scope.facts as Context['facts'],
    grains: (scope.grains ?? {}) as Context['grains'],
    settings: scope.settings as Context['settings'],
    sources: sourcesOf(environments, env, machine),
    templates: {
      render: (text, { path, context: names }) => rendering.text(env, text, path, names),
    },
    matches: scope.matches ?? (() => false),
    formats,
    signal,
    outputs,
    call: (name, named, positional) => callFunction(context, name, named, positional),
  };
  return context;
}

/** The same with other ports, another signal, or word of other steps, which the functions it calls see too. */
export function withContext(
  context: Context,
  other: Partial<Machine & Pick<Context, 'signal' | 'managed' | 'gathered'>>,
): Context {
  const changed: Context = {
    ...context,
    ...other,
    call: (name, named, positional) => callFunction(changed, name, named, positional),
  };
  return changed;
}

async function callFunction(
  context: Context,
  name: string,
  named: Readonly<Record<string, unknown>>,
  positional: readonly unknown[] = [],
): Promise<unknown> {
  const called = context.registry.functions.get(name);
  if (called) return called.run(rawArguments(called.args, named, positional), context);
  throw functionUnknown(name, context.registry);
}

/** Files by the names states use: `zester://`, `salt://` and relative paths are in the tree, absolute ones on the machine. */
function sourcesOf(environments: Environments, env: string, { files }: Machine): Sources {
  const inTree = (source: string): { readonly tree: Tree | undefined; readonly path: string } => {
    const { path, env: named = env } = pathInTree(source);
    return { tree: environments.get(named), path };
  };
  return {
    async read(source) {
      if (source.startsWith('/')) return files.read(source);
      const { tree, path } = inTree(source);
      const content = tree?.read(path);
      return typeof content === 'string' ? new TextEncoder().encode(content) : content;
    },
    async list(folder) {
      if (folder.startsWith('/')) return listMachine(files, folder);
      const { tree, path } = inTree(folder);
      const prefix = path === '' ? '' : `${path}/`;
      return [...(tree?.list(prefix) ?? [])].filter((each) => each.startsWith(prefix)).sort();
    },
    async shape(folder) {
      if (folder.startsWith('/')) return shapeOfMachine(files, folder);
      const { tree, path } = inTree(folder);
      const { folders, links } = tree?.shape?.() ?? noShape;
      const isIn = (each: string) => path === '' || each.startsWith(`${path}/`);
      return { folders: folders.filter(isIn), links: new Map([...links].filter(([each]) => isIn(each))) };
    },
    async mode(source) {
      if (source.startsWith('/')) {
        const stat = await files.stat(await files.resolve(source));
        return stat?.kind === 'file' ? stat.mode : undefined;
      }
      const { tree, path } = inTree(source);
      return tree?.mode?.(path);
    },
  };
}

type FileStat = NonNullable<Awaited<ReturnType<Machine['files']['stat']>>>;

async function listMachine(files: Machine['files'], folder: string): Promise<readonly string[]> {
  return [...(await entriesOfMachine(files, folder))]
    .flatMap(([path, { kind }]) => (kind === 'directory' ? [] : [path]))
    .sort();
}

async function shapeOfMachine(files: Machine['files'], folder: string): Promise<SourceShape> {
  const entries = [...(await entriesOfMachine(files, folder))];
  return {
    folders: entries.flatMap(([path, { kind }]) => (kind === 'directory' ? [path] : [])).sort(),
    links: new Map(entries.flatMap(([path, { target }]) => (target === undefined ? [] : [[path, target]]))),
  };
}

async function entriesOfMachine(files: Machine['files'], folder: string): Promise<ReadonlyMap<string, FileStat>> {
  const found = new Map<string, FileStat>();
  const folders = [folder];
  for (const each of folders) {
    for (const name of (await files.list(each)) ?? []) {
      const path = `${each === '/' ? '' : each}/${name}`;
      const stat = await files.stat(path);
      if (stat !== undefined) found.set(path, stat);
      if (stat?.kind === 'directory') folders.push(path);
    }
  }
  return found;
}
