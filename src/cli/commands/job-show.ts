import { parseJid, toHuman } from '#base/ids.ts';
import type { JobSummary } from '#wire/job.ts';
import { command } from '../command.ts';
import { wholeRequest } from '../jobs.ts';
import { type PeelResult, plainResult, refusedOf, resultOf, showResult } from '../report/job.ts';
import { plainSummary, showSummary } from '../report/summary.ts';
import { storedJob } from '../returns.ts';

export interface ShownJob {
  readonly job: JobSummary;
  readonly results: readonly PeelResult[];
}

export const jobShow = command({
  name: 'job show',
  summary: 'A job and what each peel answered',
  positionals: [{ name: 'jid', summary: 'Id of the job', required: true }],
  flags: [{ name: 'full', summary: 'With all of its arguments, however long they are', type: 'bool' }],
  examples: [
    { title: 'A job with its returns', line: 'job show 2xYkQbZ1fGm5n8pR0sT3uVwXyZa' },
    { title: 'With a file that was given as an argument', line: 'job show 2xYkQbZ1fGm5n8pR0sT3uVwXyZa --full' },
  ],
  bus: true,
  async run({ jid, full }, session): Promise<ShownJob> {
    const { job: short, peels, returns } = await storedJob(parseJid(jid), session);
    const job = full ? await wholeRequest(short, session) : short;
    const answered = new Set(returns.map(({ peel }) => peel));
    const reason = job.state === 'running' ? 'no return yet' : 'no return before the deadline';
    const refused = (job.refused ?? []).filter(({ peel }) => !answered.has(peel));
    for (const { peel } of refused) answered.add(peel);
    const silent = peels
      .filter((peel) => !answered.has(peel))
      .map((peel): PeelResult => ({ peel: toHuman(peel), status: 'unreachable', reason }));
    return {
      job,
      results: [...returns.map(resultOf), ...refused.map(refusedOf), ...silent].sort((a, b) =>
        a.peel < b.peel ? -1 : 1,
      ),
    };
  },
  show: ({ job, results }, style) =>
    `${showSummary(job, style)}\n${results.map((each) => showResult(each, style)).join('')}`,
  plain: ({ job, results }) => ({ ...plainSummary(job), returns: results.map((each) => plainResult(job.jid, each)) }),
});
