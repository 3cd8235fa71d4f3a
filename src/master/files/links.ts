import { isTreePath, linkedPath } from '#tree/tree.ts';
import type { TreeFile, TreeFolder, TreeLink } from '#wire/files.ts';

/**
 * The links of a tree that peels may have as links: those that lead to something of their environment, and what they lead
 * to is what lies under them. All others are there as what they lead to only.
 */
export function faithfulLinks(links: readonly TreeLink[], files: readonly TreeFile[]): readonly TreeLink[] {
  const known = new Map(files.map((file) => [`${file.env}\0${file.path}`, file.chunks.join()]));
  const below = (env: string, path: string) => {
    const all = files.filter((file) => file.env === env && (file.path === path || file.path.startsWith(`${path}/`)));
    return all.map((file) => file.path.slice(path.length));
  };
  const chosen: TreeLink[] = [];
  for (const link of links.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const { env, path, target } = link;
    const end = linkedPath(path, target);
    const isInside = chosen.some((each) => each.env === env && path.startsWith(`${each.path}/`));
    if (end === undefined || isInside || !isTreePath(path)) continue;
    const [mine, theirs] = [below(env, path), below(env, end)];
    const leadsBack = mine.length === 0 && (end === '' || path.startsWith(`${end}/`));
    const isSame = (rest: string) => known.get(`${env}\0${path}${rest}`) === known.get(`${env}\0${end}${rest}`);
    if (leadsBack || (mine.length === theirs.length && mine.every(isSame))) chosen.push(link);
  }
  return chosen;
}

/** Folders that no file and no link says. */
export function emptyFolders(
  folders: readonly TreeFolder[],
  files: readonly TreeFile[],
  links: readonly TreeLink[],
): readonly TreeFolder[] {
  const isIn = (env: string, folder: string) => (each: { readonly env: string; readonly path: string }) =>
    each.env === env && each.path.startsWith(`${folder}/`);
  return folders.filter(({ env, path }) => {
    const isLinked = links.some((link) => link.env === env && (path === link.path || path.startsWith(`${link.path}/`)));
    return !isLinked && !files.some(isIn(env, path)) && !links.some(isIn(env, path));
  });
}
