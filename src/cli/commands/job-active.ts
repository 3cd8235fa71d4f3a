import { channels } from '#wire/channels.ts';
import type { JobSummary } from '#wire/job.ts';
import { command } from '../command.ts';
import { plainSummary, showSummaries } from '../report/summary.ts';

export const jobActive = command({
  name: 'job active',
  summary: 'Jobs that still run',
  examples: [{ title: 'What runs now', line: 'job active' }],
  bus: true,
  async run(_input, session): Promise<readonly JobSummary[]> {
    return (await session.ask(channels.jobs, { active: true }, 10_000)).jobs ?? [];
  },
  show: (jobs, style) => (jobs.length === 0 ? 'No active jobs.\n' : showSummaries(jobs, style)),
  plain: (jobs) => jobs.map(plainSummary),
});
