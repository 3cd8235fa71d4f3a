import { command } from '../command.ts';
import { listJobs } from '../jobs.ts';
import { listFlags, listRows, showRows } from '../listing.ts';
import { jobColumns, plainSummary } from '../report/summary.ts';

/** So many at once are no list a person reads. */
const mostJobs = 10_000;

export const jobActive = command({
  name: 'job active',
  summary: 'Jobs that still run',
  flags: listFlags(jobColumns),
  examples: [
    { title: 'What runs now', line: 'job active' },
    { title: 'The ones that are waited for most', line: 'job active --columns jid,function,returned --sort -targets' },
  ],
  bus: true,
  paged: true,
  run: ({ columns, sort }, session) =>
    listRows(listJobs({ active: true }, mostJobs, session), { columns: jobColumns, input: { columns, sort }, session }),
  show: (jobs, style) => (jobs.length === 0 ? 'No active jobs.\n' : showRows(jobColumns, jobs, style)),
  showRest: (jobs) => (jobs.length === 0 ? 'No active jobs.\n' : ''),
  plain: (jobs) => jobs.map(plainSummary),
});
