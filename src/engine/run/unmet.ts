import { ZesterError } from '#base/errors.ts';
import type { Unmet } from '../order.ts';
import type { Step } from '../step.ts';

/** What Salt 3006 says of a state whose requisites match nothing. */
export function unmetComment(step: Step, unmet: readonly Unmet[]): { comment: string; error: ZesterError } {
  const kinds = [...new Set(unmet.map(({ kind }) => kind))];
  const lines = kinds.flatMap((kind) => [
    `${' '.repeat(19)}${kind}:`,
    ...unmet.filter((each) => each.kind === kind).map(({ reference }) => `${' '.repeat(23)}${reference.text}`),
  ]);
  const comment = ['The following requisites were not found:', ...lines, ''].join('\n');
  const at = unmet[0]?.reference.at;
  return {
    comment,
    error: new ZesterError('source', 'REQUISITE_UNMET', `Cannot run "${step.id}": ${comment.trim()}`, { at }),
  };
}
