import { fakeMachine } from '../fake.ts';
import { servicesContract } from './contract.ts';

servicesContract('fake', async () => ({
  services: fakeMachine({ services: { 'zt-svc': {} } }).services,
  canMask: true,
  [Symbol.asyncDispose]: async () => {},
}));
