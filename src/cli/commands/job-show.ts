import type { JobSummary } from '#wire/job.ts';
import { answersOf } from '../answers.ts';
import { command } from '../command.ts';
import { findJid } from '../job-ids.ts';
import { wholeRequest } from '../jobs.ts';
import { createFleetView, type FleetView } from '../report/fleet.ts';
import { plainResult, showCounts, showTroubles } from '../report/job.ts';
import type { PeelResult } from '../report/result.ts';
import { shownValue } from '../report/shown.ts';
import type { Style } from '../report/style.ts';
import { plainSummary, showSummary } from '../report/summary.ts';
import { Tally } from '../report/tally.ts';

export interface ShownJob {
  readonly job: JobSummary;
  /** Of all of its peels, also of those that are not shown. */
  readonly tally: Tally;
  /** By peel id; for people they were shown as they were read. */
  readonly results: readonly PeelResult[];
}

export const jobShow = command({
  name: 'job show',
  summary: 'A job and what each peel answered',
  notes: ['Of many peels what is alike is said once; --verbose shows every answer, and every state.'],
  positionals: [
    { name: 'jid', summary: 'Id of the job, its beginning or end, or "last"', required: true, completes: 'job' },
  ],
  flags: [
    { name: 'full', summary: 'With all of its arguments, however long they are', type: 'bool' },
    { name: 'failed', summary: 'Only peels that failed, refused it or said nothing', type: 'bool' },
  ],
  examples: [
    { title: 'A job with its returns', line: 'job show 2xYkQbZ1fGm5n8pR0sT3uVwXyZa' },
    { title: 'Your last one: who failed, and with what', line: 'job show last --failed' },
    { title: 'With a file that was given as an argument', line: 'job show 2xYkQbZ1fGm5n8pR0sT3uVwXyZa --full' },
  ],
  bus: true,
  paged: true,
  async run({ jid, full, failed }, session): Promise<ShownJob> {
    const results: PeelResult[] = [];
    const tally = new Tally();
    const texts: string[] = [];
    let view: FleetView | undefined;
    let job: JobSummary | undefined;
    for await (const { job: found, result } of answersOf(await findJid(jid, session), session)) {
      job = found;
      tally.add(result);
      if (failed && result.status === 'success') continue;
      if (session.format !== 'text') {
        results.push(result);
        continue;
      }
      view ??= createFleetView(found.targets, session.style);
      texts.push(view.add(shownValue(result)));
    }
    const shown = job as JobSummary;
    const whole = full ? await wholeRequest(shown, session) : shown;
    session.write(`${showSummary(shownValue(whole), session.style, tally)}\n`);
    session.write([...texts, view?.rest() ?? ''].join(''));
    return { job: whole, tally, results: results.toSorted((a, b) => (a.peel < b.peel ? -1 : 1)) };
  },
  show: ({ job, tally, results }, style) => {
    const view = createFleetView(job.targets, style);
    const answered = results.map((each) => view.add(each)).join('') + view.rest();
    return `${showSummary(job, style, tally)}\n${answered}${showEnd(tally, style)}`;
  },
  showRest: ({ tally }, style) => showEnd(tally, style),
  plain: ({ job, results, tally }) => ({
    ...plainSummary(job),
    returned: tally.answered,
    succeeded: tally.peels('success'),
    returns: results.map((each) => plainResult(job.jid, each)),
  }),
});

function showEnd(tally: Tally, style: Style): string {
  return `\n${showTroubles(tally, style)}${showCounts(tally, { isPlan: false }, style)}`;
}
