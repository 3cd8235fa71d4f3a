import { durationText } from '#base/time.ts';
import { visible } from '#base/visible.ts';
import type { JobState, JobSummary } from '#wire/job.ts';
import { type Paint, paint, type Style } from './style.ts';
import { ago, count, table, timeText } from './table.ts';
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

export const summaryHeadings = ['JID', 'FUNCTION', 'TARGET', 'STATE', 'USER', 'RETURNED', 'CREATED'];

export function showSummaries(jobs: readonly JobSummary[], style: Style): string {
  return table(summaryHeadings, summaryCells(jobs, style), style);
}

export function summaryCells(jobs: readonly JobSummary[], style: Style): readonly (readonly string[])[] {
  return jobs.map((job) => [
    job.jid,
    job.test ? `${job.function} (test)` : job.function,
    `${job.target} (${job.targets})`,
    job.state,
    job.operator,
    `${job.returned}/${job.targets}`,
    ago(job.created, style),
  ]);
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

/** For programs: times in milliseconds since the epoch. */
export function plainSummary({ targets, target, ...job }: JobSummary): Readonly<Record<string, unknown>> {
  return { ...job, target, targets };
}
