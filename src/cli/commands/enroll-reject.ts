import { command } from '../command.ts';
import { decideMany, rowOf, showDecided } from '../enrollments.ts';

export const enrollReject = command({
  name: 'enroll reject',
  summary: 'Turn away who asks to join: one, or many at once',
  notes: [
    'Exactly one of an enrolment id, --peel, and --all-pending. Instead of all, --peels and --source choose some; together, those that fit both.',
  ],
  positionals: [{ name: 'id', summary: 'Id of the enrolment' }],
  flags: [
    { name: 'peel', summary: 'Id of the peel', type: 'string' },
    { name: 'all-pending', summary: 'All who wait', type: 'bool' },
    { name: 'peels', summary: 'Glob of peel ids: all who wait and fit', type: 'string' },
    { name: 'source', summary: 'Address or network: all who wait and asked from there', type: 'string' },
    { name: 'reason', summary: 'Why, for the record and for who asked', type: 'string' },
  ],
  examples: [
    { title: 'One that is not ours', line: 'enroll reject --peel web-01.example.com --reason "unknown"' },
    { title: 'A flood from one network', line: 'enroll reject --source 2001:db8::/32' },
    { title: 'All that wait', line: 'enroll reject --all-pending' },
  ],
  bus: true,
  async run({ id, peel, allPending, peels, source, reason }, session) {
    const wish = { id, peel, allPending: allPending || undefined, peels, source, reason };
    const { enrollments, more, warning } = await decideMany(session, { action: 'reject', ...wish });
    return { rejected: enrollments.map(rowOf), more, warning };
  },
  show: ({ rejected, more, warning }) =>
    rejected.length === 0 && warning === undefined
      ? 'Nobody waits\n'
      : showDecided('rejected', rejected, warning, more),
  exit: ({ warning }) => (warning === undefined ? 0 : 1),
});
