import assert from 'node:assert/strict';
import { fakeMachine } from '../fake.ts';
import { supposedMachine } from '../supposed.ts';
import { accountsContract } from './contract.ts';

accountsContract('fake', async () => ({ ...fakeMachine(), [Symbol.asyncDispose]: async () => {} }));

accountsContract('supposed', async () => {
  const machine = fakeMachine();
  const before = machine.snapshot();
  return {
    ...supposedMachine(machine).doneBy('a step'),
    [Symbol.asyncDispose]: async () => assert.deepEqual(machine.snapshot(), before, 'nothing is written'),
  };
});
