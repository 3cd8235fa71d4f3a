import assert from 'node:assert/strict';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { newJid } from '#base/ids.ts';
import type { Bus } from '#bus/bus.ts';
import { encodeRecord, packPeels } from '#master/jobs/record.ts';
import { signRequest } from '#trust/orders.ts';
import { channels } from '#wire/channels.ts';
import { decode, encode } from '#wire/codec.ts';
import type { JobRecord, JobRequest, SignedRequest } from '#wire/job.ts';
import { buckets, returnsStream } from '#wire/stores.ts';
import { dispatch, jobRequest, testBus, testMaster, testPeel, until } from '../harness/fleet.ts';
import { type TestNats, testNats } from '../harness/nats.ts';
import type { Attack } from './attack.ts';
import { jobOf, untilJob, wipe } from './support/night.ts';

/** What is kept in memory may be lost at any time. */
const kept = Object.values(buckets).filter(({ storage }) => storage !== 'memory');
const stores = [...kept.map(({ name }) => name), returnsStream.name];
const streamOf = (store: string) => (store === returnsStream.name ? store : `KV_${store}`);

/** A job that was open before, and one after it: both end as they should, and operators are told what was lost. */
async function survives(nats: TestNats, lost: readonly string[], take: () => Promise<void>): Promise<void> {
  await using master = await testMaster(nats);
  let finish: (() => void) | undefined;
  await using peel = await testPeel(nats, {
    id: 'web-01',
    heartbeatMs: 300,
    run: ({ id }) =>
      id === 'long'
        ? new Promise((resolve) => (finish = () => resolve({ success: true })))
        : Promise.resolve({ success: true }),
  });
  const alice = nats.credentials.operator('alice');
  await using bus = await testBus(nats, alice, 'alice');
  await until(() => master.master.fleet.size === 1 && master.master.presence.online === 1, 'the peel is known');
  const open = await dispatch(nats, bus, alice, { target: '*', function: 'cmd.run', id: 'long', timeoutMs: 60_000 });
  await until(() => peel.peel.inbox.busy === 1 && finish !== undefined, 'the job runs');

  await take();
  await until(
    () => lost.every((store) => told(master.master.keeper.recreated).includes(store)),
    'the loss is noticed',
    20_000,
  );
  await until(() => peel.bus.state === 'connected' && bus.state === 'connected', 'all are back', 20_000);
  finish?.();
  const job = await untilJob(bus, open.reply.jid ?? '', ({ state }) => state !== 'running', 30_000);
  const next = await dispatch(nats, bus, alice, { target: 'web-01', function: 'cmd.run', id: 'short' });
  await next.done;
  await until(() => master.master.fleet.lost === 0, 'the facts are published again', 30_000);
  const ping = await bus.request(channels.ping, {}, {});

  assert.deepEqual([job.state, job.returned], ['complete', 1]);
  assert.equal(next.returns.get('web-01')?.success, true);
  assert.equal(master.master.keeper.check().status, 'degraded');
  assert.deepEqual(
    lost.filter((store) => !told(ping.recreated ?? []).includes(store)),
    [],
  );
  // A master that starts now finds the fleet as it was.
  await using second = await testMaster(nats);
  await until(() => second.master.fleet.size === 1, 'another master knows the peel');
}

function told(recreated: readonly { readonly store: string }[]): readonly string[] {
  return recreated.map(({ store }) => store);
}

/** A stream that holds no more than it does, until it is given room again. */
async function fill(nats: TestNats, store: string) {
  const connection = await connect(nats.options(nats.credentials.master));
  const manager = await jetstreamManager(connection, { checkAPI: false });
  await manager.streams.update(streamOf(store), { max_bytes: 1 });
  return {
    async makeRoom() {
      await manager.streams.update(streamOf(store), { max_bytes: -1 });
    },
    [Symbol.asyncDispose]: () => connection.close(),
  };
}

const wiped = stores.map(
  (store): Attack => ({
    promise: 'B15',
    name: `the store "${store}" is lost while masters and peels go on`,
    quick: store === buckets.activeJobs.name,
    async run() {
      await using nats = await testNats();
      await survives(nats, [store], () => wipe(nats, [streamOf(store)]));
    },
  }),
);

const full = [buckets.jobs.name, buckets.activeJobs.name].map(
  (store): Attack => ({
    promise: 'B15',
    name: `the store "${store}" is full when a job is asked for`,
    quick: true,
    async run() {
      await using nats = await testNats();
      await using master = await testMaster(nats);
      let runs = 0;
      await using _peel = await testPeel(nats, { id: 'web-01', run: async () => ({ success: ++runs > 0 }) });
      const alice = nats.credentials.operator('alice');
      await using bus = await testBus(nats, alice, 'alice');
      await until(() => master.master.presence.online === 1, 'the peel is there');
      const request = jobRequest({ target: '*', function: 'cmd.run' });
      const signed = signRequest(request, alice);
      await using filled = await fill(nats, store);

      const refused = await bus.request(channels.dispatch, {}, signed);
      const listed = await bus.request(channels.jobs, {}, {});
      const health = master.master.keeper.check();
      await filled.makeRoom();
      const accepted = await bus.request(channels.dispatch, {}, signed);
      const job = await untilJob(bus, request.jid, ({ state }) => state !== 'running');

      assert.deepEqual([refused.error?.family, refused.error?.code], ['unreachable', 'STORE_FULL']);
      assert.match(refused.error?.hint ?? '', /more room/);
      assert.deepEqual(listed.jobs, [], 'a refused job is listed');
      assert.equal(health.status, 'degraded');
      assert.equal(accepted.error, undefined);
      assert.deepEqual([job.state, runs], ['complete', 1]);
    },
  }),
);

export const attacks: readonly Attack[] = [
  ...wiped,
  ...full,
  {
    promise: 'B15',
    name: 'the whole of JetStream is lost while masters and peels go on',
    quick: false,
    async run() {
      await using nats = await testNats();
      await survives(nats, stores, () => wipe(nats, 'all'));
    },
  },
  {
    promise: 'B15',
    name: 'the stream of returns is full when a peel answers',
    quick: false,
    async run() {
      await using nats = await testNats();
      await using master = await testMaster(nats);
      await using _peel = await testPeel(nats, { id: 'web-01' });
      const alice = nats.credentials.operator('alice');
      await using bus = await testBus(nats, alice, 'alice');
      await until(() => master.master.presence.online === 1, 'the peel is there');
      await using filled = await fill(nats, returnsStream.name);

      const { reply } = await dispatch(nats, bus, alice, { target: '*', function: 'cmd.run', timeoutMs: 60_000 });
      const jid = reply.jid ?? '';
      await stays(bus, jid);
      await filled.makeRoom();
      const job = await untilJob(bus, jid, ({ state }) => state !== 'running', 40_000);

      assert.deepEqual([job.state, job.returned], ['complete', 1]);
    },
  },
  {
    promise: 'B15',
    name: 'a submit is cut in two: one record without its place on the list, one place without its record',
    quick: true,
    async run() {
      await using nats = await testNats();
      const first = await testMaster(nats);
      let runs = 0;
      await using _peel = await testPeel(nats, { id: 'web-01', run: async () => ({ success: ++runs > 0 }) });
      const alice = nats.credentials.operator('alice');
      await using bus = await testBus(nats, alice, 'alice');
      await until(() => first.master.presence.online === 1, 'the peel is there');
      const [cut, lost] = [jobRequest({ target: '*', function: 'cmd.run' }), newJid()];
      const { stores: kept } = first.master;
      await kept.kv(buckets.jobs).create(cut.jid, encodeRecord(recordOf(cut, signRequest(cut, alice))));
      await kept.kv(buckets.activeJobs).put(lost, encode({ owner: 'gone' }));
      await first[Symbol.asyncDispose]();
      await using _second = await testMaster(nats);

      const job = await untilJob(bus, cut.jid, ({ state }) => state !== 'running');
      const { jobs = [] } = await bus.request(channels.jobs, {}, {});

      assert.deepEqual([job.state, runs], ['complete', 1]);
      assert.deepEqual(
        jobs.map(({ jid }) => jid),
        [cut.jid],
      );
    },
  },
  {
    promise: 'B15',
    name: 'every question is asked in bytes that mean nothing, and in shapes that do not fit',
    quick: true,
    async run() {
      await using nats = await testNats();
      await using _master = await testMaster(nats);
      const alice = nats.credentials.operator('alice');
      await using bus = await testBus(nats, alice, 'alice');
      const questions = [channels.dispatch, channels.resolve, channels.jobs, channels.jobReturns, channels.jobChunk];
      const more = [channels.jobKill, channels.peels, channels.peel];
      const bodies = [
        Buffer.from('\xff\xff garbage'),
        encode({ jid: 7, target: [], peel: {}, limit: 'x' }),
        encode(null),
      ];

      for (const { pattern } of [...questions, ...more]) {
        for (const body of bodies) {
          const { data } = await bus.connection.request(pattern, body, { timeout: 5_000 });
          const { error } = decode(data) as { error?: { family: string; code: string } };
          assert.notEqual(error?.family, 'bug', `${pattern} calls it a bug: ${error?.code}`);
        }
      }
      assert.equal((await bus.request(channels.ping, {}, {})).peels, 0);
    },
  },
];

/** As the master wrote it that died then. */
function recordOf(request: JobRequest, signed: SignedRequest): JobRecord {
  const { jid, function: called, target, test, timeoutMs } = request;
  const now = Date.now();
  return {
    v: 1,
    jid,
    ...signed,
    operator: 'alice',
    function: called,
    target,
    test,
    peels: packPeels(['web-01']),
    targets: 1,
    created: now,
    deadline: now + timeoutMs,
    state: 'running',
    owner: 'gone',
  };
}

/** For as long as the store has no room, the job is open. */
async function stays(bus: Bus, jid: string): Promise<void> {
  const since = Date.now();
  await until(async () => {
    assert.equal((await jobOf(bus, jid)).state, 'running');
    return Date.now() - since > 4_000;
  }, 'the store was full for some seconds');
}
