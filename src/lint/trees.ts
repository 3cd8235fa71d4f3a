import type { Tree } from '#engine/tree.ts';
import { registry } from '#modules/registry.ts';
import type { Finding } from './finding.ts';
import { lintSettings, lintStates } from './lint.ts';
import type { Profile } from './profiles.ts';

export interface Trees {
  readonly states: Tree;
  readonly settings?: Tree | undefined;
  /** Of further environments, which are not judged themselves. */
  readonly environments?: Readonly<Record<string, Tree>> | undefined;
}

export interface FindingsByTree {
  readonly states: readonly Finding[];
  readonly settings: readonly Finding[];
}

/** What is wrong with trees that need not lie in folders, for some machines; places begin with the tree's own root. */
export function lintTrees({ states, settings, environments }: Trees, profiles: readonly Profile[]): FindingsByTree {
  const judged = settings && lintSettings({ tree: settings, profiles, registry });
  const given = judged && (({ name }: Profile) => judged.settings.get(name) ?? {});
  return {
    states: lintStates({ tree: states, environments, profiles, registry, settings: given }),
    settings: judged?.findings ?? [],
  };
}
