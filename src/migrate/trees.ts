import { refsOf } from '#engine/tree.ts';
import type { Finding } from '#lint/finding.ts';
import type { Profile } from '#lint/profiles.ts';
import type { lintTrees } from '#lint/trees.ts';
import { type World, worldOf } from './compile.ts';
import { type Folders, treeOf } from './folder.ts';
import { dialectGroups, type SaltGroup } from './groups.ts';
import { itemsIn } from './items.ts';
import { type Known, knownFrom } from './known.ts';
import type { Trial } from './reach.ts';
import type { Report } from './report.ts';
import { groupsNamed } from './rewrite/top.ts';
import { type Errors, reportOf } from './tell.ts';
import { type Files, undoUnsafe } from './undo-unsafe.ts';

export interface TreesOptions {
  readonly rename: boolean;
  /** The states and functions there are. */
  readonly modules: Pick<Known, 'states' | 'functions'>;
  readonly samples: readonly Profile[];
  /** Nodegroups of the Salt master. */
  readonly groups: readonly SaltGroup[];
  /** Says what is wrong with trees. */
  readonly lint: typeof lintTrees;
}

export interface Migrated {
  readonly report: Report;
  readonly written: Files;
}

/** Trees in, trees and a report out. Every rewrite is tried: one that does not compile to the same is taken back. */
export function migrateTrees(folders: Folders, options: TreesOptions): Migrated {
  const { rename, modules, samples, groups } = options;
  const known = knownFrom(modules);
  const named = groupsNamed([...folders.states.files, ...folders.settings.files]);
  const dialects = dialectGroups(named, groups);
  const open = ({ states, settings }: Files, sample: Profile, given?: World['settings']) =>
    worldOf(
      { states: treeOf(states), settings: settings.length === 0 ? undefined : treeOf(settings), groups: dialects },
      sample,
      given,
    );
  const original = { states: folders.states.files, settings: folders.settings.files };
  const before = samples.map((sample) => open(original, sample));
  const refs = refsOf(treeOf(folders.states.files)).filter((ref) => ref !== 'top');
  const trials = before.flatMap((world) =>
    refs.map((ref): Trial => ({ sample: world.sample.name, ...world.compile(ref) })),
  );
  const items = itemsIn(folders, trials);
  const errors = errorsIn(original, options);
  const safe = undoUnsafe(items, { known, rename, refs, before, original, open });
  const report = reportOf(items, { ...safe, known, trials, before, folders, groups, errors });
  return { report, written: safe.files };
}

/** What Zester refuses of the trees as they are. */
function errorsIn({ states, settings }: Files, { lint, samples }: TreesOptions): Errors {
  const trees = { states: treeOf(states), settings: settings.length === 0 ? undefined : treeOf(settings) };
  const found = lint(trees, samples);
  const isError = ({ severity }: Finding) => severity === 'error';
  return { states: found.states.filter(isError), settings: found.settings.filter(isError) };
}
