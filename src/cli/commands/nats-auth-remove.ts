import { removeOperator } from '#trust/rotate.ts';
import { command } from '../command.ts';

export const natsAuthRemove = command({
  name: 'nats-auth remove',
  summary: 'Void the credentials of an operator: on the bus, and on every peel',
  notes: ['Masters notice within a minute. Copy the auth folder to the other masters.'],
  positionals: [{ name: 'key', summary: 'The operator’s public key, from "nats-auth lint"', required: true }],
  flags: [{ name: 'dir', summary: 'The auth folder', type: 'string', default: '/var/lib/zester/auth' }],
  examples: [
    {
      title: 'Somebody who left',
      line: 'nats-auth remove UBDXG7WOXXU7PMOXR6BCN7A23UQNIL5GDLPPOZK4LMV2SHJC5Y4AIK6Z',
    },
  ],
  bus: false,
  async run({ key, dir }, { clock }) {
    removeOperator({ dir, key, now: clock.now() });
    return { key };
  },
  show: ({ key }) => `Removed ${key}\n`,
});
