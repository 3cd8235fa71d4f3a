import { dirname, join, resolve } from 'node:path';
import { initAuth } from '#trust/init-auth.ts';
import { command } from '../command.ts';

export const natsAuthInit = command({
  name: 'nats-auth init',
  summary: 'Make the identities of an environment, and a configuration for its NATS servers',
  notes: [
    'Offline. Never overwrites. Makes the operator, the account, one signing key per role, the users master, admin and sys, the key that signs jobs, the key that settings are encrypted for, and nats-server.conf.',
    'Masters need the folder without offline/; NATS servers need operator.jwt and nats-server.conf; administrators need admin.creds. Move offline/operator.seed to a safe place: it is needed only to replace the operator’s signing key.',
  ],
  flags: [
    { name: 'dir', summary: 'Folder to make', type: 'string', default: '/var/lib/zester/auth' },
    { name: 'environment', summary: 'Name of the environment, and of its account', type: 'string', default: 'main' },
    { name: 'admin', summary: 'Name of the first administrator', type: 'string', default: 'admin' },
    { name: 'jetstream-store', summary: 'Where NATS servers keep their streams', type: 'string' },
    { name: 'nats-cert', summary: 'Certificate of the NATS servers', type: 'string' },
    { name: 'nats-key', summary: 'Its key', type: 'string' },
  ],
  examples: [
    { title: 'A new environment', line: 'nats-auth init' },
    { title: 'In a folder of your own, for staging', line: 'nats-auth init --dir ./auth --environment staging' },
  ],
  bus: false,
  async run({ dir, environment, admin, jetstreamStore, natsCert, natsKey }, { clock }) {
    // The folder of accounts lies beside that of the streams: whoever may write the one may write the other.
    const resolverDir = jetstreamStore === undefined ? undefined : join(dirname(resolve(jetstreamStore)), 'accounts');
    const server = { storeDir: jetstreamStore, resolverDir, certificate: natsCert, key: natsKey };
    const { dir: path, index, files } = initAuth({ dir, environment, admin, now: clock.now(), server });
    return { dir: path, environment, accounts: index.accounts, operator: index.operator, files };
  },
  show: ({ dir, environment, files }) =>
    [`Made the identities of "${environment}" in ${dir}`, ...files.map((file) => `  ${file}`), ''].join('\n'),
});
