import type { SkipReason } from '#wire/outcome.ts';
import type { Edge } from '../graph.ts';
import type { Step } from '../step.ts';
import { hasChanged, hasFailed, hasRun, type Settled } from './settled.ts';

/** What a step's requisites say when they have all been looked at. */
export type Gate =
  | { readonly kind: 'open'; readonly watched: readonly Step[] }
  | { readonly kind: 'failed'; readonly because: readonly Step[] }
  | { readonly kind: 'quiet'; readonly reason: SkipReason; readonly because: readonly Step[] };

/** One requisite and what became of its target: for a `prereq`, what its plan said. */
export interface Met {
  readonly edge: Edge;
  readonly settled: Settled;
}

type Word = 'fail' | 'pre' | 'premet' | 'onfail' | 'onchanges' | 'onchangesmet' | 'change' | 'met';

/**
 * Salt's judgement over all requisites of a step together. Precedence: failed, then a quiet `prereq`, then an `onfail`
 * that is not met (unless an `onchanges` is), then a quiet `onchanges`, then a watch that fires.
 */
export function gateOf(requisites: readonly Met[]): Gate {
  const words = new Set<Word>();
  for (const kind of new Set(requisites.map(({ edge }) => edge.kind))) {
    const own = requisites.filter(({ edge }) => edge.kind === kind);
    for (const word of settleKind(kind, new Set(own.map(({ settled }) => wordFor(kind, settled))))) words.add(word);
  }
  if (words.has('fail')) {
    return {
      kind: 'failed',
      because: targets(requisites.filter(({ edge, settled }) => !edge.kind.startsWith('onfail') && hasFailed(settled))),
    };
  }
  const quiet = (reason: SkipReason, prefix: string): Gate => ({
    kind: 'quiet',
    reason,
    because: targets(requisites.filter(({ edge }) => edge.kind.startsWith(prefix))),
  });
  if (words.has('pre')) return words.has('premet') ? { kind: 'open', watched: [] } : quiet('prereq_not_met', 'prereq');
  if (words.has('onfail') && !words.has('onchangesmet')) return quiet('onfail_not_met', 'onfail');
  if (words.has('onchanges') && !words.has('onchangesmet')) return quiet('onchanges_not_met', 'onchanges');
  if (words.has('change')) {
    return {
      kind: 'open',
      watched: targets(requisites.filter(({ edge, settled }) => edge.kind.startsWith('watch') && hasChanged(settled))),
    };
  }
  if (words.has('onfail')) return quiet('onfail_not_met', 'onfail');
  return { kind: 'open', watched: [] };
}

function wordFor(kind: Edge['kind'], settled: Settled): Word | undefined {
  if (kind.startsWith('onfail')) {
    if (!hasFailed(settled)) return 'onfail';
    return 'met';
  }
  if (hasFailed(settled)) return 'fail';
  if (kind.startsWith('onchanges')) return hasChanged(settled) ? 'onchangesmet' : 'onchanges';
  if (kind.startsWith('watch') && hasChanged(settled)) return 'change';
  if (kind === 'prereq') return settled.verdict === 'would' || settled.verdict === 'unsure' ? 'premet' : 'pre';
  return hasRun(settled) ? 'met' : undefined;
}

/** In the `_any` forms, and in plain `onfail`, one target is enough; `onfail_all` wants every one. */
function settleKind(kind: Edge['kind'], words: ReadonlySet<Word | undefined>): readonly Word[] {
  const said = new Set([...words].filter((word) => word !== undefined));
  if (kind.endsWith('_any') || kind === 'onfail') {
    if (said.has('met') || said.has('change') || said.has('onchangesmet')) {
      said.delete('fail');
      said.delete('onfail');
    }
    if (said.has('onchangesmet')) said.delete('onchanges');
  }
  return [...said];
}

function targets(met: readonly Met[]): readonly Step[] {
  return [...new Set(met.map(({ edge }) => edge.target))];
}
