import type { World } from './compile.ts';
import type { TreeFile } from './folder.ts';
import type { Known } from './known.ts';
import { type Item, type Plan, planFor } from './plan.ts';
import type { Note, TreeName } from './report.ts';
import { type Comparison, compareWorlds, type Difference } from './verify.ts';

export type Files = Readonly<Record<TreeName, readonly TreeFile[]>>;

export interface UndoOptions {
  readonly known: Known;
  readonly rename: boolean;
  readonly refs: readonly string[];
  /** The trees as they were, on each sample machine. */
  readonly before: readonly World[];
  readonly original: Files;
  /** Trees on a machine; with the settings that are given, or those that the trees make. */
  readonly open: (files: Files, sample: World['sample'], given?: World['settings']) => World;
}

export interface SafePlans {
  readonly plans: ReadonlyMap<Item, Plan>;
  readonly files: Files;
  readonly mistakes: readonly Note[];
}

/** Plans whose trees compile to what the old ones did: a rewrite that changes more than it should is taken back. */
export function undoUnsafe(items: readonly Item[], options: UndoOptions): SafePlans {
  const untouched = new Map<Item, readonly Note[]>();
  const mistakes: Note[] = [];
  for (;;) {
    const plans = planFor(items, { ...options, untouched });
    const files = filesAfter(items, plans);
    const changed = items.filter((item) => (plans.get(item)?.changes.length ?? 0) > 0);
    const { differences, sound } = changed.length === 0 ? nothing : compare(changed, files, options);
    if (differences.length === 0) return { plans, files, mistakes };
    for (const difference of differences) {
      for (const item of blamedFor(difference, changed, sound)) {
        if (untouched.has(item)) continue;
        untouched.set(item, difference.isRefused ? [stays(item, difference)] : []);
        if (!difference.isRefused) mistakes.push(mistake(item, difference));
      }
    }
  }
}

function filesAfter(items: readonly Item[], plans: ReadonlyMap<Item, Plan>): Files {
  const filesOf = (tree: TreeName) =>
    items
      .filter((item) => item.tree === tree)
      .map((item): TreeFile => {
        const plan = plans.get(item);
        return plan ? { ...item.file, path: plan.to, content: plan.content } : item.file;
      });
  return { states: filesOf('states'), settings: filesOf('settings') };
}

const nothing: Comparison = { differences: [], sound: new Set() };

function compare(changed: readonly Item[], files: Files, options: UndoOptions): Comparison {
  const { known, refs, before, original, open } = options;
  const rewritten = new Set(changed.filter(({ tree }) => tree === 'states').map(({ file }) => file.path));
  const each = before.map((old): Comparison => {
    const { sample, settings } = old;
    const comparedWith = (trees: Files, given?: World['settings']) =>
      compareWorlds({ before: old, after: open(trees, sample, given) }, { refs, known, rewritten });
    const found = comparedWith(files);
    if (found.differences.length === 0) return found;
    // Templates that throw dice never come to the same: what differs without any rewrite proves nothing.
    const isRandom = comparedWith(original).differences.some(({ what }) => what === 'settings');
    const { differences, sound } = isRandom ? comparedWith(files, settings) : found;
    const random = new Set(comparedWith(original, settings).differences.map(({ what }) => what));
    return { differences: differences.filter(({ what }) => !random.has(what)), sound };
  });
  return {
    differences: each.flatMap(({ differences }) => differences),
    sound: new Set(each.flatMap(({ sound }) => [...sound])),
  };
}

/** The changed files that a run was made of, but for those of sound runs when there are others; all when it cannot be told. */
function blamedFor({ what, files }: Difference, changed: readonly Item[], sound: ReadonlySet<string>): readonly Item[] {
  const own = changed.filter(({ tree, file }) =>
    what === 'settings' ? tree === 'settings' : tree === 'states' && files.has(file.path),
  );
  const suspects = own.filter(({ file }) => !sound.has(file.path));
  return [suspects, own].find((each) => each.length > 0) ?? changed;
}

/** What a file says may have no other words: Salt passes over what Zester refuses, or refuses it as well. */
function stays({ file: { path } }: Item, { sample, what, detail }: Difference): Note {
  return {
    at: { file: path, line: 1, column: 1 },
    text: `It stays as it was: rewritten, ${what === path ? 'it' : `"${what}"`} would be refused or read otherwise on ${sample}: ${detail}`,
  };
}

function mistake({ file: { path } }: Item, { sample, what, detail }: Difference): Note {
  return {
    at: { file: path, line: 1, column: 1 },
    text: `Rewritten, "${what}" would not be the same on ${sample}: ${detail}. It stays as it was: please report this`,
  };
}
