import { toHuman } from '#base/ids.ts';
import { channels } from '#wire/channels.ts';
import { command } from '../command.ts';
import { findJid } from '../job-ids.ts';
import { count, timeText } from '../report/table.ts';

export const jobKill = command({
  name: 'job kill',
  aliases: ['job cancel'],
  summary: 'Stop a job, on every peel that still works on it',
  positionals: [
    { name: 'jid', summary: 'Id of the job, its beginning or end, or "last"', required: true, completes: 'job' },
  ],
  examples: [
    { title: 'Stop a job', line: 'job kill 2xYkQbZ1fGm5n8pR0sT3uVwXyZa' },
    { title: 'Stop the one you started last', line: 'job kill last' },
  ],
  bus: true,
  async run({ jid: written }, session) {
    const jid = await findJid(written, session);
    const signed = await session.sign('kill', { v: 1, jid, issuedAt: session.clock.now() });
    const {
      state,
      stopped = [],
      silent = [],
      more = { stopped: 0, silent: 0 },
      until,
    } = await session.ask(channels.jobKill, signed, 15_000);
    return { jid, state, stopped: stopped.map(toHuman), silent: silent.map(toHuman), more, until };
  },
  show: ({ jid, stopped, silent, more, until }) =>
    silent.length === 0
      ? `Job ${jid} is killed: ${count(stopped.length + more.stopped, 'peel')} stopped\n`
      : [
          `Job ${jid} is being stopped: ${count(stopped.length + more.stopped, 'peel')} stopped, ${silent.length + more.silent} said nothing\n`,
          `No answer from ${silent.join(', ')}${more.silent > 0 ? ` and ${more.silent} more` : ''}: told as soon as they are back${until === undefined ? '' : `, until ${timeText(until)}; later they refuse it by themselves`}\n`,
        ].join(''),
  plain: ({ more, ...rest }) => (more.stopped + more.silent > 0 ? { ...rest, more } : rest),
  exit: ({ silent }) => (silent.length === 0 ? 0 : 3),
});
