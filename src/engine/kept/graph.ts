import type { RawArguments } from '#kit/arguments.ts';
import type { Registry } from '#kit/function.ts';
import type { BuiltState } from '#kit/state.ts';
import type { Edge, Graph, Listener } from '../graph.ts';
import type { CompiledStep, Step } from '../step.ts';
import { isNearlyPlain, isPlain } from './plain.ts';

/** A graph as plain data: steps by their positions, states by their names. */
export interface PlainGraph {
  readonly steps: readonly PlainStep[];
  readonly edges: readonly PlainEdge[];
  readonly listeners: readonly { readonly step: number; readonly targets: readonly number[] }[];
  readonly serial: boolean;
}

type PlainStep = Omit<Step, Linked> & {
  readonly raw: Omit<RawArguments, 'values'> & {
    readonly values: readonly (readonly [key: string, value: unknown])[];
  };
  /** The same, decoded: that costs more than all the rest. */
  readonly wanted: BuiltState['wanted'];
};

/** What became edges, and what leads to modules. */
type Linked = 'requisites' | 'listen' | 'listenIn' | 'work';

interface PlainEdge extends Omit<Edge, 'target'> {
  readonly step: number;
  readonly target: number;
  /** A plan for the sake of a `prereq` goes without it. */
  readonly unplanned: boolean;
}

/**
 * The graph as plain data, or undefined when that would not be all of it: a step that waits for a function's answer or
 * was not understood, requisites that match nothing, an argument that JSON does not carry, and one that is secret.
 */
export function plainGraph({ steps, edges, unplanned, listeners, serial, unmet, deaf }: Graph): PlainGraph | undefined {
  if (unmet.size > 0 || deaf.length > 0) return undefined;
  const positions = new Map(steps.map((step, index) => [step, index]));
  const positionOf = (step: Step) => positions.get(step) ?? -1;
  const plainSteps = steps.flatMap((step) => plainStep(step) ?? []);
  if (plainSteps.length < steps.length) return undefined;
  return {
    steps: plainSteps,
    edges: [...edges].flatMap(([step, own]) =>
      own.map((edge) => ({
        ...edge,
        step: positionOf(step),
        target: positionOf(edge.target),
        unplanned: unplanned.has(edge),
      })),
    ),
    listeners: listeners.map(({ step, targets }) => ({ step: positionOf(step), targets: targets.map(positionOf) })),
    serial,
  };
}

function plainStep(step: Step & Partial<CompiledStep>): PlainStep | undefined {
  const { work, requisites: _requisites, listen: _listen, listenIn: _listenIn, draft: _draft, ...rest } = step;
  // New facts in the middle of a run are new to its templates too.
  if (work.kind !== 'ready' || rest.options.reload.length > 0) return undefined;
  if (work.built.isConfidential) return undefined;
  const { values, ...raw } = work.raw;
  const { wanted } = work.built;
  const plain = [...values].map(([argument, { value }]) => [argument, value] as const);
  if (!isPlain(wanted) || !isPlain(plain) || !isNearlyPlain(rest) || !isNearlyPlain(raw)) return undefined;
  return { ...rest, raw: { ...raw, values: plain }, wanted };
}

/** The graph again; undefined when a state of it is not known. */
export function graphFrom({ steps: plain, edges: plainEdges, listeners, serial }: PlainGraph, registry: Registry) {
  const steps = plain.flatMap((each) => stepFrom(each, registry) ?? []);
  if (steps.length < plain.length) return undefined;
  const at = (position: number): Step => {
    const step = steps[position];
    if (step === undefined) throw new RangeError(`There is no step ${position}`);
    return step;
  };
  const edges = new Map<Step, Edge[]>(steps.map((step) => [step, []]));
  const unplanned = new Set<Edge>();
  for (const { step, target, unplanned: isLeft, ...rest } of plainEdges) {
    const edge: Edge = { ...rest, target: at(target) };
    edges.get(at(step))?.push(edge);
    if (isLeft) unplanned.add(edge);
  }
  const heard = listeners.map(({ step, targets }): Listener => ({ step: at(step), targets: targets.map(at) }));
  return { steps, edges, unplanned, listeners: heard, serial, unmet: new Map(), deaf: [] } satisfies Graph;
}

function stepFrom({ raw, wanted, ...rest }: PlainStep, { states }: Registry): Step | undefined {
  const state = states.get(rest.state);
  if (state === undefined) return undefined;
  const values = new Map(raw.values.map(([key, value]) => [key, { value }]));
  return {
    ...rest,
    requisites: new Map(),
    listen: [],
    listenIn: [],
    work: { kind: 'ready', state, raw: { ...raw, values }, built: state.restore(wanted) },
  };
}
