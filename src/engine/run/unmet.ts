import { ZesterError } from '#base/errors.ts';
import type { Unmet } from '../graph.ts';
import type { Step } from '../step.ts';
import type { Attempt } from './attempt.ts';

/** What Salt 3006 says of a state whose requisites match nothing. */
export function failedUnmet(step: Step, unmet: readonly Unmet[]): Attempt {
  const kinds = [...new Set(unmet.map(({ kind }) => kind))];
  const lines = kinds.flatMap((kind) => [
    `${' '.repeat(19)}${kind}:`,
    ...unmet.filter((each) => each.kind === kind).map(({ reference }) => `${' '.repeat(23)}${reference.text}`),
  ]);
  const comment = ['The following requisites were not found:', ...lines, ''].join('\n');
  const at = unmet[0]?.reference.at;
  return {
    verdict: 'failed',
    changes: {},
    comment,
    error: new ZesterError('source', 'REQUISITE_UNMET', `Cannot run "${step.id}": ${comment.trim()}`, { at }),
  };
}
