import { channels } from '#wire/channels.ts';
import { EnrollState } from '#wire/enroll.ts';
import { command } from '../command.ts';
import { enrollmentTable, rowOf } from '../enrollments.ts';

export const enrollList = command({
  name: 'enroll list',
  summary: 'List who asked to join, with the fingerprint to compare',
  flags: [
    {
      name: 'state',
      summary: 'Only those in this state',
      type: 'choice',
      choices: ['pending', 'approved', 'rejected', 'issued', 'active', 'revoked', 'all'],
      default: 'pending',
    },
  ],
  examples: [
    { title: 'Who waits', line: 'enroll list' },
    { title: 'Everybody', line: 'enroll list --state all' },
  ],
  bus: true,
  async run({ state }, session) {
    const query = state === 'all' ? {} : { state: EnrollState.parse(state) };
    const { enrollments = [] } = await session.ask(channels.enrollments, query);
    return enrollments.map(rowOf);
  },
  show: (rows, style) => (rows.length === 0 ? 'Nobody\n' : enrollmentTable(rows, style)),
});
