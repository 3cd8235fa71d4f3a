import type { Exclusion } from '../document.ts';
import { globMatches } from '../glob.ts';
import type { High } from './merge.ts';

/** The ids that stay. A file is excluded by a glob over references, an id by its name. */
export function exclude(high: High, exclusions: readonly Exclusion[]): High {
  if (exclusions.length === 0) return high;
  const files = exclusions.filter(({ kind }) => kind === 'sls').map(({ pattern }) => pattern);
  const ids = new Set(exclusions.filter(({ kind }) => kind === 'id').map(({ pattern }) => pattern));
  const kept = [...high].filter(
    ([id, { source }]) => !ids.has(id) && !files.some((pattern) => globMatches(pattern, source.ref)),
  );
  return new Map(kept);
}
