import type { JobSummary } from '#wire/job.ts';
import { command } from '../command.ts';
import { listJobs } from '../jobs.ts';
import { plainSummary, showSummaries, summaryCells, summaryHeadings } from '../report/summary.ts';
import { growingTable } from '../report/table.ts';

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
      ...(called === undefined ? {} : { function: called }),
      ...(before === undefined ? {} : { before }),
    };
    const all: JobSummary[] = [];
    const shown = growingTable(summaryHeadings, session.style);
    for await (const jobs of listJobs(query, limit, session)) {
      session.write(shown(summaryCells(jobs, session.style)));
      all.push(...jobs);
    }
    return all;
  },
  show: (jobs, style) => (jobs.length === 0 ? 'No jobs found.\n' : showSummaries(jobs, style)),
  showRest: (jobs) => (jobs.length === 0 ? 'No jobs found.\n' : ''),
  plain: (jobs) => jobs.map(plainSummary),
});
