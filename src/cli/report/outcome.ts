import { placeText } from '#base/errors.ts';
import { durationText } from '#base/time.ts';
import { visible } from '#base/visible.ts';
import type { Outcome, OutcomeResult, Report } from '#wire/outcome.ts';
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

/** A state run: a line for each step in the order of the files, and below it why, what differs, and what was said. */
export function showReport({ outcomes, ms }: Report, style: Style): string {
  const width = Math.max(0, ...outcomes.map((each) => widthOf(each.state)));
  const lines = outcomes.flatMap((each) => outcomeLines(each, width, style));
  return [...lines, summary(outcomes, ms)].join('\n');
}

function outcomeLines(outcome: Outcome, width: number, style: Style): string[] {
  const { id, name, state, result, ms, refreshed } = outcome;
  const word = paint(style, colours[result], result.padEnd(12));
  const what = [visible(id), name !== '' && name !== id ? `(${visible(name)})` : '', refreshed ? 'refreshed' : ''];
  const time = paint(style, 'dim', durationText(ms));
  const head = `${word}  ${state.padEnd(width)}  ${what.filter(Boolean).join(' ')}  ${time}`;
  return [head, ...bodyLines(outcome, style).map((line) => `    ${line}`)];
}

function bodyLines(outcome: Outcome, style: Style): string[] {
  const { result, comment, diff, changes, details = {}, error, skipReason, because = [], ref, at } = outcome;
  const lines: string[] = [];
  const add = (text: string) => lines.push(...visible(text.replace(/\n$/, '')).split('\n'));
  if (error) {
    lines.push(`${paint(style, 'red', 'ERROR:')} ${visible(error.message)} ${paint(style, 'dim', `[${error.code}]`)}`);
    const place = error.at ?? at;
    if (place) add(`at ${placeText(place)}${ref === undefined ? '' : ` (${ref})`}`);
    for (const [key, text] of Object.entries(error.details ?? {}))
      if (text.trim() !== '') add(`${key}: ${text.trimEnd()}`);
    if (error.hint) add(`hint: ${error.hint}`);
  }
  if (skipReason) add(`reason: ${skipReason}${because.length > 0 ? ` (${because.join(', ')})` : ''}`);
  else if (because.length > 0)
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

function summary(outcomes: readonly Outcome[], ms: number): string {
  const parts = words
    .map((word) => [outcomes.filter(({ result }) => result === word).length, word] as const)
    .filter(([amount]) => amount > 0)
    .map(([amount, word]) => `${amount} ${word}`);
  const what = parts.length === 0 ? '' : `: ${parts.join(', ')}`;
  return `${count(outcomes.length, 'state')}${what} in ${durationText(ms)}`;
}
