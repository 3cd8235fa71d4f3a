import { command } from '../command.ts';
import { decide, rowOf, showDecided } from '../enrollments.ts';

export const enrollRevoke = command({
  name: 'enroll revoke',
  summary: 'Cut a peel off: its credentials end within seconds, on every NATS server',
  positionals: [{ name: 'id', summary: 'Id of the enrolment' }],
  flags: [
    { name: 'peel', summary: 'Id of the peel', type: 'string' },
    { name: 'reason', summary: 'Why, for the record', type: 'string' },
  ],
  examples: [{ title: 'A stolen machine', line: 'enroll revoke --peel web-01.example.com --reason "stolen"' }],
  bus: true,
  async run({ id, peel, reason }, session) {
    const { enrollments = [], warning } = await decide(session, { action: 'revoke', id, peel, reason });
    return { revoked: enrollments.map(rowOf), warning };
  },
  show: ({ revoked, warning }) => showDecided('revoked', revoked, warning),
  exit: ({ warning }) => (warning === undefined ? 0 : 1),
});
