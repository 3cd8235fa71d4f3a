import { command } from '../command.ts';
import { followJob } from '../follow.ts';
import { findJid } from '../job-ids.ts';
import { exitOfFollowed, type FollowedJob, plainFollowed, showFollowed } from '../report/followed.ts';

export const jobWait = command({
  name: 'job wait',
  summary: 'Wait until a job has ended, and end with its exit code',
  notes: ['Ctrl-C ends the waiting, not the job.'],
  positionals: [
    { name: 'jid', summary: 'Id of the job, its beginning or end, or "last"', required: true, completes: 'job' },
  ],
  examples: [{ title: 'In a script, after --async', line: 'job wait last --quiet' }],
  bus: true,
  async run({ jid }, session): Promise<FollowedJob> {
    const followed = await followJob(await findJid(jid, session), session);
    session.progress();
    return followed;
  },
  show: showFollowed,
  plain: plainFollowed,
  exit: exitOfFollowed,
});
