import { parseJid, toHuman } from '#base/ids.ts';
import type { JobState, JobSummary } from '#wire/job.ts';
import { command } from '../command.ts';
import { wholeRequest } from '../jobs.ts';
import { createFleetView, type FleetView } from '../report/fleet.ts';
import { plainResult, showCounts, showTroubles } from '../report/job.ts';
import { type PeelResult, refusedOf, resultOf } from '../report/result.ts';
import { shownValue } from '../report/shown.ts';
import type { Style } from '../report/style.ts';
import { plainSummary, showSummary } from '../report/summary.ts';
import { Tally } from '../report/tally.ts';
import { type StoredPage, storedPages } from '../returns.ts';
import type { Session } from '../session.ts';

export interface ShownJob {
  readonly job: JobSummary;
  readonly tally: Tally;
  /** Every answer, for programs; as text they are written as they come. */
  readonly results: readonly PeelResult[];
}

export const jobShow = command({
  name: 'job show',
  summary: 'A job and what each peel answered',
  notes: ['Of many peels what is alike is said once; --verbose shows every answer, and every state.'],
  positionals: [{ name: 'jid', summary: 'Id of the job', required: true }],
  flags: [{ name: 'full', summary: 'With all of its arguments, however long they are', type: 'bool' }],
  examples: [
    { title: 'A job with its returns', line: 'job show 2xYkQbZ1fGm5n8pR0sT3uVwXyZa' },
    { title: 'With a file that was given as an argument', line: 'job show 2xYkQbZ1fGm5n8pR0sT3uVwXyZa --full' },
  ],
  bus: true,
  async run({ jid, full }, session): Promise<ShownJob> {
    const results: PeelResult[] = [];
    const tally = new Tally();
    const texts: string[] = [];
    let view: FleetView | undefined;
    let job: JobSummary | undefined;
    for await (const { job: found, result } of answers(jid, session)) {
      job = found;
      tally.add(result);
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

/** What became of every peel of a job: those that answered first. */
async function* answers(
  written: string,
  session: Session,
): AsyncGenerator<{ readonly job: JobSummary; readonly result: PeelResult }> {
  const answered = new Set<string>();
  let last: StoredPage | undefined;
  for await (const page of storedPages(parseJid(written), session)) {
    for (const returned of page.returns) {
      answered.add(returned.peel);
      yield { job: page.job, result: resultOf(returned) };
    }
    last = page;
  }
  if (last === undefined) return;
  const { job } = last;
  for (const refusal of job.refused ?? []) {
    if (answered.has(refusal.peel)) continue;
    answered.add(refusal.peel);
    yield { job, result: refusedOf(refusal) };
  }
  for (const peel of await last.peels()) {
    if (!answered.has(peel)) yield { job, result: { peel: toHuman(peel), ...silence[job.state] } };
  }
}

const late = { status: 'unreachable', reason: 'no return before the deadline' } as const;

/** What to say of peels that have not answered; while a job runs nobody here knows whether they are at work or away. */
const silence: Readonly<Record<JobState, Pick<PeelResult, 'status' | 'reason'>>> = {
  running: { status: 'pending', reason: 'no return yet' },
  killed: {
    status: 'unreachable',
    reason: 'no word that it stopped: it is told when it is back, and refuses the job later',
  },
  complete: late,
  failed: late,
  partial: late,
  timeout: late,
};
