import { durationText } from '#base/time.ts';
import { visible } from '#base/visible.ts';
import type { JobState, JobSummary } from '#wire/job.ts';
import type { Column } from '../listing.ts';
import { type Paint, paint, type Style } from './style.ts';
import { ago, count, timeText } from './table.ts';
import type { Tally } from './tally.ts';
import { valueText } from './value.ts';

const colours: Readonly<Record<JobState, Paint>> = {
  running: 'cyan',
  complete: 'green',
  failed: 'red',
  partial: 'yellow',
  timeout: 'red',
  killed: 'yellow',
};

/** What a list of jobs can show. */
export const jobColumns: readonly Column<JobSummary>[] = [
  { name: 'jid', whole: true, text: ({ jid }) => jid },
  { name: 'function', text: ({ function: called, test }) => (test ? `${called} (test)` : called) },
  { name: 'target', text: ({ target, targets }) => `${target} (${targets})` },
  { name: 'state', whole: true, text: ({ state }) => state },
  { name: 'user', text: ({ operator }) => operator },
  {
    name: 'returned',
    whole: true,
    text: ({ returned, targets }) => `${returned}/${targets}`,
    order: ({ returned }) => returned,
  },
  { name: 'created', whole: true, text: ({ created }, style) => ago(created, style), order: ({ created }) => created },
  { name: 'targets', extra: true, text: ({ targets }) => String(targets), order: ({ targets }) => targets },
  {
    name: 'failed',
    extra: true,
    text: (job) => String(failedOf(job)),
    order: failedOf,
  },
  {
    name: 'took',
    extra: true,
    text: ({ created, finished }) => (finished === undefined ? '-' : durationText(finished - created)),
    order: ({ created, finished = Number.POSITIVE_INFINITY }) => finished - created,
  },
];

function failedOf({ returned, succeeded }: JobSummary): number {
  return returned - succeeded;
}

/** `shown` are the answers that are shown with it: they may have come after the job was closed. */
export function showSummary(job: JobSummary, style: Style, shown: Tally): string {
  const { jid, function: called, id, args, target, targets, state, test, operator, created } = job;
  const { finished, late, openUntil } = job;
  const cut = job.requestBytes === undefined ? '' : ' (cut: see all of it with --full)';
  const lines: [string, string][] = [
    ['Job', jid],
    ['Function', `${called}${id === undefined ? '' : ` ${id}`}${test ? ' (test)' : ''}`],
    ...(Object.keys(args).length === 0
      ? []
      : [['Arguments', `${valueText(args).replaceAll('\n', ', ')}${cut}`] as [string, string]]),
    ['Target', `${target} (${count(targets, 'peel')})`],
    [
      'State',
      `${stateText(job)}, ${shown.answered} of ${targets} returned${late === undefined ? '' : `, ${late} of them late`}`,
    ],
    ...(openUntil === undefined ? [] : [['Open until', timeText(openUntil)] as [string, string]]),
    ['Asked by', operator],
    ['Started', `${new Date(created).toISOString()} (${ago(created, style)})`],
    ...(finished === undefined ? [] : [['Took', durationText(finished - created)] as [string, string]]),
  ];
  return lines
    .map(([name, text]) => {
      const shown = name === 'State' ? paint(style, colours[state], visible(text)) : visible(text);
      return `${paint(style, 'bold', `${name}:`.padEnd(12))}${shown}\n`;
    })
    .join('');
}

/** A job that was killed goes on being open for peels that were not told yet. */
function stateText({ state, killedBy }: JobSummary): string {
  if (killedBy === undefined) return state;
  return state === 'running' ? `being stopped by ${killedBy}` : `${state} by ${killedBy}`;
}

/** For programs. */
export function plainSummary(job: JobSummary): Readonly<Record<string, unknown>> {
  return { ...job };
}
