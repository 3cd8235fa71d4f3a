import type { High } from './compile/merge.ts';
import type { Draft } from './compile/names.ts';
import type { Graph } from './graph.ts';
import { plainOf } from './node.ts';

/** One state as `state.show_lowstate` gives it: arguments beside what identifies it, as Salt's low chunks. */
export type Chunk = Readonly<Record<string, unknown>>;

export function lowstateOf(drafts: readonly Draft[], graph?: Graph): readonly Chunk[] {
  const after = automaticOf(graph);
  return drafts.map(({ entry, declaration, id, name, state, args, order }) => {
    // One of `names` may be no text at all: then it is shown as it is.
    const given = args.get('name');
    const written = [...args].filter(([key]) => key !== 'state').map(([key, { value }]) => [key, plainOf(value)]);
    return {
      ...Object.fromEntries(written),
      state: declaration.module,
      fun: state.slice(declaration.module.length + 1),
      name: given ? plainOf(given.value) : name,
      __id__: id,
      __sls__: entry.source.ref,
      __env__: entry.source.env,
      order,
      ...after.get(keyOf({ state, id, name })),
    };
  });
}

/** What each step goes after although nobody wrote it, as a requisite would be written. */
function automaticOf(graph: Graph | undefined): ReadonlyMap<string, Chunk> {
  const steps = [...(graph?.edges ?? [])].map(([step, edges]): [string, Chunk] => {
    const targets = edges.flatMap(({ automatic, target }) => (automatic ? [{ [target.module]: target.id }] : []));
    return [keyOf(step), targets.length === 0 ? {} : { __after__: targets }];
  });
  return new Map(steps);
}

function keyOf({ state, id, name }: Pick<Draft, 'state' | 'id' | 'name'>): string {
  return JSON.stringify([state, id, name]);
}

/** Ids with their states, as `state.show_highstate` gives them: each state a list of arguments, its function last. */
export function highstateOf(high: High): Readonly<Record<string, unknown>> {
  const shown = [...high.values()].map(({ id, source, declarations }) => {
    const states = declarations.map(({ module, functions, args, autoOrder }): [string, unknown] => [
      module,
      [
        ...[...args].map(([key, { value }]) => ({ [key]: plainOf(value) })),
        ...functions.map(({ name }) => name),
        ...(autoOrder === undefined ? [] : [{ order: autoOrder }]),
      ],
    ]);
    return [id, { ...Object.fromEntries(states), __sls__: source.ref, __env__: source.env }];
  });
  return Object.fromEntries(shown);
}
