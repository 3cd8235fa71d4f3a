import { globMatches } from '#pattern/glob.ts';
import type { Exclusion } from '../document.ts';
import type { Source } from '../tree.ts';
import type { High } from './merge.ts';

/** The ids that stay: what is excluded is still there for others to extend. */
export function exclude(high: High, exclusions: readonly Exclusion[]): High {
  if (exclusions.length === 0) return high;
  const ids = new Set(exclusions.filter(({ kind }) => kind === 'id').map(({ pattern }) => pattern));
  return new Map([...high].filter(([id, { source }]) => !ids.has(id) && !isExcluded(source, exclusions)));
}

/** Whether a file takes no part, neither with its states nor with what it adds to others. */
export function isExcluded({ ref }: Pick<Source, 'ref'>, exclusions: readonly Exclusion[]): boolean {
  return exclusions.some(({ kind, pattern }) => kind === 'sls' && globMatches(pattern, ref));
}
