import { ZesterError } from '#base/errors.ts';
import { createContext } from '#engine/context.ts';
import { createEngine, type Engine, type KeptOptions, type PlannedStep, type RunScope } from '#engine/engine.ts';
import { quoted } from '#engine/quote.ts';
import { isSuccess } from '#engine/report.ts';
import { type StateFunctionAnswer, stateFunctions } from '#engine/state-functions.ts';
import type { Environments, Tree } from '#engine/tree.ts';
import { rawArguments } from '#kit/arguments.ts';
import type { Context } from '#kit/context.ts';
import type { Registry } from '#kit/function.ts';
import type { Machine } from '#machine/machine.ts';
import { errorBody } from '#wire/error.ts';
import type { Outcome } from '#wire/outcome.ts';
import { functionNotFound } from '#wire/reference.ts';
import { routeOf } from '../shared/routes.ts';
import type { RunRequest, RunResult } from '../shared/run-protocol.ts';
import type { LocalTree } from '../shared/tree.ts';
import type { RunStore } from './kept-runs.ts';
import { matchesOf } from './matching.ts';
import { type RenderCalls, readsOnly } from './render-call.ts';
import type { RunLock } from './run-lock.ts';

export interface WorkerParts {
  readonly registry: Registry;
  /** Made anew for each run: it remembers what it reads, and the next run may find another. */
  readonly machine: () => Machine;
  readonly environmentsOf: (tree: LocalTree) => Environments;
  readonly kept: RunStore;
  readonly lock: RunLock;
  readonly calls: (request: RunRequest) => RenderCalls;
  /** Compiled states of earlier processes of the same program. */
  readonly compiled?: Omit<KeptOptions, 'tree'> | undefined;
  /** Long outputs of earlier jobs. */
  readonly outputs?: Context['outputs'];
  /** What the machine is by now: asked after a state with `reload_grains`. */
  readonly readFacts: (peel: string) => Promise<Readonly<Record<string, unknown>>>;
}

export interface WorkerEvents {
  readonly signal: AbortSignal;
  readonly onOutcome: (outcome: Outcome, done: number, total: number) => void;
}

/** A state tree at work. */
interface Opened {
  readonly key: string;
  readonly environments: Environments;
  readonly engine: Engine;
}

/** Does what a job asks for: a `state.*` function, a function, or one state by itself. Never throws: what happens is the result. */
export interface Worker {
  run(request: RunRequest, events: WorkerEvents): Promise<RunResult>;
  engineOf(tree: LocalTree): Engine;
  /** What the templates of a request may see and call. */
  scopeOf(request: RunRequest): RunScope;
}

export function createWorker(parts: WorkerParts): Worker {
  const { registry, machine, environmentsOf, kept, lock, calls, compiled, outputs, readFacts } = parts;
  // One engine for each tree: it remembers what it rendered and compiled, so that applying again costs little.
  let latest: Opened | undefined;
  const keyOf = ({ folders, options }: LocalTree) => JSON.stringify([folders, options]);
  const open = (tree: LocalTree): Opened => {
    const key = keyOf(tree);
    if (latest?.key === key) return latest;
    const environments = environmentsOf(tree);
    const { nodegroups: _, ...settings } = tree.options;
    const { base, ...others } = Object.fromEntries(environments) as { base: Tree };
    const options = { registry, tree: base, environments: others, settings };
    latest = { key, environments, engine: createEngine({ ...options, kept: compiled && { ...compiled, tree: key } }) };
    return latest;
  };

  /** The environments of a tree that could be opened: an error may be that it could not. */
  const openedOf = (tree: LocalTree): Environments =>
    latest?.key === keyOf(tree) ? latest.environments : new Map<string, Tree>();

  const scopeOf = (request: RunRequest, test = request.test): RunScope => {
    const { peel: id, settings } = request;
    const { grains: given, ...facts } = request.facts;
    const grains = typeof given === 'object' ? { ...given } : undefined;
    const { call, has, names } = test ? readsOnly(calls(request), registry) : calls(request);
    return {
      id,
      facts,
      ...(grains === undefined ? {} : { grains }),
      settings,
      test,
      call,
      has,
      names,
      matches: matchesOf(request),
    };
  };

  const runStates = async (
    request: RunRequest,
    { run }: Extract<StateFunctionAnswer, { run: unknown }>,
    events: WorkerEvents,
  ): Promise<RunResult> => {
    const { jid, function: called, args, id } = request;
    const at = Date.now();
    const keep = kept.begin({ jid, function: called, at });
    const steps: PlannedStep[] = [];
    let done = 0;
    for await (const { outcome, journal, planned } of run) {
      if (journal) keep(journal);
      if (planned) steps.push(planned);
      events.onOutcome(outcome, ++done, run.total);
    }
    const report = await run.report();
    if (called === 'state.plan')
      kept.keepPlan({ jid, at, steps, args: id === undefined ? args : { mods: id, ...args } });
    return { success: isSuccess(report), report };
  };

  const runEngine = async (request: RunRequest, events: WorkerEvents): Promise<RunResult> => {
    const { peel: id } = request;
    const isState = registry.states.has(request.function);
    const name = isState ? 'state.single' : request.function;
    const args = isState ? { ...request.args, fun: request.function } : request.args;
    const handle = stateFunctions.get(name);
    if (handle === undefined) throw unknownFunction(request.function, registry);
    const { jid, function: called } = request;
    const { locks, mayWait } = routeOf(request);
    const wait = { wait: mayWait > 0, signal: events.signal };
    using _lock = locks ? await lock.take({ jid, function: called }, wait) : undefined;
    const scopes: RunScope[] = [];
    const answer = await handle.run(args, {
      engine: open(request.tree).engine,
      env: request.tree.env,
      machine: machine(),
      scopeFor(test) {
        const scope = scopeOf(request, test);
        scopes.push(scope);
        return scope;
      },
      // Modules hold nothing that could be old, and settings only change with a job of their own.
      async reload(what) {
        if (!what.includes('facts')) return;
        const { grains: fresh, ...facts } = await readFacts(id);
        for (const scope of scopes) {
          Object.assign(scope.facts as object, facts);
          Object.assign((scope.grains ?? {}) as object, fresh);
        }
      },
      kept,
      atWork: () => lock.holder(),
      id: request.id,
      test: request.test,
      signal: events.signal,
      matches: matchesOf(request),
    });
    return 'run' in answer ? await runStates(request, answer, events) : { success: true, value: answer.value };
  };

  const runFunction = async (request: RunRequest, { signal }: WorkerEvents): Promise<RunResult> => {
    const called = registry.functions.get(request.function);
    if (called === undefined) throw unknownFunction(request.function, registry);
    if (request.test && called.changes)
      return { success: true, value: `Would run ${called.name}: it may change the machine` };
    const context = createContext({
      machine: machine(),
      registry,
      environments: open(request.tree).environments,
      env: request.tree.env ?? 'base',
      scope: scopeOf(request),
      rendering: unrendered,
      signal,
      outputs,
    });
    const positional = request.id === undefined ? [] : [request.id];
    return { success: true, value: await called.run(rawArguments(called.args, request.args, positional), context) };
  };

  return {
    engineOf: (tree) => open(tree).engine,
    scopeOf,
    async run(request, events) {
      try {
        return registry.functions.has(request.function)
          ? await runFunction(request, events)
          : await runEngine(request, events);
      } catch (error) {
        return { success: false, error: quoted(errorBody(error), openedOf(request.tree)) };
      }
    },
  };
}

/** Functions are called by a job, not by a template: there is nothing to render. */
const unrendered = {
  text(): string {
    throw new ZesterError('usage', 'TEMPLATE_UNAVAILABLE', 'Cannot render a template: only a state can');
  },
};

function unknownFunction(name: string, { functions, states }: Registry): ZesterError {
  return functionNotFound(name, [...functions.keys(), ...states.keys(), ...stateFunctions.keys()]);
}
