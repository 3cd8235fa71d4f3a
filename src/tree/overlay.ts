import { foldersOf, noShape, type Tree, type TreeShape } from './tree.ts';

/** Several folders as one: a path of an earlier one hides it in the later ones, also where one has a file and the other a folder. Sorted. */
export function overlaidFiles<File extends { readonly path: string }>(
  layers: readonly (readonly File[])[],
): readonly File[] {
  const files = new Map<string, File>();
  const folders = new Set<string>();
  for (const layer of layers) {
    const isHidden = ({ path }: File) =>
      files.has(path) || folders.has(path) || foldersOf(path).some((folder) => files.has(folder));
    const visible = layer.filter((file) => !isHidden(file));
    for (const file of visible) {
      files.set(file.path, file);
      for (const folder of foldersOf(file.path)) folders.add(folder);
    }
  }
  return [...files.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The same of what else is in them. */
export function overlaidShape(layers: readonly (TreeShape & { readonly paths: readonly string[] })[]): TreeShape {
  const files = new Set<string>();
  const taken = new Set<string>();
  const folders = new Set<string>();
  const links = new Map<string, string>();
  for (const layer of layers) {
    const isHidden = (path: string) => files.has(path) || foldersOf(path).some((folder) => files.has(folder));
    for (const [path, target] of layer.links) if (!taken.has(path) && !isHidden(path)) links.set(path, target);
    for (const path of layer.folders) if (!isHidden(path)) folders.add(path);
    for (const path of layer.paths) {
      files.add(path);
      for (const each of [path, ...foldersOf(path)]) taken.add(each);
    }
    for (const path of [...layer.folders, ...layer.links.keys()]) taken.add(path);
  }
  return { folders: [...folders].sort(), links };
}

/** The same of trees. */
export function overlaid(trees: readonly Tree[]): Tree {
  const [only] = trees;
  if (only !== undefined && trees.length === 1) return only;
  const hides = (tree: Tree, path: string) =>
    tree.list(`${path}/`).length > 0 || foldersOf(path).some((folder) => tree.read(folder) !== undefined);
  return {
    read(path) {
      for (const [at, tree] of trees.entries()) {
        const content = tree.read(path);
        if (content === undefined) continue;
        return trees.slice(0, at).some((above) => hides(above, path)) ? undefined : content;
      }
      return undefined;
    },
    shape: () => overlaidShape(trees.map((tree) => ({ paths: tree.list(''), ...(tree.shape?.() ?? noShape) }))),
    mode: (path) => trees.find((tree) => tree.read(path) !== undefined)?.mode?.(path),
    list(prefix) {
      const layers = trees.map((tree) => tree.list('').map((path) => ({ path })));
      return overlaidFiles(layers).flatMap(({ path }) => (path.startsWith(prefix) ? [path] : []));
    },
  };
}
