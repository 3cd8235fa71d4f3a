import { placeText } from '#base/errors.ts';
import type { Finding } from '#lint/finding.ts';
import { quoteSingle } from '#render/yaml.ts';
import type { World } from './compile.ts';
import { type Custom, customAt } from './find/custom.ts';
import { type Folders, textOf } from './folder.ts';
import type { SaltGroup } from './groups.ts';
import type { Known } from './known.ts';
import { missingIn } from './missing.ts';
import type { Item } from './plan.ts';
import { type Reach, reachOf, type Trial } from './reach.ts';
import { type FileReport, type Missing, type Note, outcomeOf, type Report, type TreeName } from './report.ts';
import type { SafePlans } from './undo-unsafe.ts';

export interface Told extends SafePlans {
  readonly known: Known;
  readonly trials: readonly Trial[];
  readonly before: readonly World[];
  readonly folders: Folders;
  readonly groups: readonly SaltGroup[];
  /** What lint says is wrong, by tree. */
  readonly errors: Errors;
}

export type Errors = Readonly<Record<TreeName, readonly Finding[]>>;

/** What is to be said of each file, and of the trees as a whole. */
export function reportOf(items: readonly Item[], told: Told): Report {
  const { plans, mistakes, known, trials, before, errors } = told;
  const reach = reachOf(trials, known);
  const evidence = { known, trials, reach, customs: customsIn(items) };
  const files = items.map((item): FileReport => {
    const { tree, file, kind } = item;
    const { to = file.path, changes = [], notes = [] } = plans.get(item) ?? {};
    const own = missingIn(item, evidence);
    // What was rewritten is not missing any more.
    const rewritten = new Set(changes.map(({ at }) => placeText(at)));
    const others = othersIn(errors[tree], file.path, own.missing);
    const isVague = (error: Finding) => isOpenName(error, item, reach);
    const missing = [...own.missing, ...others.filter((each) => !isVague(each)).map(toMissing)].filter(
      ({ at, kind: of }) => !((of === 'argument' || of === 'error') && rewritten.has(placeText(at))),
    );
    return {
      tree,
      path: file.path,
      kind,
      to,
      outcome: outcomeOf({ changes, missing }),
      changes,
      missing,
      notes: [
        ...notes,
        ...own.notes,
        ...others.filter(isVague).map(toNote),
        ...(isTried(item, reach) || changes.length === 0 ? [] : [untried(item)]),
      ],
    };
  });
  return { files, notes: treeNotes(items, told), mistakes, samples: before.map(({ sample }) => sample.name) };
}

/** What the judge looks for itself, in every branch. */
const judged: ReadonlySet<string> = new Set(['STATE_UNKNOWN', 'ARGUMENT_UNKNOWN', 'TEMPLATE_FUNCTION_UNKNOWN']);

/** What lint refuses in a file and nobody told yet. */
function othersIn(errors: readonly Finding[], path: string, known: readonly Missing[]): readonly Finding[] {
  const lines = new Set(known.map(({ at }) => at.line));
  return errors.filter(({ at, code }) => at.file === path && !lines.has(at.line) && !judged.has(code));
}

/** A name that whoever uses a template may give it, when no sample machine shows who does. */
function isOpenName({ code }: Finding, { tree, kind, file: { path } }: Item, { used }: Reach): boolean {
  return code === 'TEMPLATE_UNDEFINED' && tree === 'states' && kind === 'template' && !used.has(path);
}

function toMissing({ at, message, hint }: Finding): Missing {
  return { at, kind: 'error', name: message, hint, reached: true };
}

function toNote({ at, message }: Finding): Note {
  return { at, text: `${message}, unless the file that uses it gives it the name` };
}

/** Whether what was rewritten in a file was compared with what it was. */
function isTried({ tree, kind, file: { path } }: Item, { compiled }: Reach): boolean {
  return tree === 'settings' || kind === 'top file' || compiled.has(path);
}

function untried({ file: { path } }: Item): Note {
  const text = 'No sample machine uses it: compare what was rewritten yourself';
  return { at: { file: path, line: 1, column: 1 }, text };
}

function customsIn(items: readonly Item[]): readonly Custom[] {
  return items
    .filter(({ tree }) => tree === 'states')
    .flatMap(({ file: { path, content } }) => customAt(path, textOf(content) ?? '') ?? []);
}

function treeNotes(items: readonly Item[], told: Told): readonly Note[] {
  const { before, folders } = told;
  return [...groupNotes(items, told), ...factNotes(items, before), ...leftOutNotes(folders)];
}

/** What the master is to know of nodegroups. */
function groupNotes(items: readonly Item[], { plans, groups }: Told): readonly Note[] {
  const named = new Set(items.flatMap((item) => plans.get(item)?.groups ?? []));
  const unknown = [...named].filter((name) => !groups.some((group) => group.name === name));
  return [
    ...groups.map(({ name, at, translated }) => ({
      at,
      text:
        'text' in translated
          ? `Write into the options of the master, below "nodegroups": ${name}: ${quoteSingle(translated.text)}`
          : `The nodegroup "${name}" cannot be translated: ${translated.trouble}`,
    })),
    ...unknown.map((name) => ({ text: `Targets name the nodegroup "${name}": give its file with --nodegroups` })),
  ];
}

/** Facts that are read and that no machine has of itself. */
function factNotes(items: readonly Item[], before: readonly World[]): readonly Note[] {
  const collected = new Set(
    before.flatMap(({ sample: { facts, grains } }) => [...Object.keys(facts), ...Object.keys(grains)]),
  );
  const read = items.flatMap(({ sheet }) =>
    (sheet?.uses?.facts ?? [])
      .filter(({ name }) => !collected.has(name))
      .map(({ name, at }) => ({ name, at: sheet?.source.place(at) })),
  );
  return [...Map.groupBy(read, ({ name }) => name)].map(([name, [first]]) => ({
    at: first?.at,
    text: `No machine has the grain "${name}" of itself: where one is to have it, write it into /etc/zester/facts there`,
  }));
}

function leftOutNotes({ states, settings }: Folders): readonly Note[] {
  const all = [...states.leftOut, ...settings.leftOut];
  return [...Map.groupBy(all, ({ why }) => why)].map(([why, same]) => ({
    text: `Left out: ${list(same.map(({ path }) => path))} (${why})`,
  }));
}

function list(words: readonly string[]): string {
  return words.join(', ');
}
