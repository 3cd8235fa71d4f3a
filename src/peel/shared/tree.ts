import { folderTree } from '#tree/folder.ts';
import { overlaid } from '#tree/overlay.ts';
import type { Tree } from '#tree/tree.ts';
import { type Folders, withBase } from '#wire/environments.ts';
import { defaultTreeOptions, type TreeOptions } from '#wire/tree-options.ts';

/** The state tree as it lies on this machine. */
export interface LocalTree {
  /** Folders of every environment. */
  readonly folders: Folders;
  readonly options: TreeOptions;
  /** The one environment of this peel, if it keeps to one. */
  readonly env?: string | undefined;
  /** Folders that links of it may lead into. */
  readonly linkDirs?: readonly string[] | undefined;
}

/** A tree that no master published. */
export function localTree(base: string, others: Folders = {}, env?: string): LocalTree {
  return { folders: withBase(base, others), options: defaultTreeOptions, env };
}

/** Every environment as the engine reads it. An immutable tree is named after its content, and read once. */
export function environmentsOf(
  { folders, linkDirs }: LocalTree,
  { immutable }: { readonly immutable: boolean },
): ReadonlyMap<string, Tree> {
  return new Map(
    Object.entries(folders).map(([env, all]) => [
      env,
      overlaid(all.map((folder) => folderTree(folder, { immutable, folders: all, linkDirs }))),
    ]),
  );
}
