import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headers } from '@nats-io/nats-core';
import { newJid } from '#base/ids.ts';
import { encode } from '#wire/codec.ts';
import { buckets } from '#wire/stores.ts';
import { dispatch, testBus, testMaster, testPeel, until } from '../harness/fleet.ts';
import { testNats } from '../harness/nats.ts';

/** A peel whose machine was taken over: it has real credentials, and sends whatever it likes. */
test('a hostile peel cannot wipe what others published with a rollup of its own key', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  await using _victim = await testPeel(nats, { id: 'web-01' });
  await until(() => master.master.fleet.size === 1, 'the victim is known');
  await using mallory = await testBus(nats, nats.credentials.peel('mallory'), 'mallory');
  const rollup = headers();
  rollup.set('Nats-Rollup', 'all');

  const reply = await mallory.connection.request(
    '$KV.facts.mallory',
    encode({ v: 1, facts: {}, version: 'x', collectedAt: 0 }),
    { headers: rollup, timeout: 5_000 },
  );

  assert.match(reply.string(), /rollup/);
  assert.notEqual(await master.master.stores.kv(buckets.facts).get('web-01'), null);
});

test('a hostile peel cannot have another’s return dropped by using a message id first', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  await using _victim = await testPeel(nats, { id: 'web-01' });
  const alice = nats.credentials.operator('alice');
  await using bus = await testBus(nats, alice, 'alice', false);
  await using mallory = await testBus(nats, nats.credentials.peel('mallory'), 'mallory');
  await until(() => master.master.fleet.size === 1, 'the victim is known');
  const jid = newJid();
  const stolen = headers();
  stolen.set('Nats-Msg-Id', `${jid}.web-01`);
  await mallory.connection.request(`zester.job.${jid}.return.mallory`, 'junk', { headers: stolen, timeout: 5_000 });

  const asked = await dispatch(bus, alice, { jid, target: 'web-01', function: 'test.ping' });
  await asked.done;

  assert.equal(asked.returns.get('web-01')?.value, true);
  assert.equal(asked.statuses.at(-1)?.state, 'complete');
});

test('a hostile peel cannot answer for another, nor join a job that does not target it', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  await using _victim = await testPeel(nats, { id: 'web-01', run: () => new Promise(() => {}) });
  const alice = nats.credentials.operator('alice');
  await using bus = await testBus(nats, alice, 'alice', false);
  await using mallory = await testBus(nats, nats.credentials.peel('mallory'), 'mallory');
  await until(() => master.master.fleet.size === 1, 'the victim is known');
  const asked = await dispatch(bus, alice, { target: '*', function: 'cmd.run', timeoutMs: 1_000 });
  const { jid = '' } = asked.reply;
  const forged = encode({ v: 1, jid, peel: 'web-01', status: 'done', success: true, startedAt: 0, ms: 0 });

  await assert.rejects(mallory.connection.request(`zester.job.${jid}.return.web-01`, forged, { timeout: 500 }));
  await mallory.connection.request(`zester.job.${jid}.return.mallory`, forged, { timeout: 5_000 });
  await asked.done;

  assert.equal(asked.returns.get('web-01')?.status, 'expired');
  assert.deepEqual(nats.permissionViolations(), [`publish "zester.job.${jid}.return.web-01" by "mallory"`]);
});
