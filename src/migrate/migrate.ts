import { join } from 'node:path';
import { knownFunctions, knownStates } from '#lint/modules.ts';
import { type Profile, profiles } from '#lint/profiles.ts';
import { lintTrees } from '#lint/trees.ts';
import { checkOut, type Folder, readFolder, writeFiles } from './folder.ts';
import { readSaltGroups } from './groups.ts';
import type { Report } from './report.ts';
import { migrateTrees } from './trees.ts';

export interface MigrateOptions {
  /** The folder that Salt has as a root of its files. */
  readonly states: string;
  /** The one it has as a root of its pillar. */
  readonly settings?: string | undefined;
  /** A new folder for the migrated trees, `states` and `settings` in it; nothing is written without it. */
  readonly out?: string | undefined;
  /** A file that holds nodegroups: the configuration of the Salt master. */
  readonly nodegroups?: { readonly path: string; readonly text: string } | undefined;
  /** Whether Salt's names become Zester's where both are understood. */
  readonly rename?: boolean;
  /** Machines the trees are tried on. */
  readonly samples?: readonly Profile[];
}

/**
 * Looks at the trees of a Salt master, rewrites what Zester reads otherwise, and tells what it does not have. The originals stay
 * as they are. Throws `SALT_TREE_UNREADABLE`, `OUT_TAKEN`, `OUT_INSIDE`.
 */
export async function migrate({ states, settings, out, ...options }: MigrateOptions): Promise<Report> {
  const { rename = false, nodegroups, samples = profiles } = options;
  const modules = { states: knownStates(), functions: knownFunctions() };
  if (out !== undefined) await checkOut(out, settings === undefined ? [states] : [states, settings]);
  const empty: Folder = { files: [], leftOut: [] };
  const folders = {
    states: await readFolder(states),
    settings: settings === undefined ? empty : await readFolder(settings),
  };
  const groups = nodegroups === undefined ? [] : readSaltGroups(nodegroups.path, nodegroups.text);
  const { report, written } = migrateTrees(folders, { rename, modules, samples, groups, lint: lintTrees });
  if (out !== undefined) {
    await writeFiles(join(out, 'states'), written.states);
    if (settings !== undefined) await writeFiles(join(out, 'settings'), written.settings);
  }
  return report;
}
