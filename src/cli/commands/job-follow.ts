import { command } from '../command.ts';
import { streamFlag } from '../flags.ts';
import { followJob } from '../follow.ts';
import { findJid } from '../job-ids.ts';
import { createFleetView, type FleetView } from '../report/fleet.ts';
import { exitOfFollowed, type FollowedJob, followedEvent, plainFollowed, showFollowed } from '../report/followed.ts';
import { plainResult } from '../report/job.ts';
import { shownValue } from '../report/shown.ts';

export const jobFollow = command({
  name: 'job follow',
  summary: 'Show what each peel answers to a job, until it has ended',
  notes: ['Ctrl-C ends the following, not the job. It ends with the exit code of the job.'],
  positionals: [
    { name: 'jid', summary: 'Id of the job, its beginning or end, or "last"', required: true, completes: 'job' },
  ],
  flags: [streamFlag],
  examples: [
    { title: 'A job that was started with --async', line: 'job follow last' },
    { title: 'A job of somebody else', line: 'job follow 2xYkQbZ1fGm5n8pR0sT3uVwXyZa' },
  ],
  bus: true,
  async run({ jid }, session): Promise<FollowedJob> {
    let view: FleetView | undefined;
    const followed = await followJob(await findJid(jid, session), session, (result, job) => {
      view ??= createFleetView(job.targets, session.style);
      session.write(view.add(shownValue(result)));
      if (session.streams) session.emit('return', plainResult(job.jid, result));
    });
    session.progress();
    session.write(view?.rest() ?? '');
    session.emit('finished', followedEvent(followed));
    return followed;
  },
  show: (followed, style) => {
    const view = createFleetView(followed.job.targets, style);
    return followed.results.map((each) => view.add(each)).join('') + view.rest() + showFollowed(followed, style);
  },
  showRest: showFollowed,
  plain: plainFollowed,
  exit: exitOfFollowed,
});
