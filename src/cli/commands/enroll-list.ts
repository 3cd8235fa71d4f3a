import { channels } from '#wire/channels.ts';
import { EnrollState } from '#wire/enroll.ts';
import { command } from '../command.ts';
import { type EnrollmentRow, enrollmentCells, enrollmentHeadings, rowOf } from '../enrollments.ts';
import { pages } from '../pages.ts';
import { growingTable, table } from '../report/table.ts';

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
    const all: EnrollmentRow[] = [];
    const shown = growingTable(enrollmentHeadings, session.style);
    const following = pages({
      ask: (after) =>
        session.ask(channels.enrollments, { ...query, ...(after === undefined ? {} : { after }) }, 10_000),
      rows: ({ enrollments = [] }) => enrollments.length,
    });
    for await (const { enrollments = [] } of following) {
      const rows = enrollments.map(rowOf);
      session.write(shown(enrollmentCells(rows, session.style)));
      all.push(...rows);
    }
    return all;
  },
  show: (rows, style) =>
    rows.length === 0 ? 'Nobody\n' : table(enrollmentHeadings, enrollmentCells(rows, style), style),
  showRest: (rows) => (rows.length === 0 ? 'Nobody\n' : ''),
});
