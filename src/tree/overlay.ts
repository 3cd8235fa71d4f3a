import { foldersOf, noShape, type Tree } from './tree.ts';

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
    shape() {
      const folders = new Set<string>();
      const links = new Map<string, string>();
      for (const [at, tree] of trees.entries()) {
        const shape = tree.shape?.() ?? noShape;
        const isHidden = (path: string) =>
          trees.slice(0, at).some((above) => hides(above, path) || above.read(path) !== undefined);
        for (const [path, target] of shape.links) {
          if (!folders.has(path) && !links.has(path) && !isHidden(path)) links.set(path, target);
        }
        for (const folder of shape.folders) folders.add(folder);
      }
      return { folders: [...folders].sort(), links };
    },
    mode: (path) => trees.find((tree) => tree.read(path) !== undefined)?.mode?.(path),
    list(prefix) {
      const layers = trees.map((tree) => tree.list('').map((path) => ({ path })));
      return overlaidFiles(layers).flatMap(({ path }) => (path.startsWith(prefix) ? [path] : []));
    },
  };
}
