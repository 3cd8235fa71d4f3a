import { type TreeFile, textOf } from './folder.ts';
import type { Known } from './known.ts';
import { readSheet, readTemplate, type Sheet } from './read/sheet.ts';
import type { Change, Kind, Note, TreeName } from './report.ts';
import { rewriteArguments } from './rewrite/arguments.ts';
import { applyEdits, type Edit } from './rewrite/edits.ts';
import { namesTakenBy, rewriteNames } from './rewrite/names.ts';
import { rewriteTop } from './rewrite/top.ts';

/** A file as it was read, before anything is decided. */
export interface Item {
  readonly tree: TreeName;
  readonly file: TreeFile;
  readonly kind: Kind;
  /** Nothing of a file that is only handed on. */
  readonly sheet: Sheet | undefined;
}

/** What becomes of a file. */
export interface Plan {
  readonly to: string;
  readonly content: Uint8Array;
  readonly changes: readonly Change[];
  readonly notes: readonly Note[];
  /** Nodegroups that its targets name. */
  readonly groups: readonly string[];
}

/** `templates` are the paths of files that something renders, beside those that are called so. */
export function itemOf(tree: TreeName, file: TreeFile, templates: ReadonlySet<string>): Item {
  const kind = kindOf(tree, file.path, templates);
  const text = textOf(file.content)?.replace(/\r\n?/g, '\n');
  if (text === undefined || kind === 'Python' || kind === 'data') return { tree, file, kind, sheet: undefined };
  return { tree, file, kind, sheet: kind === 'template' ? readTemplate(file.path, text) : readSheet(file.path, text) };
}

function kindOf(tree: TreeName, path: string, templates: ReadonlySet<string>): Kind {
  if (path === 'top.sls') return 'top file';
  if (path.endsWith('.sls')) return tree === 'states' ? 'state file' : 'settings file';
  if (/^_\w+\/.*\.(py|pyx|so|zip)$/.test(path)) return 'Python';
  return /\.(jinja2?|j2)$/.test(path) || templates.has(path) ? 'template' : 'data';
}

export interface PlanOptions {
  readonly known: Known;
  /** Whether Salt's names become Zester's where both are understood. */
  readonly rename: boolean;
  /** Files that are left as they are, whatever could be done. */
  readonly untouched: ReadonlyMap<Item, readonly Note[]>;
}

/** What becomes of each file. */
export function planFor(items: readonly Item[], options: PlanOptions): ReadonlyMap<Item, Plan> {
  const taken = new Set(items.flatMap(({ sheet }) => (sheet ? namesTakenBy(sheet) : [])));
  const paths = new Set(items.map(({ tree, file }) => `${tree} ${file.path}`));
  return new Map(
    items.map((item) => [
      item,
      planOf(item, { ...options, taken, hasNativeTop: paths.has(`${item.tree} ${nativeTop}`) }),
    ]),
  );
}

const nativeTop = 'top.zy';

interface FileOptions extends PlanOptions {
  /** Names that some template gives another meaning. */
  readonly taken: ReadonlySet<string>;
  /** Whether the tree has a top file that comes before the one of Salt. */
  readonly hasNativeTop: boolean;
}

function planOf(item: Item, { known, rename, untouched, taken, hasNativeTop }: FileOptions): Plan {
  const { file, kind, sheet } = item;
  const same: Plan = { to: file.path, content: file.content, changes: [], notes: [], groups: [] };
  if (sheet === undefined || sheet.trouble !== undefined) return same;
  const kept = untouched.get(item);
  if (kept !== undefined) return { ...same, notes: kept };
  const at = { file: file.path, line: 1, column: 1 };
  if (kind === 'top file' && hasNativeTop)
    return { ...same, notes: [{ at, text: `"${nativeTop}" is read instead of it` }] };
  const top = kind === 'top file' ? rewriteTop(sheet) : undefined;
  const edits: readonly Edit[] = [
    ...(top?.edits ?? []),
    ...(kind === 'state file' ? rewriteArguments(sheet, known) : []),
    ...(rename ? rewriteNames(sheet, { known, taken }) : []),
  ];
  const isNative = top !== undefined && top.kept.length === 0;
  const { text, changes } = applyEdits(sheet.source, edits);
  const renamed: Change = {
    at,
    from: file.path,
    to: nativeTop,
    why: 'Targets of a .zy top file are Zester’s own: what is wrong with one is an error, and not a target that chooses nothing',
  };
  return {
    to: isNative ? nativeTop : file.path,
    content: changes.length === 0 ? file.content : new TextEncoder().encode(brokenAs(file, text)),
    changes: [...(isNative ? [renamed] : []), ...changes],
    notes: top?.kept ?? [],
    groups: top?.groups ?? [],
  };
}

/** Lines end as they did in the file. */
function brokenAs({ content }: TreeFile, text: string): string {
  return textOf(content)?.includes('\r\n') ? text.replaceAll('\n', '\r\n') : text;
}
