import type { JobSummary } from '#wire/job.ts';
import { command } from '../command.ts';
import { listJobs } from '../jobs.ts';
import { plainSummary, showSummaries } from '../report/summary.ts';

/** So many at once are no list a person reads. */
const mostJobs = 10_000;

export const jobActive = command({
  name: 'job active',
  summary: 'Jobs that still run',
  examples: [{ title: 'What runs now', line: 'job active' }],
  bus: true,
  async run(_input, session): Promise<readonly JobSummary[]> {
    const all: JobSummary[] = [];
    for await (const jobs of listJobs({ active: true }, mostJobs, session)) all.push(...jobs);
    return all;
  },
  show: (jobs, style) => (jobs.length === 0 ? 'No active jobs.\n' : showSummaries(jobs, style)),
  plain: (jobs) => jobs.map(plainSummary),
});
