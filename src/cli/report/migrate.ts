import { visible } from '#base/visible.ts';
import type { Change, FileReport, Missing, Note, Outcome, Report } from '#migrate/report.ts';
import { paint, type Style } from './style.ts';
import { count } from './table.ts';

/** True when everything runs. */
export function isClean({ files, mistakes }: Report): boolean {
  return mistakes.length === 0 && files.every(({ outcome }) => outcome !== 'has missing parts');
}

/** Files with something to tell, then the others by name, and what it comes to. */
export function showMigration(report: Report, style: Style): string {
  const { files, notes, mistakes } = report;
  const isPlain = ({ outcome, notes: told }: FileReport) => outcome === 'runs as is' && told.length === 0;
  const plain = files.filter((file) => isPlain(file) && file.kind !== 'data').map((file) => `  ${nameOf(file)}\n`);
  return [
    ...files.filter((file) => !isPlain(file)).map((file) => showFile(file, style)),
    ...section(showOutcome('runs as is', style), plain),
    ...section(paint(style, 'bold', 'Of the trees as a whole'), notes.map(noteLine)),
    ...section(paint(style, 'bold', 'Mistakes of this tool'), mistakes.map(noteLine)),
    ...section(paint(style, 'bold', 'Missing in several places'), severalTimes(files)),
    `${summary(report)}\n`,
  ].join('');
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`${title}\n`, ...lines, '\n'];
}

function showFile(file: FileReport, style: Style): string {
  const { path, to, outcome, changes, missing, notes } = file;
  const name = to === path ? nameOf(file) : `${nameOf(file)} → ${to}`;
  const lines = [
    ...missing.map((each) =>
      line(each.at, `${paint(style, 'red', verbOf(each))} ${missingText(each)}`, each.hint, style),
    ),
    ...alike(changes).map(({ first, others }) =>
      line(first.at, `${paint(style, 'yellow', 'changed')} ${changeText(first, others)}`, first.why, style),
    ),
    ...notes.map(({ at, text }) => line(at, `${paint(style, 'cyan', 'note')} ${visible(text)}`, undefined, style)),
  ];
  return `${paint(style, 'bold', name)}  ${showOutcome(outcome, style)}\n${lines.join('')}\n`;
}

function nameOf({ tree, path }: FileReport): string {
  return visible(tree === 'settings' ? `pillar: ${path}` : path);
}

const colours = { 'runs as is': 'green', changed: 'yellow', 'has missing parts': 'red' } as const;

function showOutcome(outcome: Outcome, style: Style): string {
  return paint(style, colours[outcome], outcome);
}

function line(at: Note['at'], text: string, why: string | undefined, style: Style): string {
  const place = (at === undefined ? '' : `${at.line}:${at.column}`).padEnd(8);
  const reason = why === undefined ? '' : `${' '.repeat(10)}${paint(style, 'dim', visible(why))}\n`;
  return `  ${place}${text}\n${reason}`;
}

interface Alike {
  readonly first: Change;
  readonly others: readonly Change[];
}

/** The same change in several places is told once. */
function alike(changes: readonly Change[]): readonly Alike[] {
  const grouped = Map.groupBy(changes, ({ from, to, why }) => JSON.stringify([from, to, why]));
  return [...grouped.values()].flatMap(([first, ...others]) => (first ? [{ first, others }] : []));
}

function changeText({ from, to }: Change, others: readonly Change[]): string {
  const more = others.map(({ at }) => `${at.line}:${at.column}`).join(', ');
  return `${visible(from)} → ${to === '' ? '(removed)' : visible(to)}${more === '' ? '' : `, also ${more}`}`;
}

/** An error is no missing part of its own: it is what Zester says of the file. */
function verbOf({ kind }: Missing): string {
  return kind === 'error' || kind === 'template' ? 'refused' : 'missing';
}

const nouns: Readonly<Partial<Record<Missing['kind'], string>>> = {
  option: 'opts: ',
  secret: 'a value that GPG encrypted: ',
  template: '',
  Python: '',
  error: '',
};

function missingText({ kind, name, reached }: Pick<Missing, 'kind' | 'name' | 'reached'>): string {
  return visible(`${nouns[kind] ?? `${kind} `}${name}${reached ? '' : ', where no sample machine comes'}`);
}

function noteLine({ at, text }: Note): string {
  return `  ${at ? `${at.file}:${at.line}:${at.column} ` : ''}${visible(text)}\n`;
}

/** What is missing most often: that is where to begin. */
function severalTimes(files: readonly FileReport[]): readonly string[] {
  const all = files.flatMap(({ missing }) => missing);
  return [...Map.groupBy(all, ({ kind, name }) => missingText({ kind, name, reached: true }))]
    .filter(([, places]) => places.length > 1)
    .toSorted(([, a], [, b]) => b.length - a.length)
    .slice(0, 20)
    .map(([text, places]) => `  ${text}: ${count(places.length, 'place')}\n`);
}

function summary({ files, samples }: Report): string {
  const amount = (of: Outcome) => files.filter(({ outcome }) => outcome === of).length;
  const parts = `${amount('runs as is')} run as is, ${amount('changed')} changed, ${amount('has missing parts')} with missing parts`;
  return `${count(files.length, 'file')}: ${parts}. Tried on ${samples.join(', ')}`;
}
