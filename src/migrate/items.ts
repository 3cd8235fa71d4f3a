import type { Folders } from './folder.ts';
import { type Item, itemOf } from './plan.ts';
import type { Trial } from './reach.ts';
import { declaredIn, isKnown } from './read/declared.ts';
import { managedIn, pathOf } from './verify.ts';

/** Every file of the trees, read as what it is. Which files are templates, the states tell that manage them. */
export function itemsIn(folders: Folders, trials: readonly Trial[]): readonly Item[] {
  return (['states', 'settings'] as const).flatMap((tree) => {
    const first = folders[tree].files.map((file) => itemOf(tree, file, new Set()));
    const templates = new Set([...templatesDeclared(first), ...(tree === 'states' ? templatesTried(trials) : [])]);
    return first.map((item) => (templates.has(item.file.path) ? itemOf(tree, item.file, templates) : item));
  });
}

/** What the sample machines imported, included, or would render. */
function templatesTried(trials: readonly Trial[]): readonly string[] {
  return trials.flatMap((trial) => [...trial.files, ...managedIn(trial).map(({ path }) => path)]);
}

/** What any branch of a state file would render. */
function templatesDeclared(items: readonly Item[]): readonly string[] {
  const declared = items.flatMap(({ sheet }) => declaredIn(sheet?.skeleton?.roots ?? []));
  return declared.flatMap(({ args }) => {
    const isTemplate = args.some(
      ({ key, value }) => key === 'template' && value.kind === 'scalar' && value.text === 'jinja',
    );
    if (!isTemplate) return [];
    const written = args
      .filter(({ key }) => key === 'source')
      .flatMap(({ value }) => (value.kind === 'list' ? value.items : [value]));
    return written.flatMap((node) => (node.kind === 'scalar' && isKnown(node) ? [pathOf(node.text)] : []));
  });
}
