import { accountsContract } from '#machine/users/contract.ts';
import { throwAwayHost } from './host.ts';
import { hostMachine } from './machine.ts';
import { skipReason } from './probe.ts';

accountsContract(
  'shadow, on a copy of this machine',
  async () => {
    const host = await throwAwayHost({ name: 'accounts' });
    return { ...hostMachine(host), [Symbol.asyncDispose]: () => host.kill() };
  },
  { skip: await skipReason('plain') },
);
