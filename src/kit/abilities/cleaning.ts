import { isError } from '#base/errors.ts';
import type { FileStat, Files } from '#machine/machine.ts';
import type { Context } from '../context.ts';
import { parentOf } from '../types.ts';
import { nameMatcher } from './patterns.ts';
import { realPlace } from './places.ts';

export interface Cleaning {
  readonly folder: string;
  /** All that is in it, parents before what they hold. */
  readonly inside: ReadonlyMap<string, FileStat>;
  /** Names and globs, relative to the folder. */
  readonly exclude_pat: readonly string[];
  /** Paths that whoever cleans puts there itself. */
  readonly own?: Iterable<string>;
}

/**
 * What cleaning a folder removes: all but what its own state puts there, what other states of the run manage, and what
 * `exclude_pat` names, each with the directories on the way to it. Parents before what they hold.
 */
export async function strays(cleaning: Cleaning, context: Context): Promise<readonly string[]> {
  const { folder, inside, own = [] } = cleaning;
  const managed = await managedIn(folder, context);
  const isExcluded = excluder(cleaning);
  const kept = new Set(own);
  const whole = new Set<string>();
  for (const path of inside.keys()) {
    const isWhole = whole.has(parentOf(path)) || managed.get(path) === 'whole' || isExcluded(path);
    if (isWhole) whole.add(path);
    if (isWhole || managed.has(path)) kept.add(path);
  }
  for (const path of [...kept])
    for (let each = parentOf(path); each.length > folder.length; each = parentOf(each)) kept.add(each);
  return [...inside.keys()].filter((path) => !kept.has(path));
}

/** The topmost of some paths, which take the others along. */
export function topmost(paths: readonly string[]): readonly string[] {
  const all = new Set(paths);
  return paths.filter((path) => !all.has(parentOf(path)));
}

function excluder({ folder, exclude_pat }: Cleaning): (path: string) => boolean {
  const patterns = exclude_pat.map(nameMatcher);
  return (path) => patterns.some((matches) => matches(path.slice(folder.length + 1)));
}

/** What other states manage in a folder, whatever links lead there, by its path in the folder. */
async function managedIn(folder: string, { files, managed }: Context): Promise<ReadonlyMap<string, 'whole' | 'alone'>> {
  const found = new Map<string, 'whole' | 'alone'>();
  const root = await files.resolve(folder);
  for (const { path, whole } of (await managed?.()) ?? []) {
    const place = await placeOf(files, path);
    if (place.startsWith(`${root}/`))
      found.set(folder + place.slice(root.length), whole === 'always' ? 'whole' : 'alone');
  }
  return found;
}

/** Where a path lies; as it is written where no path may lead: its own state will say so. */
async function placeOf(files: Files, path: string): Promise<string> {
  try {
    return await realPlace(files, path);
  } catch (error) {
    if (isError(error)) return path;
    throw error;
  }
}
