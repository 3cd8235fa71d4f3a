import { command } from '../command.ts';
import { decide } from '../enrollments.ts';

export const enrollTokenCreate = command({
  name: 'enroll token create',
  summary: 'Make a join token: peels that show it need no approval',
  notes: [
    'It is shown once. Put it into a file that only root may read, and name that as join_token_file in peel.yaml.',
  ],
  flags: [
    { name: 'peels', summary: 'Glob of the peel ids it may let in', type: 'string', default: '*' },
    { name: 'uses', summary: 'How many peels it may let in', type: 'int', default: 1 },
    { name: 'ttl', summary: 'How long it lives', type: 'duration', default: 86_400_000 },
  ],
  examples: [
    { title: 'For one machine, today', line: 'enroll token create --peels web-01.example.com' },
    { title: 'For an image that starts many', line: 'enroll token create --peels "web-*" --uses 100 --ttl 7d' },
  ],
  bus: true,
  async run({ peels, uses, ttl }, session) {
    const wish = { tokenPeels: peels, tokenUses: uses, tokenTtlMs: ttl };
    const { token = '' } = await decide(session, { action: 'token-create', ...wish });
    return { token, peels, uses, expiresAt: session.clock.now() + ttl };
  },
  show: ({ token, peels, uses, expiresAt }) =>
    `${token}\nLets in ${uses} of "${peels}" until ${new Date(expiresAt).toISOString()}; it is not shown again\n`,
});
