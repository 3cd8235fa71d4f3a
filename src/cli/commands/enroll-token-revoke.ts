import { command } from '../command.ts';
import { decide } from '../enrollments.ts';

export const enrollTokenRevoke = command({
  name: 'enroll token revoke',
  summary: 'End a join token; peels it let in stay',
  positionals: [{ name: 'id', summary: 'The token, or the part of it before the dot', required: true }],
  examples: [{ title: 'One that leaked', line: 'enroll token revoke tok-2abcdefghijklmnopqrstuvwxyz' }],
  bus: true,
  async run({ id }, session) {
    const [tokenId] = id.split('.');
    await decide(session, { action: 'token-revoke', id: tokenId });
    return { id: tokenId };
  },
  show: ({ id }) => `Ended the join token ${id}\n`,
});
