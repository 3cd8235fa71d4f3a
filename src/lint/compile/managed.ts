import type { CompiledStep } from '#engine/step.ts';
import { readText, type Tree } from '#engine/tree.ts';
import { type Compiled, outcome, type ProfileCompiler } from './compiler.ts';

/** A file of the tree that a state installs as a template. */
export interface Managed {
  readonly path: string;
  readonly step: CompiledStep;
  readonly context: Readonly<Record<string, unknown>>;
}

/** The files of the tree that steps have rendered, each with the names it is given. */
export function managedTemplates(compiled: readonly Compiled[], tree: Tree): readonly Managed[] {
  const found = new Map<string, Managed>();
  for (const step of compiled.flatMap(({ graph }) => graph.steps)) {
    const { wanted = {} } = step.work.kind === 'ready' ? step.work.built : {};
    if (wanted.template !== true) continue;
    const path = sourcesOf(wanted.source).find((each) => tree.read(each) !== undefined);
    if (path === undefined) continue;
    const context = {
      ...namesOf(wanted, path),
      ...(wanted.defaults as object | undefined),
      ...(wanted.context as object | undefined),
    };
    found.set(`${path} ${JSON.stringify(context)}`, { path, step, context });
  }
  return [...found.values()];
}

/** What a template knows of the file that it becomes. */
function namesOf({ name, user = null, group = null, mode = null }: Readonly<Record<string, unknown>>, path: string) {
  return { name, source: `zester://${path}`, user, group, mode, attrs: null };
}

/** Each of them rendered as the machine would. */
export function renderManaged(compiler: ProfileCompiler, managed: readonly Managed[], tree: Tree): readonly Compiled[] {
  return managed.flatMap(({ path, step, context }) => {
    const { source } = step.draft.entry;
    const error = compiler.renderManaged(path, readText(tree, path) ?? '', context);
    return error ? [outcome(compiler.profile, [source, { ...source, path }], [error])] : [];
  });
}

/** Paths in the tree that a `source` names, the first one first. */
export function sourcesOf(source: unknown): readonly string[] {
  return [source].flat().flatMap((each) => (typeof each === 'string' ? (pathInTree(each) ?? []) : []));
}

/** `zester://a`, `salt://a` and a relative path are in the tree; undefined for what lies elsewhere, or in another environment. */
export function pathInTree(source: string): string | undefined {
  const [, path = '', env] = /^(?:(?:zester|salt):\/\/)?([^?]*)(?:\?saltenv=(.*))?$/s.exec(source) ?? [];
  if (path === '' || path.startsWith('/') || /^[a-z][a-z0-9+.-]*:\/\//i.test(path)) return undefined;
  return env === undefined || env === 'base' ? path.replace(/^\.\//, '').replace(/\/+$/, '') : undefined;
}
