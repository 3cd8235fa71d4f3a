import { fakeMachine } from '../fake.ts';
import { servicesContract } from './contract.ts';

servicesContract('fake', async () => ({
  services: fakeMachine({
    services: { 'zt-svc': {}, 'zt-broken': { start: 'dies' }, 'zt-once': { start: 'ends' } },
  }).services,
  hasBroken: true,
  canMask: true,
  [Symbol.asyncDispose]: async () => {},
}));
