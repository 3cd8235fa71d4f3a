import { channels } from '#wire/channels.ts';
import { EnrollState } from '#wire/enroll.ts';
import { command } from '../command.ts';
import { type EnrollmentRow, enrollmentColumns, rowOf } from '../enrollments.ts';
import { listFlags, listRows, showRows } from '../listing.ts';
import { pages } from '../pages.ts';
import type { Session } from '../session.ts';

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
    ...listFlags(enrollmentColumns),
  ],
  examples: [
    { title: 'Who waits', line: 'enroll list' },
    { title: 'Everybody, by their id', line: 'enroll list --state all --sort peel' },
  ],
  bus: true,
  paged: true,
  run: ({ state, columns, sort }, session) =>
    listRows(enrollments(state, session), { columns: enrollmentColumns, input: { columns, sort }, session }),
  show: (rows, style) => (rows.length === 0 ? 'Nobody\n' : showRows(enrollmentColumns, rows, style)),
  showRest: (rows) => (rows.length === 0 ? 'Nobody\n' : ''),
});

async function* enrollments(state: string, session: Session): AsyncGenerator<readonly EnrollmentRow[]> {
  const query = state === 'all' ? {} : { state: EnrollState.parse(state) };
  const following = pages({
    ask: (after) => session.ask(channels.enrollments, { ...query, ...(after === undefined ? {} : { after }) }, 10_000),
    rows: ({ enrollments: some = [] }) => some.length,
  });
  for await (const { enrollments: some = [] } of following) yield some.map(rowOf);
}
