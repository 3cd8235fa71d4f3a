import type { Context, Gathered } from '#kit/context.ts';
import type { ManagedPath } from '#kit/state.ts';
import { withContext } from '../context.ts';
import type { Graph } from '../graph.ts';
import type { Step } from '../step.ts';

/** Contexts by environment, with what each step is told of the others of its run. */
export function amongOthers(graph: Graph, contextFor: (env: string) => Context): (step: Step) => Context {
  const gathered = createGathered();
  return (step) => {
    const context = contextFor(step.env);
    return withContext(context, { gathered, managed: () => managedByOthers(step, graph, context) });
  };
}

/**
 * What the other steps make or keep, whether or not they have had their turn. What a step requires it leaves whole, as
 * Salt does: a directory with all that is in it.
 */
async function managedByOthers(step: Step, graph: Graph, context: Context): Promise<readonly ManagedPath[]> {
  const required = new Set((graph.edges.get(step) ?? []).map(({ target }) => target));
  const all: ManagedPath[] = [];
  for (const each of graph.steps) {
    if (each === step) continue;
    const managed = await managedBy(each, context);
    all.push(...(required.has(each) ? managed.map(asRequired) : managed));
  }
  return all;
}

function asRequired(managed: ManagedPath): ManagedPath {
  return managed.whole === 'required' ? { ...managed, whole: 'always' } : managed;
}

/** Of a step whose arguments are not known yet, what its name says. */
async function managedBy({ work, name }: Step, context: Context): Promise<readonly ManagedPath[]> {
  if (work.kind === 'ready') return work.built.manages(context);
  return name.startsWith('/') ? [{ path: name }] : [];
}

function createGathered(): Gathered {
  const files = new Map<string, Map<string, string[]>>();
  return {
    add(file, name, texts) {
      const names = files.get(file) ?? new Map<string, string[]>();
      const known = names.get(name) ?? [];
      files.set(file, names.set(name, [...known, ...texts.filter((text) => !known.includes(text))]));
    },
    of: (file) => Object.fromEntries(files.get(file) ?? []),
  };
}
