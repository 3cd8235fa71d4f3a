import { addOperator } from '#trust/rotate.ts';
import { command } from '../command.ts';

export const natsAuthAdd = command({
  name: 'nats-auth add',
  summary: 'Make the credentials of one more operator, so that everybody acts under their own name',
  notes: ['Offline. What the operator may do is for the policy on the masters to say.'],
  positionals: [{ name: 'name', summary: 'Name of the operator', required: true }],
  flags: [
    { name: 'dir', summary: 'The auth folder', type: 'string', default: '/var/lib/zester/auth' },
    { name: 'validity', summary: 'Life of the credentials; for ever when left out', type: 'duration' },
  ],
  examples: [
    { title: 'A colleague', line: 'nats-auth add alice' },
    { title: 'A guest for a week', line: 'nats-auth add auditor --validity 7d' },
  ],
  bus: false,
  run: async ({ name, dir, validity }, { clock }) => addOperator({ dir, name, now: clock.now(), lifetimeMs: validity }),
  show: ({ file, key }) => `Made ${file}\nKey: ${key}\n`,
});
