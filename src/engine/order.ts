import { didYouMean, ZesterError } from '#base/errors.ts';
import { isGlob } from '#pattern/glob.ts';
import { addAutomatic } from './automatic.ts';
import { createFinder, type Finder } from './find.ts';
import type { Loaded } from './gather.ts';
import type { Deaf, Edge, Graph, Listener, Unmet } from './graph.ts';
import { type RequisiteKind, requisiteKinds } from './keywords.ts';
import { itemsOf, keyText, textOf } from './node.ts';
import { findTangles, reportCycle } from './order-cycles.ts';
import type { Problems } from './problems.ts';
import type { Reference } from './references.ts';
import { type CompiledStep, canRefresh, type Step } from './step.ts';

export interface OrderOptions {
  readonly problems: Problems;
  readonly loaded: readonly Loaded[];
  readonly late: boolean;
}

/** Resolves every reference; refuses what matches nothing, and every cycle with its whole path. */
export function order(steps: readonly CompiledStep[], options: OrderOptions): Graph<CompiledStep> {
  const { problems, late } = options;
  const finder = createFinder(steps, options);
  const { find } = finder;
  const edges = new Map<Step, Edge[]>(steps.map((step) => [step, []]));
  const unmet = new Map<Step, Unmet[]>();

  for (const step of steps) {
    for (const kind of requisiteKinds) {
      for (const reference of step.requisites.get(kind) ?? []) {
        const targets = find(reference);
        if (targets === undefined) {
          unmet.set(step, [...(unmet.get(step) ?? []), { kind, reference }]);
          if (!late) reportUnmatched(steps, step, kind.toUpperCase(), reference, problems);
        }
        for (const target of targets ?? [])
          edges.get(step)?.push({ kind: effectiveKind(step, kind), target, reference });
      }
    }
  }
  addPrerequired(steps, edges);
  addAutomatic(steps, edges);
  const { listeners, deaf } = listen(steps, finder, options);
  const { cycles, unplanned } = findTangles(steps, edges);
  for (const cycle of cycles) reportCycle(cycle, problems);
  const serial = steps.some(({ dialect }) => dialect === 'sls');
  return { steps, edges, unplanned, listeners, serial, unmet, deaf };
}

/** A watch needs something to happen: without a refresh it is a require. */
function effectiveKind(step: Step, kind: RequisiteKind): RequisiteKind {
  if (kind === 'watch' && !canRefresh(step)) return 'require';
  return kind === 'watch_any' && !canRefresh(step) ? 'require_any' : kind;
}

/** Those that have a `prereq` on one target go in the order in which its `prerequired` was written, as in Salt. */
function addPrerequired(steps: readonly CompiledStep[], edges: ReadonlyMap<Step, Edge[]>) {
  const waiting = new Map<Step, Edge[]>();
  for (const step of steps) {
    for (const { kind, target, reference } of edges.get(step) ?? []) {
      if (kind !== 'prereq') continue;
      waiting.set(target, [...(waiting.get(target) ?? []), { kind: 'prerequired', target: step, reference }]);
    }
  }
  for (const target of steps) {
    const own = waiting.get(target);
    if (own === undefined) continue;
    const written = writtenPrerequired(target);
    const place = ({ target: { module, id } }: Edge) => written.get(`${module}:${id}`) ?? written.size;
    edges.get(target)?.push(...own.toSorted((a, b) => place(a) - place(b)));
  }
}

/** `module:id` → where it stands in the `prerequired` that a step was given. */
function writtenPrerequired({ draft }: CompiledStep): ReadonlyMap<string, number> {
  const argument = draft.args.get('prerequired');
  const words = (argument ? itemsOf(argument.value) : []).flatMap((item) =>
    item.kind === 'map' ? item.entries.map(({ key, value }) => `${keyText(key)}:${textOf(value)}`) : [],
  );
  return new Map(words.toReversed().map((word, index) => [word, words.length - 1 - index]));
}

function reportUnmatched(
  steps: readonly Step[],
  step: Step,
  keyword: string,
  reference: Reference,
  problems: Problems,
  hint = hintFor(steps, reference),
) {
  if (problems.incomplete || problems.brokenIds.has(reference.pattern)) return;
  problems.add(
    'REQUISITE_UNKNOWN',
    `Referenced state does not exist for requisite [RequisiteType.${keyword}: (${reference.text})] in state [${step.id}] in SLS [${step.ref}]`,
    { at: reference.at, hint },
  );
}

function hintFor(steps: readonly Step[], reference: Reference): string {
  const { kind, module, pattern } = reference;
  if (kind === 'sls') {
    return (
      didYouMean(pattern, new Set(steps.map(({ ref }) => ref))) ?? `Include "${pattern}", or apply it in the same run`
    );
  }
  const elsewhere = steps.filter(({ id, name }) => id === pattern || name === pattern);
  if (elsewhere.length > 0) {
    const [written, meant] =
      reference.function === undefined
        ? [elsewhere.map((each) => each.module), module]
        : [elsewhere.map(({ state }) => state), `${module}.${reference.function}`];
    return `"${pattern}" is declared with ${[...new Set(written)].join(' and ')}, not with ${meant}`;
  }
  const same = steps.filter((each) => module === undefined || each.module === module);
  return (
    didYouMean(pattern, new Set(same.flatMap(({ id, name }) => [id, name]))) ??
    didYouMean(pattern, new Set(steps.flatMap(({ id, name }) => [id, name]))) ??
    `Declare ${isGlob(pattern) ? `what "${pattern}" matches` : `"${pattern}"`}, or include the file that does`
  );
}

function listen(
  steps: readonly Step[],
  { find, findLiterally }: Finder,
  { problems, late }: OrderOptions,
): Pick<Graph, 'listeners' | 'deaf'> {
  const listeners: Listener[] = [];
  const deaf: Deaf[] = [];
  const resolve = (step: Step, keyword: 'LISTEN' | 'LISTEN_IN', reference: Reference): readonly Step[] => {
    const found = step.dialect === 'sls' ? findLiterally(reference) : find(reference);
    if (found) return found;
    const hint = find(reference) && 'Name one state in each entry: Salt takes neither a file nor a glob here';
    // Salt passes over a bare word that names nothing.
    if (late && (reference.kind === 'sls' || reference.module !== undefined)) {
      deaf.push({ reference, changing: keyword === 'LISTEN_IN' ? step : undefined });
    }
    if (!late) reportUnmatched(steps, step, keyword, reference, problems, hint);
    return [];
  };
  for (const step of steps) {
    for (const reference of step.listen) {
      const targets = resolve(step, 'LISTEN', reference);
      if (targets.length > 0) listeners.push({ step, targets });
    }
    for (const reference of step.listenIn) {
      for (const listener of resolve(step, 'LISTEN_IN', reference)) listeners.push({ step: listener, targets: [step] });
    }
  }
  return { listeners, deaf };
}

/** The steps of one id, and all that they depend on. Throws `ID_UNKNOWN`. */
export function only(graph: Graph, id: string): Graph {
  const kept = new Set(graph.steps.filter((step) => step.id === id));
  if (kept.size === 0) {
    throw new ZesterError('source', 'ID_UNKNOWN', `Cannot apply id "${id}": the files do not declare it`, {
      hint:
        didYouMean(id, new Set(graph.steps.map((step) => step.id))) ??
        'List what the files declare with "state.show_sls"',
    });
  }
  for (const step of kept) for (const { target } of graph.edges.get(step) ?? []) kept.add(target);
  const steps = graph.steps.filter((step) => kept.has(step));
  return { ...graph, steps, listeners: graph.listeners.filter(({ step }) => kept.has(step)) };
}
