import { describeCa, openCa } from '#trust/ca-dir.ts';
import { command } from '../command.ts';

export const caPrint = command({
  name: 'ca print',
  summary: 'Print the root certificate and until when the CA is valid',
  flags: [{ name: 'dir', summary: 'Folder of the CA', type: 'string', default: '/var/lib/zester/auth/ca' }],
  examples: [{ title: 'The root, to put on peels as enroll_ca', line: 'ca print --dir ./ca' }],
  bus: false,
  run: async ({ dir }) => ({ ...describeCa(dir), root: openCa(dir).root }),
  show: ({ root, pin, rootEnds, intermediateEnds, hasRootKey }) =>
    [
      `# pin          ${pin}`,
      `# root         until ${day(rootEnds)}`,
      `# intermediate until ${day(intermediateEnds)}`,
      `# root key     ${hasRootKey ? 'here' : 'kept elsewhere'}`,
      root,
    ].join('\n'),
});

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
