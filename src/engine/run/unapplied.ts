import type { ZesterError } from '#base/errors.ts';
import type { Graph } from '../order.ts';
import type { Step } from '../step.ts';
import type { Settled } from './settled.ts';

/**
 * The steps whose not being applied may be why a plan refuses: what it requires, directly or not, and would change. In a
 * serial run also what comes before it, for a thing it does not find: such files rely on their order.
 */
export function unapplied(
  step: Step,
  error: ZesterError,
  graph: Graph,
  settled: ReadonlyMap<Step, Settled>,
): readonly Step[] {
  if (error.family !== 'machine' || /^TEST_/.test(error.code)) return [];
  const isPending = (each: Step) => {
    const verdict = settled.get(each)?.verdict;
    return verdict === 'would' || verdict === 'unsure';
  };
  const required = new Set<Step>();
  const waiting = [step];
  for (const each of waiting) {
    for (const { target, kind } of graph.edges.get(each) ?? []) {
      if (kind.startsWith('onfail') || kind === 'prerequired' || required.has(target)) continue;
      required.add(target);
      waiting.push(target);
    }
  }
  const pending = [...required].filter(isPending);
  if (pending.length > 0 || !graph.serial || !/_(UNKNOWN|MISSING)$/.test(error.code)) return pending;
  return graph.steps.filter((each) => each !== step && isPending(each));
}
