import { command } from '../command.ts';
import { decideMany, rowOf, showDecided } from '../enrollments.ts';

export const enrollApprove = command({
  name: 'enroll approve',
  summary: 'Let a peel join; compare its fingerprint first',
  notes: [
    'Exactly one of an enrolment id, --peel, and --all-pending. Instead of all, --peels and --source choose some; together, those that fit both.',
  ],
  positionals: [{ name: 'id', summary: 'Id of the enrolment' }],
  flags: [
    { name: 'peel', summary: 'Id of the peel, when only one asks for it', type: 'string' },
    { name: 'all-pending', summary: 'All about whom there is no doubt', type: 'bool' },
    { name: 'peels', summary: 'Glob of peel ids: all who wait and fit, without doubt', type: 'string' },
    { name: 'source', summary: 'Address or network: all who asked from there, without doubt', type: 'string' },
    { name: 'force', summary: 'Even if it trusts another CA than ours', type: 'bool' },
  ],
  examples: [
    { title: 'A peel by its id', line: 'enroll approve --peel web-01.example.com' },
    { title: 'All that wait', line: 'enroll approve --all-pending' },
  ],
  bus: true,
  async run({ id, peel, allPending, peels, source, force }, session) {
    const wish = { id, peel, allPending: allPending || undefined, peels, source, force };
    const { enrollments, more, warning } = await decideMany(session, { action: 'approve', ...wish });
    return { approved: enrollments.map(rowOf), more, warning };
  },
  show: ({ approved, more, warning }) =>
    approved.length === 0 && warning === undefined
      ? 'Nobody waits\n'
      : showDecided('approved', approved, warning, more),
  exit: ({ warning }) => (warning === undefined ? 0 : 1),
});
