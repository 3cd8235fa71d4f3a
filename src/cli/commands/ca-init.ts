import { initCa } from '#trust/ca-dir.ts';
import { command } from '../command.ts';

export const caInit = command({
  name: 'ca init',
  summary: 'Make the embedded CA: the root that peels trust, and the intermediate that issues certificates',
  notes: [
    'Offline. Never overwrites. Copy the folder to every master; the root key (root.key) is needed only to replace the intermediate and may be kept elsewhere.',
  ],
  flags: [
    { name: 'dir', summary: 'Folder to make', type: 'string', default: '/var/lib/zester/auth/ca' },
    { name: 'cn', summary: 'Name in the certificates', type: 'string', default: 'Zester' },
    { name: 'root-validity', summary: 'Life of the root', type: 'duration' },
  ],
  examples: [
    { title: 'The CA of a new environment', line: 'ca init' },
    { title: 'Under a name of your own', line: 'ca init --dir ./ca --cn "Example Fleet"' },
  ],
  bus: false,
  run: async ({ dir, cn, rootValidity }, { clock }) =>
    initCa({ dir, name: cn, now: clock.now(), rootLifetimeMs: rootValidity }),
  show: ({ dir, pin }) => `Made a CA in ${dir}\nPin for peel.yaml (enroll_ca_pin): ${pin}\n`,
});
