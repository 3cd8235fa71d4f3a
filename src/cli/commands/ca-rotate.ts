import { rotateCa } from '#trust/ca-dir.ts';
import { command } from '../command.ts';

export const caRotate = command({
  name: 'ca rotate',
  summary: 'Replace the intermediate; peels, who trust the root, notice nothing',
  notes: ['Offline; needs root.key in the folder. Copy the folder to every master afterwards.'],
  flags: [{ name: 'dir', summary: 'Folder of the CA', type: 'string', default: '/var/lib/zester/auth/ca' }],
  examples: [{ title: 'Before the intermediate expires', line: 'ca rotate' }],
  bus: false,
  run: async ({ dir }, { clock }) => rotateCa(dir, clock.now()),
  show: ({ dir, intermediateEnds }) =>
    `Replaced the intermediate in ${dir}; it is valid until ${new Date(intermediateEnds).toISOString().slice(0, 10)}\n`,
});
