import { command } from '../command.ts';
import { decide, rowOf, showDecided } from '../enrollments.ts';

export const enrollReject = command({
  name: 'enroll reject',
  summary: 'Turn a peel away that asks to join',
  positionals: [{ name: 'id', summary: 'Id of the enrolment' }],
  flags: [
    { name: 'peel', summary: 'Id of the peel', type: 'string' },
    { name: 'reason', summary: 'Why, for the record', type: 'string' },
  ],
  examples: [{ title: 'One that is not ours', line: 'enroll reject --peel web-01.example.com --reason "unknown"' }],
  bus: true,
  async run({ id, peel, reason }, session) {
    const { enrollments = [], warning } = await decide(session, { action: 'reject', id, peel, reason });
    return { rejected: enrollments.map(rowOf), warning };
  },
  show: ({ rejected, warning }) => showDecided('rejected', rejected, warning),
  exit: ({ warning }) => (warning === undefined ? 0 : 1),
});
