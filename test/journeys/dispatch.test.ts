import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { encodeRecord, packPeels } from '#master/jobs/record.ts';
import { currentJobKey } from '#trust/auth-dir.ts';
import { signKillRequest, signOrder, signRequest } from '#trust/orders.ts';
import { joinRest } from '#trust/peel-signatures.ts';
import { channels } from '#wire/channels.ts';
import { encode } from '#wire/codec.ts';
import type { JobRecord, Return } from '#wire/job.ts';
import { buckets } from '#wire/stores.ts';
import { dispatch, jobRequest, testBus, testMaster, testPeel, until } from '../harness/fleet.ts';
import { testNats } from '../harness/nats.ts';

test('a job reaches every peel it targets, and its returns are stored before they are seen', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  await using web1 = await testPeel(nats, { id: 'web-01', facts: { os: { family: 'debian' } } });
  await using web2 = await testPeel(nats, { id: 'web-02', facts: { os: { family: 'debian' } } });
  await using _db = await testPeel(nats, { id: 'db-01', facts: { os: { family: 'rhel' } } });
  const alice = nats.credentials.operator('alice');
  await using bus = await testBus(nats, alice, 'alice', false);
  await until(() => master.master.fleet.size === 3, 'the facts of three peels are known');

  const asked = await dispatch(nats, bus, alice, {
    target: 'G@os.family:debian and not web-02',
    function: 'test.ping',
  });
  await asked.done;
  const all = await dispatch(nats, bus, alice, { target: 'web*', function: 'cmd.run', id: 'uptime' });
  await all.done;

  assert.deepEqual(asked.reply.peels, [web1.id]);
  assert.equal(asked.returns.get('web-01')?.value, true);
  assert.deepEqual([...all.returns.keys()].sort(), [web1.id, web2.id]);
  assert.equal(all.statuses.at(-1)?.state, 'complete');
  assert.deepEqual(nats.permissionViolations(), []);
});

test('a peel that is offline is named in seconds, and the job waits for it until its deadline', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  const gone = await testPeel(nats, { id: 'web-01' });
  await using _there = await testPeel(nats, { id: 'web-02' });
  const alice = nats.credentials.operator('alice');
  await using bus = await testBus(nats, alice, 'alice', false);
  await until(() => master.master.fleet.size === 2 && master.master.presence.online === 2, 'both peels are known');
  await gone[Symbol.asyncDispose]();
  await until(() => !master.master.presence.isOnline('web-01'), 'the peel that said goodbye is offline');

  const asked = await dispatch(nats, bus, alice, { target: '*', function: 'test.ping', timeoutMs: 4_000 });
  await until(() => asked.statuses.length > 0, 'the missing peel is named');
  const named = asked.statuses[0];
  await asked.done;

  assert.deepEqual(asked.reply.offline, ['web-01']);
  assert.deepEqual([named?.state, named?.unreachable], ['running', ['web-01']]);
  assert.equal(asked.statuses.at(-1)?.state, 'partial');
  assert.deepEqual([...asked.returns.keys()], ['web-02']);
});

test('a target that matches nothing is refused, and no job is made', async () => {
  await using nats = await testNats();
  await using _master = await testMaster(nats);
  const alice = nats.credentials.operator('alice');
  await using bus = await testBus(nats, alice, 'alice', false);

  const { reply } = await dispatch(nats, bus, alice, { target: 'nobody*', function: 'test.ping' });

  assert.equal(reply.error?.code, 'TARGET_EMPTY');
  assert.deepEqual(await bus.request(channels.jobs, {}, {}), { jobs: [] });
});

test('one job submitted twice runs once, and another under its id is refused', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  let runs = 0;
  await using _peel = await testPeel(nats, {
    id: 'web-01',
    run: async () => {
      runs++;
      return { success: true };
    },
  });
  const alice = nats.credentials.operator('alice');
  await using bus = await testBus(nats, alice, 'alice', false);
  await until(() => master.master.fleet.size === 1, 'the peel is known');
  const request = jobRequest({ target: '*', function: 'cmd.run', id: 'date' });
  const signed = signRequest(request, alice);

  const first = await bus.request(channels.dispatch, {}, signed);
  const again = await bus.request(channels.dispatch, {}, signed);
  const other = await bus.request(channels.dispatch, {}, signRequest({ ...request, id: 'reboot' }, alice));
  await until(
    async () => (await bus.request(channels.jobs, {}, {})).jobs?.[0]?.state === 'complete',
    'the job is complete',
  );

  assert.equal(first.jid, request.jid);
  assert.equal(again.jid, request.jid);
  assert.equal(other.error?.code, 'JID_CONFLICT');
  assert.equal(runs, 1);
});

test('a tampered order is refused by the peel, and so is one for another peel', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  await using peel = await testPeel(nats, { id: 'web-01' });
  const alice = nats.credentials.operator('alice');
  const request = jobRequest({ target: 'web-01', function: 'test.ping' });
  const order = signOrder(
    {
      request: signRequest(request, alice),
      operator: 'alice',
      issuedAt: Date.now(),
      deadline: Date.now() + 10_000,
      epoch: 1,
      peels: ['web-02'],
    },
    currentJobKey(nats.auth, Date.now()),
  ).for(0);
  const flipped = { ...order, order: order.order.map((byte, index) => (index === 20 ? byte ^ 1 : byte)) };

  master.bus.publish(channels.command, { peel: 'web-01' }, flipped);
  master.bus.publish(channels.command, { peel: 'web-01' }, order);
  await until(() => peel.peel.inbox.counts.refused === 2, 'both are refused');

  assert.equal(peel.peel.inbox.counts.accepted, 0);
});

test('an order that comes again is not run again, in this life of the peel or the next', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  const dataDir = mkdtempSync(join(tmpdir(), 'zester-peel-'));
  let runs = 0;
  const run = async () => {
    runs++;
    return { success: true };
  };
  const alice = nats.credentials.operator('alice');
  const order = signOrder(
    {
      request: signRequest(jobRequest({ target: 'web-01', function: 'cmd.run' }), alice),
      operator: 'alice',
      issuedAt: Date.now(),
      deadline: Date.now() + 10_000,
      epoch: 1,
      peels: ['web-01'],
    },
    currentJobKey(nats.auth, Date.now()),
  ).for(0);

  const first = await testPeel(nats, { id: 'web-01', dataDir, run });
  master.bus.publish(channels.command, { peel: 'web-01' }, order);
  master.bus.publish(channels.command, { peel: 'web-01' }, order);
  await until(() => first.peel.inbox.counts.duplicates === 1, 'the second is known');
  await first[Symbol.asyncDispose]();
  await using second = await testPeel(nats, { id: 'web-01', dataDir, run });
  master.bus.publish(channels.command, { peel: 'web-01' }, order);
  await until(() => second.peel.inbox.counts.duplicates === 1, 'the third is known');

  assert.equal(runs, 1);
  rmSync(dataDir, { recursive: true });
});

test('a job past its deadline is stopped on the peel, and says so', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  await using _peel = await testPeel(nats, { id: 'web-01', run: () => new Promise(() => {}) });
  const alice = nats.credentials.operator('alice');
  await using bus = await testBus(nats, alice, 'alice', false);
  await until(() => master.master.fleet.size === 1, 'the peel is known');

  const asked = await dispatch(nats, bus, alice, { target: '*', function: 'cmd.run', timeoutMs: 150 });
  await asked.done;

  assert.equal(asked.returns.get('web-01')?.status, 'expired');
  assert.equal(asked.statuses.at(-1)?.state, 'failed');
});

test('a kill reaches running work, is recorded, and a second one says that the job has ended', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  await using peel = await testPeel(nats, { id: 'web-01', run: () => new Promise(() => {}) });
  const alice = nats.credentials.operator('alice');
  await using bus = await testBus(nats, alice, 'alice', false);
  await until(() => master.master.fleet.size === 1, 'the peel is known');
  const asked = await dispatch(nats, bus, alice, { target: '*', function: 'cmd.run' });
  await until(() => peel.peel.inbox.busy === 1, 'the job runs');
  const kill = signKillRequest({ v: 1, jid: asked.reply.jid ?? '', issuedAt: Date.now() }, alice);

  const killed = await bus.request(channels.jobKill, {}, kill);
  const again = await bus.request(channels.jobKill, {}, kill);
  await asked.done;

  assert.deepEqual(killed.stopped, ['web-01']);
  assert.equal(again.error?.code, 'JOB_ENDED');
  const { jobs } = await bus.request(channels.jobs, {}, {});
  assert.equal(jobs?.[0]?.state, 'killed');
  assert.equal(jobs?.[0]?.killedBy, 'alice');
});

test('a peel that dies while it works reports the interruption when it is back', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  const dataDir = mkdtempSync(join(tmpdir(), 'zester-peel-'));
  const first = await testPeel(nats, { id: 'web-01', dataDir, run: () => new Promise(() => {}) });
  const alice = nats.credentials.operator('alice');
  await using bus = await testBus(nats, alice, 'alice', false);
  await until(() => master.master.fleet.size === 1, 'the peel is known');
  const asked = await dispatch(nats, bus, alice, { target: '*', function: 'cmd.run' });
  await until(() => first.peel.inbox.busy === 1, 'the job runs');

  await first.crash();
  await using _second = await testPeel(nats, { id: 'web-01', dataDir });
  await asked.done;

  assert.equal(asked.returns.get('web-01')?.status, 'interrupted');
  assert.equal(asked.returns.get('web-01')?.error?.code, 'JOB_INTERRUPTED');
  rmSync(dataDir, { recursive: true });
});

test('NATS killed while a job runs costs nothing: the return arrives when it is back', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  let finish: (() => void) | undefined;
  await using peel = await testPeel(nats, {
    id: 'web-01',
    run: () => new Promise((resolve) => (finish = () => resolve({ success: true, value: 'survived' }))),
  });
  const alice = nats.credentials.operator('alice');
  await using bus = await testBus(nats, alice, 'alice');
  await until(() => master.master.fleet.size === 1, 'the peel is known');
  const asked = await dispatch(nats, bus, alice, { target: '*', function: 'cmd.run' });
  await until(() => finish !== undefined, 'the job runs');

  await nats.kill();
  await until(() => peel.bus.state === 'disconnected', 'the peel noticed');
  finish?.();
  await until(() => peel.peel.inbox.busy === 0, 'the work is done while nobody listens');
  await nats.restart();
  await asked.done;

  assert.equal(asked.returns.get('web-01')?.value, 'survived');
  await until(
    async () => (await bus.request(channels.jobs, {}, {})).jobs?.[0]?.state === 'complete',
    'the job is complete',
  );
});

test('a master killed while a job runs is replaced by another, which finishes the job', async () => {
  await using nats = await testNats();
  const first = await testMaster(nats);
  let finish: (() => void) | undefined;
  await using _peel = await testPeel(nats, {
    id: 'web-01',
    run: () => new Promise((resolve) => (finish = () => resolve({ success: true }))),
  });
  const alice = nats.credentials.operator('alice');
  await using bus = await testBus(nats, alice, 'alice', false);
  await until(() => first.master.fleet.size === 1, 'the peel is known');
  const asked = await dispatch(nats, bus, alice, { target: '*', function: 'cmd.run' });
  await until(() => finish !== undefined, 'the job runs');

  await first.bus.connection.close();
  await first.master[Symbol.asyncDispose]();
  await using _second = await testMaster(nats);
  finish?.();
  await asked.done;

  assert.equal(asked.statuses.at(-1)?.state, 'complete');
});

test('a return of several megabytes arrives whole', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  const large = 'zest '.repeat(500_000);
  await using _peel = await testPeel(nats, { id: 'web-01', run: async () => ({ success: true, value: large }) });
  const alice = nats.credentials.operator('alice');
  await using bus = await testBus(nats, alice, 'alice', false);
  await until(() => master.master.fleet.size === 1, 'the peel is known');

  const asked = await dispatch(nats, bus, alice, { target: '*', function: 'cmd.run' });
  await asked.done;
  const { jid = '' } = asked.reply;
  const parts: Uint8Array[] = [];
  const head = asked.returns.get('web-01') as Return;
  for (let index = 0; index < (head.rest?.chunks ?? 0); index++) {
    const { chunk } = await bus.request(channels.jobChunk, {}, { jid, peel: 'web-01', index });
    if (chunk) parts.push(chunk);
  }

  assert.equal(parts.length > 1, true);
  assert.deepEqual(joinRest(head, parts), { value: large });
});

test('somebody without an operator’s credentials starts nothing', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  await using peel = await testPeel(nats, { id: 'web-01' });
  const mallory = nats.credentials.peel('mallory');
  // Mallory has stolen a connection that may ask, but no operator's key.
  await using bus = await testBus(nats, nats.credentials.operator('alice'), 'alice', false);
  await until(() => master.master.fleet.size === 1, 'the peel is known');

  const { reply } = await dispatch(nats, bus, mallory, { target: '*', function: 'cmd.run' });

  assert.equal(reply.error?.code, 'OPERATOR_UNKNOWN');
  assert.equal(peel.peel.inbox.counts.accepted, 0);
});

test('a job whose master died before another could read its record is found by that one all the same', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  await using _peel = await testPeel(nats, { id: 'web-01' });
  const alice = nats.credentials.operator('alice');
  await using bus = await testBus(nats, alice, 'alice', false);
  await until(() => master.master.fleet.size === 1, 'the peel is known');
  const request = jobRequest({ target: 'web-01', function: 'cmd.run' });
  const { jid, target, test: planned, timeoutMs } = request;
  const now = Date.now();
  const record: JobRecord = {
    ...{ v: 1, jid, ...signRequest(request, alice), operator: 'alice', function: request.function, target },
    ...{ test: planned, peels: packPeels(['web-01']), targets: 1, created: now, deadline: now + timeoutMs },
    ...{ state: 'running', owner: 'a-master-that-died' },
  };
  const [jobs, active] = [master.master.stores.kv(buckets.jobs), master.master.stores.kv(buckets.activeJobs)];

  await active.put(jid, encode({ owner: record.owner }));
  // What the master says in between, it says after it looked for the record in vain.
  await bus.request(channels.ping, {}, {});
  await jobs.create(jid, encodeRecord(record));

  const state = async () => (await bus.request(channels.jobReturns, {}, { jid })).job?.state;
  await until(async () => (await state()) === 'complete', 'the job is sent, and complete', 15_000);
});
