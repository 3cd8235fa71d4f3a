import { type Place, placeText } from '#base/errors.ts';
import { type Custom, lackOf } from './find/custom.ts';
import { findSecrets } from './find/secrets.ts';
import { lacksOf, type Stated } from './find/states.ts';
import { findInTemplate } from './find/template.ts';
import type { Known } from './known.ts';
import type { Item } from './plan.ts';
import { keyOf, type Reach, type Trial } from './reach.ts';
import { computedIn, declaredIn, isOtherData } from './read/declared.ts';
import { plainOfRaw } from './read/plain.ts';
import type { Sheet } from './read/sheet.ts';
import type { Kind, Lack, Missing, Note } from './report.ts';

export interface Evidence {
  readonly known: Known;
  /** Every reference on every sample machine. */
  readonly trials: readonly Trial[];
  readonly reach: Reach;
  /** The tree's own extensions of Salt. */
  readonly customs: readonly Custom[];
}

export interface Judgement {
  readonly missing: readonly Missing[];
  readonly notes: readonly Note[];
}

/** What a file asks for that Zester does not have: by its text, which has every branch, and by what came of it on the sample machines. */
export function missingIn(item: Item, evidence: Evidence): Judgement {
  const { tree, file, kind, sheet } = item;
  const { known, trials, reach, customs } = evidence;
  const custom = tree === 'states' ? customs.find(({ path }) => path === file.path) : undefined;
  if (custom) return { missing: [{ ...lackOf(custom), reached: true }], notes: [] };
  if (sheet === undefined) return { missing: isRead(kind) ? [noText(file.path)] : [], notes: [] };

  const roots = sheet.skeleton?.roots ?? [];
  const template = findInTemplate(sheet, known);
  const written = [...troubleIn(sheet), ...findSecrets(sheet), ...template.lacks];
  // What macros make of their arguments stands nowhere in a text.
  const made = tree === 'states' ? (reach.lacks.get(file.path) ?? []) : [];
  const missing = (lacks: readonly Lack[]) => missingOf(lacks, item, evidence);
  if (kind !== 'state file') {
    return { missing: missing([...written, ...made]), notes: [...template.notes, ...unread(sheet)] };
  }
  if (isTop(file.path) || (isOtherData(roots) && isRefused(file.path, trials))) {
    return { missing: missing(written), notes: [...template.notes, noStates(file.path)] };
  }
  const stated = declaredIn(roots).flatMap((each) => lacksOf(statedIn(each, sheet), known));
  return {
    missing: missing([...written, ...stated, ...made]),
    notes: [...template.notes, ...unread(sheet), ...computed(sheet, trials)],
  };
}

/** Each once, in the order of the file. */
function missingOf(lacks: readonly Lack[], { tree, file }: Item, { reach, customs }: Evidence): readonly Missing[] {
  return [...new Map(lacks.map((lack) => [keyOf(lack), lack])).values()]
    .map((lack) => ({
      ...lack,
      hint: ownHint(lack, customs) ?? lack.hint,
      reached: tree === 'settings' || reach.has(file.path, lack),
    }))
    .toSorted((a, b) => a.at.line - b.at.line || a.at.column - b.at.column);
}

function isRead(kind: Kind): boolean {
  return kind !== 'data' && kind !== 'Python';
}

function noText(path: string): Missing {
  return { at: { file: path, line: 1, column: 1 }, kind: 'template', name: 'It is no text in UTF-8', reached: true };
}

function ownHint({ kind, name }: Lack, customs: readonly Custom[]): string | undefined {
  const folder = kind === 'state' ? '_states' : kind === 'function' ? '_modules' : undefined;
  const own = customs.find((each) => each.folder === folder && each.functions.has(name))?.functions.get(name);
  return own && `It is the tree's own, in ${placeText(own)}`;
}

function statedIn({ state, at, args }: ReturnType<typeof declaredIn>[number], { source }: Sheet): Stated {
  return {
    state,
    at: source.place(at),
    args: args.map(({ key, keyNode, value }) => ({ key, at: source.place(keyNode.at), value: plainOfRaw(value) })),
  };
}

/** Why a file cannot be read. */
function troubleIn({ trouble, source }: Sheet): readonly Lack[] {
  if (trouble === undefined) return [];
  const { message, hint, at = { file: source.path, line: 1, column: 1 } } = trouble;
  const renderer = /renderer "([^"]+)"$|"([^"]+)" is no renderer$/.exec(message);
  if (renderer === null) return [{ at, kind: 'template', name: message, hint }];
  return [{ at, kind: 'renderer', name: renderer[1] ?? renderer[2] ?? '', hint }];
}

/** Only the top file in the root counts: another one is that of another root, or of a test. */
function isTop(path: string): boolean {
  return /(^|[/_.-])top\.sls$/.test(path);
}

function noStates(path: string): Note {
  return {
    at: { file: path, line: 1, column: 1 },
    text: 'It holds no states, although it is called like a state file',
  };
}

/** What is only known when the file is rendered. */
function unread({ source, skeleton }: Sheet): readonly Note[] {
  if (skeleton?.isWhole !== false) return [];
  const text = 'Its branches are no YAML when taken together: only what the sample machines made of it was looked at';
  return [{ at: source.place(0), text }];
}

/** States whose names are put together, and that no sample machine has. */
function computed({ source, skeleton }: Sheet, trials: readonly Trial[]): readonly Note[] {
  const lineOf = ({ file, line }: Place) => `${file}:${line}`;
  const places = computedIn(skeleton?.roots ?? []).map((at) => source.place(at));
  if (places.length === 0) return [];
  const known = new Set(
    trials.flatMap(({ drafts }) => drafts.map(({ declaration: { functions, at } }) => lineOf(functions[0]?.at ?? at))),
  );
  return places
    .filter((at) => !known.has(lineOf(at)))
    .map((at) => ({ at, text: 'Which state this is is only known when it is rendered, and no sample machine has it' }));
}

/** Whether every sample machine finds something wrong in a file. */
function isRefused(path: string, trials: readonly Trial[]): boolean {
  const all = new Set(trials.map(({ sample }) => sample));
  const refusing = trials.filter(({ errors }) => errors.some(({ at }) => at?.file === path));
  return new Set(refusing.map(({ sample }) => sample)).size === all.size;
}
