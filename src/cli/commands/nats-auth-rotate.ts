import { ZesterError } from '#base/errors.ts';
import { rotateJobKeys, rotateSettingsKey } from '#trust/rotate.ts';
import { command } from '../command.ts';

export const natsAuthRotate = command({
  name: 'nats-auth rotate',
  summary: 'Add a new key that signs jobs, or one that settings are encrypted for; the old ones run out',
  notes: [
    'Masters notice by themselves. Peels hear of a new job key at once, it is used after an hour, and the old one stays valid for 30 days, for peels that are away.',
    'Run it where the auth folder is, then copy the folder to the other masters.',
  ],
  positionals: [{ name: 'what', summary: 'jobs or settings', required: true }],
  flags: [
    { name: 'dir', summary: 'The auth folder', type: 'string', default: '/var/lib/zester/auth' },
    { name: 'compromised', summary: 'The old job keys are in wrong hands: they end at once', type: 'bool' },
  ],
  examples: [
    { title: 'A new key for signing jobs', line: 'nats-auth rotate jobs' },
    { title: 'The old one was stolen', line: 'nats-auth rotate jobs --compromised' },
  ],
  bus: false,
  async run({ what, dir, compromised }, { clock }) {
    if (what === 'jobs') {
      const { id, key, notBefore } = rotateJobKeys({ dir, now: clock.now(), compromised });
      return { what, id, key, usedFrom: notBefore };
    }
    if (what === 'settings') return { what, key: rotateSettingsKey({ dir }) };
    throw new ZesterError('usage', 'ROTATE_UNKNOWN', `Cannot rotate "${what}": there is no such key`, {
      hint: 'Say "jobs" or "settings"',
    });
  },
  show: (made) =>
    'usedFrom' in made
      ? `Made the job key ${made.id}; it is used from ${new Date(made.usedFrom).toISOString()}\n`
      : `Made the settings key ${made.key}\n`,
});
