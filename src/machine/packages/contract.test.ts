import { fakeMachine } from '../fake.ts';
import { packagesContract } from './contract.ts';

packagesContract('fake', async () => ({
  packages: fakeMachine({
    repository: {
      'zt-plain': { versions: ['1.0', '2.0'] },
      'zt-other': '1.0',
      'zt-dep': { versions: ['1.0'], depends: ['zt-plain'] },
      'zt-conf': '1.0',
    },
  }).packages,
  version: (written) => written,
  keepsConfiguration: true,
  [Symbol.asyncDispose]: async () => {},
}));
