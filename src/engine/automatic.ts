import type { BuiltState } from '#kit/state.ts';
import type { Edge } from './graph.ts';
import type { CompiledStep, Step } from './step.ts';

type Edges = ReadonlyMap<Step, Edge[]>;
type Kind = 'user' | 'group' | 'path';

/**
 * Requisites that nobody wrote: a path goes after the directory that it lies in, whatever names a user or a group after
 * the state that makes it. Only among states of `.zy` files, whose order is a graph, and never against what is written: a
 * pair that has a requisite of any kind keeps it, and one that would close a circle, or go against an `order`, is left out.
 */
export function addAutomatic(steps: readonly CompiledStep[], edges: Edges): void {
  const own = steps.flatMap((step) => {
    const { work, dialect } = step;
    return dialect === 'zy' && work.kind === 'ready' ? [{ step, built: work.built }] : [];
  });
  const providers = providersOf(own);
  if (providers.size === 0) return;
  const positions = new Map(steps.map((step, index) => [step, index]));
  const contradicts = (step: CompiledStep, target: CompiledStep) =>
    (step.draft.args.has('order') || target.draft.args.has('order')) &&
    (positions.get(step) ?? 0) < (positions.get(target) ?? 0);

  // Accounts first: a home may lie in a directory that belongs to its user.
  for (const kinds of [['user', 'group'], ['path']] as const) {
    for (const { step, built } of own) {
      for (const target of kinds.flatMap((kind) => targetsOf(kind, built, providers))) {
        if (target === step || contradicts(step, target) || edges.get(step)?.some((edge) => edge.target === target)) {
          continue;
        }
        if (!reaches(target, step, edges)) edges.get(step)?.push({ kind: 'require', target, automatic: true });
      }
    }
  }
}

/** `path /srv/app` → the first state that makes it. */
function providersOf(
  own: readonly { readonly step: CompiledStep; readonly built: BuiltState }[],
): ReadonlyMap<string, CompiledStep> {
  const providers = new Map<string, CompiledStep>();
  for (const { step, built } of own) {
    for (const [kind, names] of Object.entries(built.provides)) {
      for (const name of names) if (!providers.has(`${kind} ${name}`)) providers.set(`${kind} ${name}`, step);
    }
  }
  return providers;
}

function targetsOf(
  kind: Kind,
  { references }: BuiltState,
  providers: ReadonlyMap<string, CompiledStep>,
): readonly CompiledStep[] {
  // A user brings a group of the same name.
  const named = (name: string) => providers.get(`${kind} ${name}`) ?? providers.get(`user ${name}`);
  if (kind !== 'path') return references[kind].flatMap((name) => named(name) ?? []);
  const folders = [...references.path.map(parentOf), ...references.place];
  return folders.flatMap((folder) => nearest(folder, providers) ?? []);
}

/** Who makes a directory, or else the nearest one above it. */
function nearest(folder: string | undefined, providers: ReadonlyMap<string, CompiledStep>): CompiledStep | undefined {
  for (let path = folder; path?.startsWith('/'); path = parentOf(path)) {
    const step = providers.get(`path ${path}`);
    if (step !== undefined) return step;
  }
  return undefined;
}

/** Nothing lies above `/`. */
function parentOf(path: string): string | undefined {
  return path === '/' ? undefined : path.slice(0, path.lastIndexOf('/')) || '/';
}

/** Whether one step waits for another, by whatever requisites. */
function reaches(from: Step, to: Step, edges: Edges): boolean {
  const seen = new Set([from]);
  for (const each of seen) {
    if (each === to) return true;
    for (const { target } of edges.get(each) ?? []) seen.add(target);
  }
  return false;
}
