import { fakeMachine } from '../fake.ts';
import { accountsContract } from './contract.ts';

accountsContract('fake', async () => ({ ...fakeMachine(), [Symbol.asyncDispose]: async () => {} }));
