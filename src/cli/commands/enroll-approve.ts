import { command } from '../command.ts';
import { decide, rowOf, showDecided } from '../enrollments.ts';

export const enrollApprove = command({
  name: 'enroll approve',
  summary: 'Let a peel join; compare its fingerprint first',
  notes: ['Exactly one of an enrolment id, --peel and --all-pending.'],
  positionals: [{ name: 'id', summary: 'Id of the enrolment' }],
  flags: [
    { name: 'peel', summary: 'Id of the peel, when only one asks for it', type: 'string' },
    { name: 'all-pending', summary: 'All about whom there is no doubt', type: 'bool' },
    { name: 'force', summary: 'Even if it trusts another CA than ours', type: 'bool' },
  ],
  examples: [
    { title: 'A peel by its id', line: 'enroll approve --peel web-01.example.com' },
    { title: 'All that wait', line: 'enroll approve --all-pending' },
  ],
  bus: true,
  async run({ id, peel, allPending, force }, session) {
    const wish = { id, peel, allPending: allPending || undefined, force };
    const { enrollments = [], warning } = await decide(session, { action: 'approve', ...wish });
    return { approved: enrollments.map(rowOf), warning };
  },
  show: ({ approved, warning }) =>
    approved.length === 0 && warning === undefined ? 'Nobody waits\n' : showDecided('approved', approved, warning),
  exit: ({ warning }) => (warning === undefined ? 0 : 1),
});
