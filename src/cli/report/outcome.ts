import { durationText } from '#base/time.ts';
import { visible } from '#base/visible.ts';
import { isCalm, type Outcome, type OutcomeResult, type Report } from '#wire/outcome.ts';
import { placeLines } from './error.ts';
import { type Paint, paint, type Style, widthOf } from './style.ts';
import { count } from './table.ts';
import { valueText } from './value.ts';

const colours: Readonly<Record<OutcomeResult, Paint>> = {
  unchanged: 'green',
  changed: 'cyan',
  'would-change': 'yellow',
  failed: 'red',
  skipped: 'dim',
  'cannot-tell': 'yellow',
};

/**
 * A state run: a line for each step in the order of the files, and below it why, what differs, and what was said; what it
 * came to last. What is calm is only counted, unless everything is wanted.
 */
export function showReport({ outcomes, ms }: Report, style: Style): string {
  const told = style.verbose ? outcomes : outcomes.filter((each) => !isCalm(each));
  const width = stateWidth(told);
  const lines = told.flatMap((each) => [
    `${headOf(each, width, style)}  ${paint(style, 'dim', durationText(each.ms))}`,
    ...bodyLines(each, style).map((line) => `    ${line}`),
  ]);
  return [...lines, `${countStates(outcomes)} in ${durationText(ms)}`].join('\n');
}

/** Columns that the names of their states take. */
export function stateWidth(outcomes: readonly Outcome[]): number {
  return Math.max(0, ...outcomes.map(({ state }) => widthOf(state)));
}

/** What became of a step, in one line: `changed  file.managed  conf (/etc/nginx.conf)`. */
export function headOf({ id, name, state, result, refreshed }: Outcome, width: number, style: Style): string {
  const word = paint(style, colours[result], result.padEnd(12));
  const what = [visible(id), name !== '' && name !== id ? `(${visible(name)})` : '', refreshed ? 'refreshed' : ''];
  return `${word}  ${state.padEnd(width)}  ${what.filter(Boolean).join(' ')}`;
}

/** Why, what differs, and what was said. */
export function bodyLines(outcome: Outcome, style: Style): string[] {
  const { result, comment, diff, changes, details = {}, error, skipReason, because = [], ref, at } = outcome;
  const lines: string[] = [];
  const add = (text: string) => lines.push(...visible(text.replace(/\n$/, '')).split('\n'));
  if (error) {
    lines.push(`${paint(style, 'red', 'ERROR:')} ${visible(error.message)} ${paint(style, 'dim', `[${error.code}]`)}`);
    const place = error.at ?? at;
    if (place) {
      const [where, ...excerpt] = placeLines(place);
      lines.push(`${where}${ref === undefined ? '' : ` (${visible(ref)})`}`, ...excerpt);
    }
    for (const [key, text] of Object.entries(error.details ?? {}))
      if (text.trim() !== '') add(`${key}: ${text.trimEnd()}`);
    if (error.hint) add(`hint: ${error.hint}`);
  }
  if (skipReason) add(`reason: ${skipReason}${because.length > 0 ? ` (${because.join(', ')})` : ''}`);
  // What a plan waits for, its comment says.
  else if (because.length > 0 && !(result === 'cannot-tell' && comment))
    add(`${result === 'cannot-tell' ? 'cannot tell until' : 'because of'}: ${because.join(', ')}`);
  if (comment) add(comment);
  if (diff)
    lines.push(
      ...visible(diff.trimEnd())
        .split('\n')
        .map((line) => diffLine(line, style)),
    );
  else if (changes) lines.push(...changeLines(changes));
  if (result !== 'unchanged') {
    for (const [key, text] of Object.entries(details)) if (text.trim() !== '') add(`${key}: ${text.trimEnd()}`);
  }
  return lines;
}

function changeLines(changes: NonNullable<Outcome['changes']>): string[] {
  const one = (value: unknown) =>
    value === undefined || value === null ? 'none' : valueText(value).replaceAll('\n', ', ');
  return Object.entries(changes).map(([field, { from, to }]) => `${visible(field)}: ${one(from)} → ${one(to)}`);
}

function diffLine(line: string, style: Style): string {
  if (line.startsWith('@@')) return paint(style, 'cyan', line);
  if (line.startsWith('+')) return paint(style, 'green', line);
  return line.startsWith('-') ? paint(style, 'red', line) : line;
}

const words: readonly OutcomeResult[] = ['unchanged', 'changed', 'would-change', 'cannot-tell', 'failed', 'skipped'];

function countStates(outcomes: readonly Outcome[]): string {
  return statesText(outcomes.length, (word) => outcomes.filter(({ result }) => result === word).length);
}

/** `60 states: 58 unchanged, 1 changed, 1 failed`. */
export function statesText(total: number, amountOf: (result: OutcomeResult) => number): string {
  const parts = words
    .map((word) => [amountOf(word), word] as const)
    .filter(([amount]) => amount > 0)
    .map(([amount, word]) => `${amount} ${word}`);
  return `${count(total, 'state')}${parts.length === 0 ? '' : `: ${parts.join(', ')}`}`;
}
