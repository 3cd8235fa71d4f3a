import { placeText } from '#base/errors.ts';
import type { Edge } from './graph.ts';
import type { Problems } from './problems.ts';
import type { Step } from './step.ts';

/** One requisite of a cycle: `from` waits for `to`. */
export interface Link {
  readonly from: Step;
  readonly to: Step;
  readonly edge: Edge;
}

/** A step as it is run, or as it is only planned for the sake of a `prereq`. */
interface Node {
  readonly step: Step;
  readonly preview: boolean;
}

interface Arc {
  readonly to: Node;
  readonly edge: Edge;
}

type Edges = ReadonlyMap<Step, readonly Edge[]>;

export interface Tangles {
  /** One cycle of each knot of steps that wait for each other. */
  readonly cycles: readonly (readonly Link[])[];
  /** Requisites that the plan of a `prereq`'s target goes without, for they wait for that very plan. */
  readonly unplanned: ReadonlySet<Edge>;
}

/**
 * Who waits for whom in a circle. A target of `prereq` is planned before the state that has the `prereq`, and run after
 * it, so each step counts twice here. Where two targets of one `prereq` require each other, only their plans are tangled:
 * those are made without it.
 */
export function findTangles(steps: readonly Step[], edges: Edges): Tangles {
  const arcs = arcsOf(steps, edges);
  const unplanned = new Set(knots(arcs).flatMap((knot) => tangledPlans(knot, arcs)));
  const kept = new Map(
    [...arcs].map(([node, each]) => [node, each.filter((arc) => !isUnplanned(node, arc, unplanned))]),
  );
  const cycles = knots(unplanned.size === 0 ? arcs : kept).map((knot) => shortestCycle(knot, kept));
  return { cycles: distinct(cycles.filter((cycle) => cycle.length > 0)), unplanned };
}

/** The same steps may be tangled as they are run and as they are planned. */
function distinct(cycles: readonly (readonly Link[])[]): readonly (readonly Link[])[] {
  const members = (cycle: readonly Link[]) =>
    cycle
      .map(({ from }) => from.key)
      .toSorted()
      .join('\n');
  return [...new Map(cycles.toReversed().map((cycle) => [members(cycle), cycle])).values()].toReversed();
}

/** What requires itself by a `prereq` that is written somewhere on its way is no tangle but a contradiction. */
function tangledPlans(knot: ReadonlySet<Node>, arcs: ReadonlyMap<Node, readonly Arc[]>): readonly Edge[] {
  return [...knot]
    .filter(({ preview }) => preview)
    .flatMap((node) => {
      const inKnot = arcs.get(node)?.filter(({ to }) => !to.preview && knot.has(to)) ?? [];
      return inKnot.filter(({ to }) => !leadsTo(node, to, arcs)).map(({ edge }) => edge);
    });
}

/** Whether one node waits for another by what is written, leaving out that a target of `prereq` waits for its owner. */
function leadsTo(goal: Node, from: Node, arcs: ReadonlyMap<Node, readonly Arc[]>): boolean {
  const seen = new Set([from]);
  for (const node of seen) {
    for (const { to, edge } of arcs.get(node) ?? []) if (edge.kind !== 'prerequired') seen.add(to);
  }
  return seen.has(goal);
}

function isUnplanned({ preview }: Node, { to, edge }: Arc, unplanned: ReadonlySet<Edge>): boolean {
  return preview && !to.preview && unplanned.has(edge);
}

function arcsOf(steps: readonly Step[], edges: Edges): ReadonlyMap<Node, readonly Arc[]> {
  const runs = new Map(steps.map((step) => [step, { step, preview: false }]));
  const previews = new Map(steps.map((step) => [step, { step, preview: true }]));
  const arcs = new Map<Node, Arc[]>();
  for (const step of steps) {
    const own = edges.get(step) ?? [];
    const to = (edge: Edge) => (edge.kind === 'prereq' ? previews : runs).get(edge.target);
    const following = (each: readonly Edge[]) =>
      each.flatMap((edge) => {
        const node = to(edge);
        return node ? [{ to: node, edge }] : [];
      });
    const [run, preview] = [runs.get(step), previews.get(step)];
    if (run) arcs.set(run, following(own));
    if (preview) arcs.set(preview, following(own.filter(({ kind }) => kind !== 'prerequired')));
  }
  return arcs;
}

/** Tarjan's strongly connected components with more than one node, or a node with an arc to itself. */
function knots(arcs: ReadonlyMap<Node, readonly Arc[]>): readonly ReadonlySet<Node>[] {
  const found: Set<Node>[] = [];
  const index = new Map<Node, number>();
  const low = new Map<Node, number>();
  const path: Node[] = [];
  const onPath = new Set<Node>();
  for (const root of arcs.keys()) {
    if (index.has(root)) continue;
    // An explicit stack: a chain of requisites may be longer than the call stack is deep.
    const work: { readonly node: Node; next: number }[] = [{ node: root, next: 0 }];
    while (work.length > 0) {
      const frame = work[work.length - 1];
      if (frame === undefined) break;
      const { node } = frame;
      if (frame.next === 0 && !index.has(node)) {
        index.set(node, index.size);
        low.set(node, index.size - 1);
        path.push(node);
        onPath.add(node);
      }
      const arc = arcs.get(node)?.[frame.next++];
      if (arc !== undefined) {
        if (!index.has(arc.to)) work.push({ node: arc.to, next: 0 });
        else if (onPath.has(arc.to)) low.set(node, Math.min(low.get(node) ?? 0, index.get(arc.to) ?? 0));
        continue;
      }
      work.pop();
      const parent = work[work.length - 1];
      if (parent) low.set(parent.node, Math.min(low.get(parent.node) ?? 0, low.get(node) ?? 0));
      if (low.get(node) === index.get(node)) found.push(cut(path, onPath, node));
    }
  }
  return found.filter(
    (knot) => knot.size > 1 || [...knot].some((node) => arcs.get(node)?.some(({ to }) => to === node)),
  );
}

function cut(path: Node[], onPath: Set<Node>, root: Node): Set<Node> {
  const members = path.splice(path.indexOf(root));
  for (const each of members) onPath.delete(each);
  return new Set(members);
}

/** Breadth first from the knot's earliest node back to itself. */
function shortestCycle(knot: ReadonlySet<Node>, arcs: ReadonlyMap<Node, readonly Arc[]>): readonly Link[] {
  const [start] = [...arcs.keys()].filter((node) => knot.has(node));
  if (start === undefined) return [];
  const reached = new Map<Node, { readonly from: Node; readonly edge: Edge }>();
  const queue: Node[] = [start];
  for (const node of queue) {
    for (const { to, edge } of arcs.get(node) ?? []) {
      if (!knot.has(to) || reached.has(to)) continue;
      reached.set(to, { from: node, edge });
      if (to === start) return unwind(start, reached);
      queue.push(to);
    }
  }
  return [];
}

function unwind(
  start: Node,
  reached: ReadonlyMap<Node, { readonly from: Node; readonly edge: Edge }>,
): readonly Link[] {
  const links: Link[] = [];
  let node = start;
  do {
    const step = reached.get(node);
    if (step === undefined) break;
    links.unshift({ from: step.from.step, to: node.step, edge: step.edge });
    node = step.from;
  } while (node !== start);
  return links;
}

/** The whole path, each requisite with its place. */
export function reportCycle(cycle: readonly Link[], problems: Problems): void {
  const written = cycle.map(({ from, to, edge }) => {
    const [requirer, required] = edge.kind === 'prerequired' ? [to, from] : [from, to];
    return `(${shown(requirer)}, '${edge.kind === 'prerequired' ? 'prereq' : edge.kind}', ${shown(required)})`;
  });
  const path = cycle.map(
    ({ from, to, edge }) =>
      `${from.state}:${from.id} ${edge.kind} ${to.state}:${to.id} at ${placeText(edge.reference?.at ?? from.at)}`,
  );
  problems.add('REQUISITE_CYCLE', `Recursive requisites were found: ${written.toReversed().join(', ')}`, {
    at: cycle[0]?.edge.reference?.at,
    hint: `Remove one of these: ${path.join('; ')}`,
    details: { cycle: path.join('\n') },
  });
}

function shown({ ref, id, name }: Step): string {
  const labels = [`'SLS': '${ref}'`, `'ID': '${id}'`, ...(name === id ? [] : [`'NAME': '${name}'`])];
  return `{${labels.join(', ')}}`;
}
