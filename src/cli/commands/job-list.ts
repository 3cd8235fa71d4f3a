import { channels } from '#wire/channels.ts';
import type { JobSummary } from '#wire/job.ts';
import { command } from '../command.ts';
import { plainSummary, showSummaries } from '../report/summary.ts';

export const jobList = command({
  name: 'job list',
  summary: 'Jobs, newest first',
  flags: [
    { name: 'limit', summary: 'How many at most', type: 'int', default: 50 },
    { name: 'function', summary: 'Only jobs of this function', type: 'string' },
    { name: 'before', summary: 'Only jobs older than this one', type: 'string' },
  ],
  examples: [
    { title: 'The latest jobs', line: 'job list' },
    { title: 'The last five state runs', line: 'job list --limit 5 --function state.apply' },
  ],
  bus: true,
  async run({ limit, function: called, before }, session): Promise<readonly JobSummary[]> {
    const query = {
      limit,
      ...(called === undefined ? {} : { function: called }),
      ...(before === undefined ? {} : { before }),
    };
    return (await session.ask(channels.jobs, query, 10_000)).jobs ?? [];
  },
  show: (jobs, style) => (jobs.length === 0 ? 'No jobs found.\n' : showSummaries(jobs, style)),
  plain: (jobs) => jobs.map(plainSummary),
});
