import { after, describe, test } from 'node:test';
import { allAttacks } from '../../tools/attack.ts';
import { endShared } from './support/sharing.ts';

/** The quick ones; `npm run attack` runs all. */
describe('a promise is kept though', async () => {
  after(endShared);
  for (const { promise, name, quick, run } of await allAttacks()) {
    if (quick) test(`${name} (${promise})`, run);
  }
});
