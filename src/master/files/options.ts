import { join } from 'node:path';
import { didYouMean, ZesterError } from '#base/errors.ts';
import { type Folders, withBase } from '#wire/environments.ts';
import type { TreeOptions } from '#wire/tree-options.ts';
import type { MasterOptions } from '../options.ts';
import { refuseProtectedFolders } from './protected.ts';
import type { TreeRules } from './source-tree.ts';

/**
 * The state tree as this master's options describe it. Throws `ENVIRONMENT_UNDEFINED` when one is named but has no
 * folders, and `TREE_FOLDER_PROTECTED` for a folder that is never published.
 */
export function publishedTree(options: MasterOptions): {
  readonly folders: Folders;
  readonly treeOptions: TreeOptions;
  readonly treeRules: TreeRules;
} {
  const { default_top: defaultTop, state_top_saltenv: topEnv, env_order: envOrder } = options;
  const folders = withBase(options.states_dir, options.environments);
  requireEnvironments(
    { default_top: [defaultTop], state_top_saltenv: topEnv ? [topEnv] : [], env_order: envOrder },
    folders,
  );
  // Two masters with the same options must publish the same bytes, in whatever order they were written.
  const nodegroups = Object.entries(options.nodegroups).sort(([a], [b]) => (a < b ? -1 : 1));
  const treeRules: TreeRules = {
    linkDirs: options.link_dirs,
    protectedDirs: [options.auth_dir, options.ca_dir ?? join(options.auth_dir, 'ca')],
    maxFileBytes: options.tree_file_max,
    maxBytes: options.tree_max,
    maxFiles: options.tree_files_max,
  };
  refuseProtectedFolders(folders, treeRules);
  return {
    folders,
    treeRules,
    treeOptions: {
      topStrategy: options.top_file_merging_strategy,
      defaultTop,
      ...(topEnv ? { topEnv } : {}),
      ...(envOrder.length > 0 ? { envOrder: [...envOrder] } : {}),
      nodegroups: Object.fromEntries(
        nodegroups.map(([name, body]) => [name, typeof body === 'string' ? body : [...body]]),
      ),
    },
  };
}

function requireEnvironments(named: Readonly<Record<string, readonly string[]>>, folders: Folders): void {
  for (const [option, names] of Object.entries(named)) {
    const unknown = names.find((name) => !Object.hasOwn(folders, name));
    if (unknown === undefined) continue;
    throw new ZesterError(
      'usage',
      'ENVIRONMENT_UNDEFINED',
      `Cannot use "${unknown}" for "${option}": there is no such environment`,
      {
        hint:
          didYouMean(unknown, Object.keys(folders)) ??
          `Give it folders under "environments"; there are ${Object.keys(folders).join(', ')}`,
      },
    );
  }
}
