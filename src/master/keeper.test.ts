import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZesterError } from '#base/errors.ts';
import { silentLog } from '#base/log.ts';
import { systemClock as clock } from '#base/time.ts';
import type { Bus } from '#bus/bus.ts';
import type { StoreSeen, Stores } from '#bus/stores.ts';
import { keepStores } from './keeper.ts';

const bus = { state: 'disconnected', onState() {} } as unknown as Bus;

function fake(opening: readonly StoreSeen[]) {
  let seen = opening;
  const stores = { opening, look: async () => seen } as unknown as Stores;
  return { stores, become: (next: readonly StoreSeen[]) => (seen = next) };
}
const facts = (made: string, isNew = false): StoreSeen => ({ store: 'facts', made, isNew });

test('a store that another master made again is filled here as well', async () => {
  const { stores, become } = fake([facts('monday')]);
  let fills = 0;
  const restore = {
    facts: async () => {
      fills++;
      return { note: () => `filled ${fills} times` };
    },
  };
  await using keeper = keepStores({ bus, stores, restore, clock, log: silentLog });

  await keeper.look();
  assert.equal(keeper.check().status, 'ok');
  become([facts('tuesday')]);
  await keeper.look();
  await keeper.look();

  assert.deepEqual(
    keeper.recreated.map(({ store, note }) => `${store}: ${note}`),
    ['facts: filled 1 times'],
  );
  assert.equal(keeper.counts.recreated, 1);
  assert.equal(keeper.check().status, 'degraded');
});

test('a first start has lost nothing; a store that is new beside old ones was lost', async () => {
  const restore = { facts: async () => ({ note: () => 'filled' }) };
  const first = fake([facts('monday', true)]);
  const later = fake([facts('monday', true), { store: 'jobs', made: 'sunday', isNew: false }]);
  await using one = keepStores({ bus, stores: first.stores, restore, clock, log: silentLog });
  await using two = keepStores({ bus, stores: later.stores, restore, clock, log: silentLog });

  first.become([facts('monday')]);
  later.become([facts('monday'), { store: 'jobs', made: 'sunday', isNew: false }]);
  await one.look();
  await two.look();

  assert.deepEqual([one.recreated.length, two.recreated.length], [0, 1]);
});

test('a store that cannot be filled is tried again', async () => {
  const { stores, become } = fake([facts('monday')]);
  let tries = 0;
  const restore = {
    facts: async () => {
      if (++tries === 1) throw new Error('away');
      return { note: () => 'filled' };
    },
  };
  await using keeper = keepStores({ bus, stores, restore, clock, log: silentLog });
  become([facts('tuesday')]);

  await keeper.look();
  const before = keeper.recreated[0]?.note;
  await keeper.look();

  assert.deepEqual([before, keeper.recreated[0]?.note], ['made again, not filled yet', 'filled']);
});

test('a full store is counted, and told for a minute', async () => {
  const { stores } = fake([facts('monday')]);
  await using keeper = keepStores({ bus, stores, restore: {}, clock, log: silentLog });

  keeper.heard(new ZesterError('unreachable', 'STORE_FULL', 'full'));
  keeper.heard(new Error('something else'));

  assert.deepEqual([keeper.full, keeper.check().status], [1, 'degraded']);
});
