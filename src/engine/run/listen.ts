import { ZesterError } from '#base/errors.ts';
import { startWatch } from '#base/time.ts';
import type { Context } from '#kit/context.ts';
import type { Graph } from '../graph.ts';
import type { Reference } from '../references.ts';
import type { Step } from '../step.ts';
import { type Attempt, attempt } from './attempt.ts';
import { type Doubt, doubtOf, type Foresight, unsure } from './doubt.ts';
import type { RunOptions } from './options.ts';
import { hasChanged, type Settled } from './settled.ts';

export interface ListenOptions extends RunOptions {
  /** What the modules of a step get. */
  readonly contextOf: (step: Step) => Context;
  readonly settled: ReadonlyMap<Step, Settled>;
  readonly random: () => number;
  readonly next: () => number;
  readonly emit: (settled: Settled) => void;
}

/**
 * When everything else is done: each listening step is refreshed once, if any of its targets changed, whatever became of
 * that target otherwise. They are reported under ids of their own.
 */
export async function listen(graph: Graph, options: ListenOptions): Promise<void> {
  const { settled, signal, contextOf, random, test, supposed, approve, emit, next, clock } = options;
  const done = new Set<Step>();
  for (const { step, targets } of graph.listeners) {
    const changed = targets.filter((target) => {
      const result = settled.get(target);
      return result !== undefined && hasChanged(result);
    });
    if (changed.length === 0 || done.has(step) || signal.aborted) continue;
    done.add(step);
    const { startedAt, elapsed } = startWatch(clock);
    const listener = listenerOf(step);
    const result = await attempt(listener, {
      test,
      supposed,
      approve,
      random,
      context: contextOf(step),
      watched: true,
      listening: true,
    });
    const doubt = supposed && doubtAbout(step, result, changed, { graph, settled, supposed });
    const outcome = doubt ? unsure(result, doubt) : result;
    const because = (doubt?.because ?? changed).map(({ id }) => id);
    emit({ ...outcome, step: listener, because, sequence: next(), startedAt, ms: elapsed() });
    if (!test && result.verdict === 'failed' && (step.options.failhard ?? options.failhard)) break;
  }
  const told = new Set<string>();
  for (const { reference, changing } of graph.deaf) {
    const result = changing && settled.get(changing);
    if (told.has(reference.text) || (changing !== undefined && !(result && hasChanged(result)))) continue;
    told.add(reference.text);
    emit(deaf(graph, reference, next(), startWatch(clock).startedAt));
  }
}

/** A listener is called by any of those that changed; one of which a plan cannot tell may call it in vain. */
function doubtAbout(step: Step, result: Attempt, changed: readonly Step[], foresight: Foresight): Doubt | undefined {
  const isSure = changed.some((target) => foresight.settled.get(target)?.verdict !== 'unsure');
  if (isSure || result.verdict !== 'would') return doubtOf(step, result, [], foresight);
  return { because: changed, reason: 'it is only refreshed when that changes something' };
}

function listenerOf(step: Step): Step {
  const state = `${step.module}.mod_watch`;
  return { ...step, id: `listener_${step.id}`, state, key: `listener ${step.key}` };
}

/** Salt 3006's entry for a `listen` on something that does not exist. */
function deaf(
  graph: Graph,
  { kind, module = kind === 'sls' ? kind : 'id', pattern, at, text }: Reference,
  sequence: number,
  startedAt: number,
): Settled {
  const [model] = graph.steps;
  if (model === undefined)
    throw new ZesterError('bug', 'LISTENER_WITHOUT_STEPS', 'Cannot report a listener of a run without steps');
  const step = {
    ...model,
    id: `listen_${pattern}`,
    name: `listen_${module}`,
    state: 'Listen_Error.Listen_Error',
    key: `listen_${text}`,
    at,
  };
  const comment = `Referenced state ${module}: ${pattern} does not exist`;
  const error = new ZesterError('source', 'LISTEN_UNKNOWN', comment, { at });
  return { step, sequence, verdict: 'failed', changes: {}, comment, error, startedAt, ms: 0 };
}
