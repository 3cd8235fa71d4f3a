import { foldersOf, isTreePath, linkedPath } from '#tree/tree.ts';
import type { TreeFile, TreeFolder, TreeLink } from '#wire/files.ts';

/**
 * The links of a tree that peels may have as links: those that lead to something of their environment, and what they lead
 * to is what lies under them. All others are there as what they lead to only.
 */
export function faithfulLinks(links: readonly TreeLink[], files: readonly TreeFile[]): readonly TreeLink[] {
  const environments = Map.groupBy(files, ({ env }) => env);
  const contents = new Map([...environments].map(([env, own]) => [env, contentOf(own)]));
  const chosen = new Map<string, TreeLink>();
  for (const link of links.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const { env, path, target } = link;
    const end = linkedPath(path, target);
    const isInside = foldersOf(path).some((folder) => chosen.has(keyOf({ env, path: folder })));
    if (end === undefined || isInside || !isTreePath(path)) continue;
    const content = contents.get(env) ?? contentOf([]);
    const leadsBack = content.isEmpty(path) && (end === '' || path.startsWith(`${end}/`));
    if (leadsBack || content.isSame(path, end)) chosen.set(keyOf(link), link);
  }
  return [...chosen.values()];
}

/** Folders that no file and no link says. */
export function emptyFolders(
  folders: readonly TreeFolder[],
  files: readonly TreeFile[],
  links: readonly TreeLink[],
): readonly TreeFolder[] {
  const linked = new Set(links.map(keyOf));
  const filled = new Set([...files, ...links].flatMap(foldersAbove));
  return folders.filter((folder) => {
    const isLinked = [keyOf(folder), ...foldersAbove(folder)].some((each) => linked.has(each));
    return !isLinked && !filled.has(keyOf(folder));
  });
}

/** What lies at and below the paths of an environment: in the order of paths each is one stretch, which is searched for. */
function contentOf(files: readonly TreeFile[]) {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const places = new Map(sorted.map(({ path }, index) => [path, index]));
  const firstFrom = (path: string): number => {
    let [low, high] = [0, sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle]?.path ?? '') < path) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  const stretchOf = (path: string): readonly [start: number, end: number] => {
    const place = places.get(path);
    // "0" is what comes after "/".
    return place === undefined ? [firstFrom(`${path}/`), firstFrom(`${path}0`)] : [place, place + 1];
  };
  const isAlike = (a: TreeFile | undefined, b: TreeFile | undefined, [mine, theirs]: readonly [string, string]) =>
    a?.path.slice(mine.length) === b?.path.slice(theirs.length) && a?.chunks.join() === b?.chunks.join();
  return {
    isEmpty(path: string): boolean {
      const [start, end] = stretchOf(path);
      return start === end;
    },
    isSame(path: string, other: string): boolean {
      const [[start, end], [from, to]] = [stretchOf(path), stretchOf(other)];
      if (end - start !== to - from) return false;
      for (let at = 0; at < end - start; at++) {
        if (!isAlike(sorted[start + at], sorted[from + at], [path, other])) return false;
      }
      return true;
    },
  };
}

interface Placed {
  readonly env: string;
  readonly path: string;
}

function keyOf({ env, path }: Placed): string {
  return `${env}\0${path}`;
}

function foldersAbove({ env, path }: Placed): readonly string[] {
  return foldersOf(path).map((folder) => keyOf({ env, path: folder }));
}
