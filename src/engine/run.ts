import { type Stopwatch, startWatch } from '#base/time.ts';
import type { SkipReason } from '#wire/outcome.ts';
import type { Edge, Graph } from './graph.ts';
import { type Attempt, type AttemptOptions, attempt, wordsOf } from './run/attempt.ts';
import { type Doubt, doubtfulFailure, doubtOf, unknownBefore, unsure } from './run/doubt.ts';
import { type Gate, gateOf, type Met } from './run/gates.ts';
import { createLanes } from './run/lanes.ts';
import { listen } from './run/listen.ts';
import type { RunOptions } from './run/options.ts';
import { amongOthers } from './run/others.ts';
import { hasFailed, type Settled } from './run/settled.ts';
import { createStream } from './run/stream.ts';
import { failedUnmet } from './run/unmet.ts';
import type { Step } from './step.ts';

/** Every step as it settles. Failures are settled steps; this throws only for bugs of the engine itself. */
export function run(graph: Graph, options: RunOptions): AsyncIterable<Settled> {
  const stream = createStream<Settled>();
  const work = createRun(graph, options, (settled) => stream.push(settled));
  work.all().then(
    () => stream.end(),
    (error: unknown) => stream.end({ error }),
  );
  return stream;
}

/** A step whose requisites are settled, and which is now at work: others may go on, or wait for it. */
interface Pending {
  readonly done: Promise<Settled>;
}

function createRun(graph: Graph, options: RunOptions, emit: (settled: Settled) => void) {
  const { signal, test, supposed, failhard, random = Math.random, clock } = options;
  // A plan is made in one order, so that two plans of the same thing are the same.
  const oneByOne = graph.serial || test;
  const lanes = createLanes(graph.serial ? Number.POSITIVE_INFINITY : options.limit);
  const settled = new Map<Step, Settled>();
  const begun = new Map<Step, Promise<Pending>>();
  const previews = new Map<Step, Promise<Settled>>();
  const previewed = new Set<Step>();
  const contextOf = amongOthers(graph, options.contextFor);
  let next = 0;
  let failedHard = false;

  const stopped = () => failedHard || signal.aborted;

  async function all() {
    const pending: Promise<unknown>[] = [];
    for (const step of graph.steps) {
      const start = begin(step);
      if (!oneByOne) pending.push(start.then(({ done }) => done));
      else if (step.options.parallel) pending.push((await start).done);
      else await (await start).done;
    }
    await Promise.all(pending);
    await listen(graph, { ...options, contextOf, settled, random, next: () => next++, emit });
  }

  function begin(step: Step): Promise<Pending> {
    const known = begun.get(step);
    if (known) return known;
    const pending = prepare(step);
    begun.set(step, pending);
    return pending;
  }

  async function prepare(step: Step): Promise<Pending> {
    // A chain of requisites may be longer than the call stack is deep.
    await undefined;
    // A step with a requisite that names nothing fails in its own place: Salt does not go on to the others.
    const met = graph.unmet.has(step) ? [] : await pull(edgesOf(step));
    return { done: perform(step, met) };
  }

  /** Settles what a step depends on. In a serial run one after another in Salt's order, which is what pulls them forward. */
  async function pull(edges: readonly Edge[]): Promise<readonly Met[]> {
    const meet = (edge: Edge, wait: Promise<Settled>) => wait.then((each): Met => ({ edge, settled: each }));
    if (!oneByOne) {
      return Promise.all(
        edges.map((edge) =>
          meet(edge, edge.kind === 'prereq' ? preview(edge.target) : begin(edge.target).then(({ done }) => done)),
        ),
      );
    }
    const met: Promise<Met>[] = [];
    for (const edge of edges) {
      const { done } = edge.kind === 'prereq' ? { done: preview(edge.target) } : await begin(edge.target);
      met.push(meet(edge, done));
      if (!edge.target.options.parallel) await done;
    }
    return Promise.all(met);
  }

  /** What the target of a `prereq` would do. One that cannot run is settled here and now. */
  function preview(step: Step): Promise<Settled> {
    const known = previews.get(step);
    if (known) return known;
    const planned = planAhead(step);
    previews.set(step, planned);
    return planned;
  }

  async function planAhead(step: Step): Promise<Settled> {
    await undefined;
    const edges = edgesOf(step).filter(({ kind }) => kind !== 'prerequired');
    // Serially, Salt plans a target whose requisites had yet to run whatever became of them, and foresees its refresh;
    // one whose requisites had run is judged by them, and its refresh is not foreseen.
    const planned = edges.filter((edge) => !graph.unplanned.has(edge));
    const waits = edges.some(({ kind, target }) => !(kind === 'prereq' ? previewed : settled).has(target));
    const met = await pull(planned);
    const watch = startWatch(clock);
    if (stopped()) return settled.get(step) ?? settle(step, abandoned(), [], watch);
    const gate = gateOf(met);
    const refused = refusal(step, gate, waits, watch);
    if (refused !== undefined) return refused;
    previewed.add(step);
    const watched = gate.kind === 'open' && (waits || !graph.serial) ? gate.watched : [];
    const result = await inLane(step, () =>
      attempt(step, { ...attemptOptions(step, watched, true), supposed, preview: true }),
    );
    const doubt = doubtAbout(step, result, met);
    return doubt ? settle(step, unsure(result, doubt), doubt.because, watch) : settle(step, result, watched, watch);
  }

  /** A target of `prereq` that its own requisites keep from being planned. */
  function refusal(step: Step, gate: Gate, waits: boolean, watch: Stopwatch): Settled | undefined {
    const unmet = graph.unmet.get(step);
    if (unmet) return settle(step, failedUnmet(step, unmet), [], watch);
    // Salt plans the middle of a chain of prereqs although its own target stays as it is, and so runs the first for nothing.
    const isIdle = gate.kind === 'quiet' && gate.reason === 'prereq_not_met';
    if (gate.kind === 'open' || (graph.serial && waits && !isIdle)) return undefined;
    const own = gate.kind === 'failed' ? requireFailed(edgesOf(step), gate.because) : skipped(gate.reason);
    const result = settle(step, own, gate.because, watch);
    if (gate.kind === 'quiet' && gate.reason !== 'prereq_not_met') return result;
    previewed.add(step);
    return record(result);
  }

  async function perform(step: Step, met: readonly Met[]): Promise<Settled> {
    const already = settled.get(step);
    if (already) return already;
    const watch = startWatch(clock);
    if (stopped()) return record(settle(step, abandoned(), [], watch));
    const unmet = graph.unmet.get(step);
    if (unmet) return record(settle(step, failedUnmet(step, unmet), [], watch));
    const gate = gateOf(met);
    if (gate.kind === 'failed') return record(await heldBack(step, gate.because, watch));
    if (gate.kind === 'quiet') {
      const doubt = supposed && gate.reason === 'onfail_not_met' ? doubtfulFailure(met, supposed) : undefined;
      if (doubt) return record(settle(step, unsure({ verdict: 'unsure', changes: {} }, doubt), doubt.because, watch));
      return record(settle(step, skipped(gate.reason), gate.because, watch));
    }
    const sequence = next++;
    const planning = test ? { supposed, after: supposed && unknownBefore(step, { graph, settled, supposed }) } : {};
    const result = await inLane(step, () =>
      attempt(step, { ...attemptOptions(step, gate.watched, test), ...planning }),
    );
    const doubt = doubtAbout(step, result, met);
    if (doubt) return record({ ...settle(step, unsure(result, doubt), doubt.because, watch), sequence });
    const final = { ...settle(step, result, result.refreshed ? gate.watched : [], watch), sequence };
    if (!test && final.verdict === 'ok' && step.options.reload.length > 0) await options.reload?.(step.options.reload);
    return record(final);
  }

  /** A step whose requisite failed. A target of `prereq` whose plan is known is reported with that plan, nothing done. */
  async function heldBack(step: Step, because: readonly Step[], watch: Stopwatch): Promise<Settled> {
    const planned = await previews.get(step);
    if (planned === undefined) return settle(step, requireFailed(edgesOf(step), because), because, watch);
    const comment = `Not applied: ${because.map(({ id }) => id).join(', ')} failed before it`;
    return {
      ...planned,
      changes: {},
      refreshed: false,
      comment,
      because: because.map(({ id }) => id),
      sequence: next++,
    };
  }

  async function inLane(step: Step, work: () => Promise<Attempt>): Promise<Attempt> {
    const leave = await lanes.enter(step.work.kind === 'ready' ? step.work.built.holds : []);
    try {
      return stopped() ? abandoned() : await work();
    } finally {
      leave();
    }
  }

  function attemptOptions(step: Step, watched: readonly Step[], planOnly: boolean): AttemptOptions {
    const { approve } = options;
    return { test: planOnly, watched: watched.length > 0, context: contextOf(step), approve, random };
  }

  function abandoned(): Attempt {
    const skipReason: SkipReason = signal.aborted ? 'canceled' : 'failhard_abort';
    return skipped(skipReason);
  }

  function settle(step: Step, result: Attempt, because: readonly Step[], watch: Stopwatch): Settled {
    const ids = because.length === 0 ? {} : { because: [...new Set(because.map(({ id }) => id))] };
    const { error, ...outcome } = result;
    // What kept a condition from being asked is told with the condition: the state itself has no fault.
    const fault = result.verdict === 'skipped' ? {} : error && { error };
    return { ...outcome, ...fault, ...ids, step, sequence: next++, startedAt: watch.startedAt, ms: watch.elapsed() };
  }

  function record(result: Settled): Settled {
    const { step } = result;
    settled.set(step, result);
    // Whatever it does in the end, nobody knows it yet.
    if (result.verdict === 'unsure') {
      supposed?.doubt(step.key, step.work.kind === 'ready' ? wordsOf(step.work.built) : []);
    }
    emit(result);
    // A plan goes on: what would stop the run is still only a prediction.
    if (!test && hasFailed(result) && !isAbandoned(result) && (step.options.failhard ?? failhard)) failedHard = true;
    return result;
  }

  function doubtAbout(step: Step, result: Attempt, met: readonly Met[]): Doubt | undefined {
    return supposed && doubtOf(step, result, met, { graph, settled, supposed });
  }

  function edgesOf(step: Step): readonly Edge[] {
    return graph.edges.get(step) ?? [];
  }

  return { all };
}

function isAbandoned({ skipReason }: Settled): boolean {
  return skipReason === 'canceled' || skipReason === 'failhard_abort';
}

function skipped(skipReason: SkipReason): Attempt {
  return { verdict: 'skipped', skipReason, changes: {} };
}

/** Whoever looks for the requisite in the files is told where nobody wrote it. */
function requireFailed(edges: readonly Edge[], because: readonly Step[]): Attempt {
  const names = [...new Set(because.map(({ ref, id }) => `${ref}.${id}`))];
  const implied = because.filter((each) => edges.some(({ target, automatic }) => automatic && target === each));
  const note = implied.map(({ id }) => `Nobody wrote that it requires "${id}": its path, user or group says so`);
  return {
    verdict: 'skipped',
    skipReason: 'require_failed',
    changes: {},
    comment: [`One or more requisite failed: ${names.join(', ')}`, ...note].join('\n'),
  };
}
