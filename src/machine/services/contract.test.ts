import assert from 'node:assert/strict';
import { fakeMachine } from '../fake.ts';
import { supposedMachine } from '../supposed.ts';
import { servicesContract } from './contract.ts';

servicesContract('fake', async () => ({
  services: fakeMachine({
    services: { 'zt-svc': {}, 'zt-broken': { start: 'dies' }, 'zt-once': { start: 'ends' } },
  }).services,
  hasBroken: true,
  canMask: true,
  [Symbol.asyncDispose]: async () => {},
}));

servicesContract('supposed', async () => {
  const machine = fakeMachine({ services: { 'zt-svc': {} } });
  const before = machine.snapshot();
  return {
    services: supposedMachine(machine).doneBy('a step').services,
    canMask: true,
    [Symbol.asyncDispose]: async () => assert.deepEqual(machine.snapshot(), before, 'nothing is written'),
  };
});
