import { parseMoment } from '#base/time.ts';
import { JobState } from '#wire/job.ts';
import { command } from '../command.ts';
import { findJid } from '../job-ids.ts';
import { listJobs } from '../jobs.ts';
import { listFlags, listRows, showRows } from '../listing.ts';
import { jobColumns, plainSummary } from '../report/summary.ts';

export const jobList = command({
  name: 'job list',
  summary: 'Jobs, newest first',
  flags: [
    { name: 'limit', summary: 'How many at most', type: 'int', default: 50 },
    { name: 'state', summary: 'Only jobs in this state', type: 'choice', choices: JobState.options },
    { name: 'user', summary: 'Only jobs that this operator asked for', type: 'string' },
    { name: 'function', summary: 'Only jobs of this function', type: 'string', completes: 'function' },
    {
      name: 'target',
      summary: 'Only jobs of this target, as written, or that asked this peel',
      type: 'string',
      completes: 'peel',
    },
    { name: 'since', summary: 'Only jobs since then: 2h, 2026-03-01, 2026-03-01T08:00', type: 'string' },
    { name: 'before', summary: 'Only jobs older than this one', type: 'string', completes: 'job' },
    ...listFlags(jobColumns),
  ],
  examples: [
    { title: 'The latest jobs', line: 'job list' },
    { title: 'The last five state runs', line: 'job list --limit 5 --function state.apply' },
    { title: 'What failed since yesterday', line: 'job list --state failed --since 1d' },
    {
      title: 'What was done to one peel',
      line: 'job list --target web-01.example.com --columns created,user,function',
    },
  ],
  bus: true,
  paged: true,
  async run({ limit, state, user, function: called, target, since, before, columns, sort }, session) {
    const query = {
      ...(state === undefined ? {} : { state }),
      ...(user === undefined ? {} : { operator: user }),
      ...(called === undefined ? {} : { function: called }),
      ...(target === undefined ? {} : { target }),
      ...(since === undefined ? {} : { since: parseMoment(since, session.clock.now()) }),
      ...(before === undefined ? {} : { before: await findJid(before, session) }),
    };
    return listRows(listJobs(query, limit, session), { columns: jobColumns, input: { columns, sort }, session });
  },
  show: (jobs, style) => (jobs.length === 0 ? 'No jobs found.\n' : showRows(jobColumns, jobs, style)),
  showRest: (jobs) => (jobs.length === 0 ? 'No jobs found.\n' : ''),
  plain: (jobs) => jobs.map(plainSummary),
});
