import { describeCa } from '#trust/ca-dir.ts';
import { command } from '../command.ts';

export const caFingerprint = command({
  name: 'ca fingerprint',
  summary: 'Print the pin of the root, for enroll_ca_pin in peel.yaml',
  flags: [{ name: 'dir', summary: 'Folder of the CA', type: 'string', default: '/var/lib/zester/auth/ca' }],
  examples: [{ title: 'The pin for a new peel', line: 'ca fingerprint' }],
  bus: false,
  run: async ({ dir }) => describeCa(dir),
  show: ({ pin }) => `${pin}\n`,
});
