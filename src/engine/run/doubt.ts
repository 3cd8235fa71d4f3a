import { isError } from '#base/errors.ts';
import { type SupposedMachine, Unforeseen } from '#kit/supposed.ts';
import type { Graph } from '../graph.ts';
import type { Step } from '../step.ts';
import type { Attempt } from './attempt.ts';
import { gateOf, type Met } from './gates.ts';
import type { Settled } from './settled.ts';

/** Why a plan cannot tell what becomes of a step: what it waits for, and half a sentence. */
export interface Doubt {
  readonly because: readonly Step[];
  readonly reason: string;
}

export interface Foresight {
  readonly graph: Graph;
  readonly settled: ReadonlyMap<Step, Settled>;
  readonly supposed: SupposedMachine;
}

/** What leaves the outcome of a step in a plan open: an answer that nobody has yet, a failure that may be mended by then, or a trigger. */
export function doubtOf(step: Step, result: Attempt, met: readonly Met[], foresight: Foresight): Doubt | undefined {
  const { error } = result;
  if (error instanceof Unforeseen) {
    const author = foresight.graph.steps.find(({ key }) => key === error.author);
    return { because: author ? [author] : [], reason: error.reason };
  }
  // One that is skipped for an error, too: its conditions could not be asked.
  if ((result.verdict === 'failed' || result.verdict === 'skipped') && isError(error)) {
    const because =
      error.family !== 'machine' || error.code === 'TEST_FAILED' ? [] : unfinished(step, error, foresight);
    return because.length === 0 ? undefined : { because, reason: error.message };
  }
  return result.verdict === 'would' ? doubtfulTrigger(result, met) : undefined;
}

/** The nearest step, of those that this one requires, of which nobody knows what it will do. */
export function unknownBefore(step: Step, { graph, supposed }: Foresight): Step | undefined {
  return required(step, graph).find(({ key }) => supposed.isUnknown(key));
}

/** The outcome of a step in doubt: its changes, if it got as far, are what they would be as things stand. */
export function unsure({ error: _, refreshed: _refreshed, ...result }: Attempt, { because, reason }: Doubt): Attempt {
  const names = because.map(({ id }) => `"${id}"`);
  const [are, last] = [names.length > 1 ? 'are' : 'is', names.pop() ?? 'an earlier step'];
  const all = names.length === 0 ? last : `${names.join(', ')} and ${last}`;
  return { ...result, verdict: 'unsure', comment: `Cannot tell until ${all} ${are} applied: ${reason}` };
}

/**
 * The steps that may make good by then what a plan refuses: those that it requires, directly or not, and of which nobody
 * knows what they do; for a thing it does not find also those that do more than is supposed of them. In a serial run
 * that goes for all that comes before it: such files rely on their order. Of several, those that the refusal names.
 */
function unfinished(step: Step, { code, message }: Error & { readonly code: string }, foresight: Foresight) {
  const { graph, settled, supposed } = foresight;
  const isMissing = /_(UNKNOWN|MISSING)$/.test(code);
  const mayMend = ({ key }: Step) => supposed.isUnknown(key) || (isMissing && supposed.isUnfinished(key));
  const own = required(step, graph).filter(mayMend);
  const relies = graph.serial && isMissing;
  const all = own.length > 0 || !relies ? own : graph.steps.filter((each) => settled.has(each) && mayMend(each));
  const named = all.filter((each) => [each.id, each.name].some((name) => message.includes(name)));
  return named.length > 0 ? named : all;
}

/** What a step requires, the nearest first. */
function required(step: Step, graph: Graph): readonly Step[] {
  const found = new Set<Step>();
  const waiting = [step];
  for (const each of waiting) {
    for (const { target, kind } of graph.edges.get(each) ?? []) {
      if (kind.startsWith('onfail') || kind === 'prerequired' || found.has(target)) continue;
      found.add(target);
      waiting.push(target);
    }
  }
  return [...found];
}

/** Whether what it waits for may fail: of a command nobody knows, and of what waits for one. */
export function doubtfulFailure(met: readonly Met[], supposed: SupposedMachine): Doubt | undefined {
  const doubtful = met.filter(({ edge, settled }) => {
    const { verdict, step } = settled;
    return (
      edge.kind.startsWith('onfail') && (verdict === 'unsure' || (verdict === 'would' && supposed.isUnknown(step.key)))
    );
  });
  const because = [...new Set(doubtful.map(({ edge }) => edge.target))];
  return because.length === 0 ? undefined : { because, reason: 'it only runs when that fails' };
}

/** Whether it would do something only if a step of which a plan cannot tell changes something. */
function doubtfulTrigger(result: Attempt, met: readonly Met[]): Doubt | undefined {
  const unsure = met.filter(({ settled }) => settled.verdict === 'unsure');
  if (unsure.length === 0) return undefined;
  const quiet = gateOf(
    met.map((each) =>
      each.settled.verdict === 'unsure' ? { ...each, settled: { ...each.settled, verdict: 'ok', changes: {} } } : each,
    ),
  );
  const because = [...new Set(unsure.map(({ edge }) => edge.target))];
  if (quiet.kind === 'quiet') return { because, reason: 'it only runs when that changes something' };
  const isRefresh = result.refreshed === true && quiet.kind === 'open' && quiet.watched.length === 0;
  return isRefresh ? { because, reason: 'it is only refreshed when that changes something' } : undefined;
}
