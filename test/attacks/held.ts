import assert from 'node:assert/strict';
import { headers } from '@nats-io/nats-core';
import { encode } from '#wire/codec.ts';
import { buckets, keptSubject } from '#wire/stores.ts';
import { testBus, testMaster, testPeel, until } from '../harness/fleet.ts';
import { testNats } from '../harness/nats.ts';
import type { Attack } from './attack.ts';

export const attacks: readonly Attack[] = [
  {
    promise: 'held',
    name: 'a peel rolls up the facts of all others together with its own',
    quick: true,
    async run() {
      await using nats = await testNats({ refusals: true });
      await using master = await testMaster(nats);
      await using _victim = await testPeel(nats, { id: 'web-01' });
      await until(() => master.master.fleet.size === 1, 'the victim is known');
      await using mallory = await testBus(nats, nats.credentials.peel('mallory'), 'mallory');
      const rollup = headers();
      rollup.set('Nats-Rollup', 'all');
      const facts = encode({ v: 1, facts: {}, version: 'x', collectedAt: 0 });

      mallory.connection.publish('$KV.facts.mallory', facts, { headers: rollup });
      // The stream takes what it is sent in order: once it kept this, the roll-up was judged.
      await mallory.publishKept('$KV.facts.mallory', facts, keptSubject(buckets.facts, 'mallory'));

      assert.notEqual(await master.master.stores.kv(buckets.facts).get('web-01'), null);
    },
  },
];
