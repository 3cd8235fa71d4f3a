import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { connect } from '@nats-io/transport-node';
import { newJid } from '#base/ids.ts';
import { silentLog } from '#base/log.ts';
import type { Bus } from '#bus/bus.ts';
import { systemAccount } from '#bus/system-account.ts';
import { returnOpener, storedJob } from '#cli/returns.ts';
import type { Session } from '#cli/session.ts';
import { watchCrowd } from '#master/enroll/crowd.ts';
import { createKey } from '#trust/nkeys.ts';
import { signFacts, signReturn } from '#trust/peel-signatures.ts';
import { subjectOf } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';
import { encode } from '#wire/codec.ts';
import type { Return } from '#wire/job.ts';
import { buckets, returnsStream } from '#wire/stores.ts';
import { dispatch, type TestMaster, testBus, testMaster, testPeel, until } from '../harness/fleet.ts';
import { type TestNats, testNats } from '../harness/nats.ts';
import type { Attack } from './attack.ts';

/** What the command line has of a session when it reads returns. */
function reader(bus: Bus): Session {
  return { ask: (channel: never, body: never) => bus.request(channel, {} as never, body) } as unknown as Session;
}

interface Scene extends AsyncDisposable {
  readonly nats: TestNats;
  readonly master: TestMaster;
  /** Of an operator. */
  readonly bus: Bus;
  /** A hostile peel with credentials of its own, and with the seed that signs for it. */
  readonly mallory: Bus;
  readonly seed: string;
}

/** Two honest peels and a hostile one, which is known with its facts but takes no orders. */
async function scene(): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  const nats = stack.use(await testNats({ refusals: true }));
  const master = stack.use(await testMaster(nats));
  for (const id of ['web-01', 'web-02']) stack.use(await testPeel(nats, { id }));
  const credentials = nats.credentials.peel('mallory');
  const mallory = stack.use(await testBus(nats, credentials, 'mallory'));
  const facts = { v: 1, facts: { id: 'mallory' }, version: 'x', collectedAt: 0 };
  mallory.publishBytes('$KV.facts.mallory', encode(signFacts('mallory', facts, credentials.seed)));
  await until(() => master.master.fleet.size === 3, 'all are known');
  const bus = stack.use(await testBus(nats, nats.credentials.operator(), 'admin', false));
  return { nats, master, bus, mallory, seed: credentials.seed, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

const whole = (jid: string, more: Partial<Return> = {}): Return => {
  return { v: 1, jid, peel: 'mallory', status: 'done', success: true, value: 'mine', startedAt: 0, ms: 0, ...more };
};

/** Asks everybody; the hostile peel stores what the attack says. Gives what an operator reads afterwards. */
async function readWith(
  { nats, bus, mallory }: Scene,
  store: (jid: string) => readonly (readonly [subject: string, payload: Uint8Array])[],
): Promise<ReadonlyMap<string, Return>> {
  const asked = await dispatch(nats, bus, nats.credentials.operator(), {
    target: '*',
    function: 'test.ping',
    timeoutMs: 8_000,
  });
  const jid = asked.reply.jid ?? '';
  for (const [subject, payload] of store(jid)) mallory.publishBytes(subject, payload);
  await until(async () => {
    const { job } = await bus.request(channels.jobReturns, {}, { jid });
    return job?.returned === 3;
  }, 'the three have returned');
  const { returns } = await storedJob(jid, reader(bus));
  return new Map(returns.map((each) => [each.peel, each]));
}

/** An attack in which a hostile peel answers badly: the others' answers are there, and its own is a refusal. */
function spoilsOnlyItself(name: string, code: string, payload: (jid: string, seed: string) => Uint8Array): Attack {
  return {
    promise: 'A3',
    name,
    quick: true,
    async run() {
      await using all = await scene();

      const returns = await readWith(all, (jid) => [
        [subjectOf(channels.return, { jid, peel: 'mallory' }), payload(jid, all.seed)],
      ]);

      assert.deepEqual([returns.get('web-01')?.value, returns.get('web-02')?.value], [true, true]);
      assert.deepEqual([returns.get('mallory')?.success, returns.get('mallory')?.error?.code], [false, code]);
    },
  };
}

const signed = (body: Uint8Array, jid: string, seed: string, peel = 'mallory') =>
  encode(signReturn(body, { jid, peel }, seed));

export const attacks: readonly Attack[] = [
  spoilsOnlyItself('a peel stores random bytes as its return', 'RETURN_MALFORMED', () => Buffer.from('\xc1junk')),
  spoilsOnlyItself('a peel stores nothing at all as its return', 'RETURN_MALFORMED', () => new Uint8Array()),
  spoilsOnlyItself('a peel signs its return with a key it was not enrolled with', 'RETURN_FORGED', (jid) =>
    signed(encode(whole(jid)), jid, createKey('user').seed),
  ),
  spoilsOnlyItself('a peel stores its answer to another job once more', 'RETURN_FORGED', (_, seed) => {
    const earlier = newJid();
    return signed(encode(whole(earlier)), earlier, seed);
  }),
  spoilsOnlyItself('a peel signs a return in the name of another', 'RETURN_MISPLACED', (jid, seed) =>
    signed(encode(whole(jid, { peel: 'web-01' })), jid, seed),
  ),
  spoilsOnlyItself('a peel claims a billion chunks', 'RETURN_MALFORMED', (jid, seed) => {
    const rest = { chunks: 1_000_000_000, bytes: 1, sha256: Buffer.alloc(32) };
    return signed(encode(whole(jid, { rest })), jid, seed);
  }),
  spoilsOnlyItself('a peel names chunks that it never stored', 'RETURN_DAMAGED', (jid, seed) => {
    const rest = { chunks: 3, bytes: 1_000, sha256: Buffer.alloc(32) };
    return signed(encode(whole(jid, { rest })), jid, seed);
  }),
  spoilsOnlyItself('a peel nests its return a thousand levels deep', 'RETURN_MALFORMED', (jid, seed) => {
    const body = Buffer.concat([Buffer.alloc(1_000, 0x91), Buffer.of(0xc0)]);
    return signed(body, jid, seed);
  }),
  {
    promise: 'A3',
    name: 'the chunks of a return overrule its signed status',
    quick: true,
    async run() {
      await using all = await scene();
      const chunk = encode({ value: 'fine', success: true, status: 'done', peel: 'web-01', error: null });
      const rest = { chunks: 1, bytes: chunk.length, sha256: createHash('sha256').update(chunk).digest() };

      const returns = await readWith(all, (jid) => [
        [subjectOf(channels.chunk, { jid, peel: 'mallory', index: '0' }), chunk],
        [
          subjectOf(channels.return, { jid, peel: 'mallory' }),
          signed(encode(whole(jid, { success: false, status: 'expired', value: undefined, rest })), jid, all.seed),
        ],
      ]);

      const { success, status, peel } = returns.get('mallory') as Return;
      assert.deepEqual([success, status, peel], [false, 'expired', 'mallory']);
      assert.equal(returns.get('web-01')?.value, true);
    },
  },
  {
    promise: 'A3',
    name: 'a broker stores a return in the name of a peel that has not answered',
    quick: true,
    async run() {
      await using nats = await testNats();
      await using master = await testMaster(nats);
      await using _peel = await testPeel(nats, { id: 'web-01', run: () => new Promise(() => {}) });
      await until(() => master.master.fleet.size === 1, 'the peel is known');
      await using bus = await testBus(nats, nats.credentials.operator(), 'admin', false);
      await using broker = await testBus(nats, nats.credentials.peel('web-01'), 'broker');
      const asked = await dispatch(nats, bus, nats.credentials.operator(), {
        target: 'web-01',
        function: 'cmd.run',
        timeoutMs: 20_000,
      });
      const jid = asked.reply.jid ?? '';
      const stranger = createKey('user').seed;
      const payload = signed(encode(whole(jid, { peel: 'web-01' })), jid, stranger, 'web-01');

      broker.publishBytes(subjectOf(channels.return, { jid, peel: 'web-01' }), payload);
      await until(async () => (await bus.request(channels.jobReturns, {}, { jid })).job?.returned === 1, 'it is seen');

      const open = returnOpener(jid, reader(bus));
      assert.equal((await open({ peel: 'web-01', payload })).error?.code, 'RETURN_FORGED');
      assert.equal((await bus.request(channels.jobReturns, {}, { jid })).job?.succeeded, 0);
    },
  },
  {
    promise: 'A3',
    name: 'facts in the name of another, unsigned or signed by a stranger, reach the index',
    quick: true,
    async run() {
      await using nats = await testNats();
      await using master = await testMaster(nats);
      await using _peel = await testPeel(nats, { id: 'web-01', facts: { id: 'web-01', role: 'web' } });
      await until(() => master.master.fleet.size === 1, 'the peel is known');
      await using broker = await testBus(nats, nats.credentials.peel('web-01'), 'broker');
      const lie = { v: 1, facts: { id: 'web-01', role: 'vault' }, version: 'x', collectedAt: 0 };
      let heard = 0;
      using _ = master.bus.watchKey(buckets.facts.name, '*', () => heard++);
      await master.bus.flush();

      for (const payload of [encode(lie), encode(signFacts('web-01', lie, createKey('user').seed)), Buffer.from('x')]) {
        broker.publishBytes('$KV.facts.web-01', payload);
      }
      await until(() => heard === 3, 'the master heard all of it');

      assert.deepEqual(master.master.fleet.resolve('G@role:vault'), []);
      assert.deepEqual(master.master.fleet.resolve('G@role:web'), ['web-01']);
    },
  },
  {
    promise: 'A7',
    name: 'a peel fills the store with returns of invented jobs',
    quick: false,
    async run() {
      await using all = await scene();
      const { master, mallory, bus, nats } = all;
      const { manager } = master.master.stores;
      const junk = Buffer.alloc(200_000, 7);

      for (let round = 0; round < 20; round++) {
        for (let each = 0; each < 20; each++) {
          mallory.publishBytes(subjectOf(channels.return, { jid: newJid(), peel: 'mallory' }), junk);
        }
        await mallory.flush();
      }

      await until(
        async () => (await manager.streams.info(returnsStream.name)).state.bytes < 1_000_000,
        'what nobody asked for is gone',
      );
      assert.deepEqual(master.master.sweep.flooding, ['mallory']);
      const asked = await dispatch(nats, bus, nats.credentials.operator(), { target: 'web*', function: 'test.ping' });
      await asked.done;
      assert.equal(asked.returns.size, 2);
    },
  },
  {
    promise: 'A7',
    name: 'a peel stores chunk after chunk under a job that asked it',
    quick: true,
    async run() {
      await using all = await scene();
      const { master, mallory, bus, nats } = all;
      const asked = await dispatch(nats, bus, nats.credentials.operator(), { target: '*', function: 'test.ping' });
      const jid = asked.reply.jid ?? '';

      for (let index = 0; index < 50; index++) {
        const subject = subjectOf(channels.chunk, { jid, peel: 'mallory', index: String(1_000 + index) });
        mallory.publishBytes(subject, Buffer.alloc(100_000));
      }
      const nonsense = subjectOf(channels.chunk, { jid, peel: 'mallory', index: 'NaN' });
      mallory.publishBytes(nonsense, Buffer.alloc(100_000));
      await mallory.flush();

      const { manager } = master.master.stores;
      const filter = subjectOf(channels.chunk, { jid, peel: 'mallory' });
      await until(async () => {
        const { state } = await manager.streams.info(returnsStream.name, { subjects_filter: filter });
        return Object.keys(state.subjects ?? {}).length === 0;
      }, 'no such chunk is left');
      await until(() => asked.returns.size === 2, 'the others have answered');
    },
  },
  {
    promise: 'A7',
    name: 'a peel opens thousands of subscriptions',
    quick: true,
    async run() {
      await using nats = await testNats({ refusals: true });
      await using mallory = await testBus(nats, nats.credentials.peel('mallory'), 'mallory');

      for (let each = 0; each < 500; each++) {
        mallory.connection.subscribe(`$KV.trust.key${each}`, { callback: () => {} });
      }
      await mallory.flush().catch(() => {});

      await until(() => /maximum subscriptions exceeded/i.test(nats.logs()), 'the server refuses');
    },
  },
  {
    promise: 'A7',
    name: 'a peel opens hundreds of connections',
    quick: true,
    async run() {
      await using nats = await testNats({ refusals: true });
      await using sys = await connect(nats.options(nats.credentials.sys));
      using crowd = watchCrowd({
        system: systemAccount(sys),
        accounts: Object.values(nats.auth.index.accounts),
        most: 3,
        log: silentLog,
      });
      await sys.flush();
      const credentials = nats.credentials.peel('mallory');
      const options = { ...nats.options(credentials), reconnect: false };

      const opened = await Promise.allSettled(Array.from({ length: 40 }, () => connect(options)));
      const open = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
      await until(() => open.filter((each) => !each.isClosed()).length <= 3, 'the surplus is cut');

      assert.equal(open.filter((each) => !each.isClosed()).length, 3);
      assert.ok(crowd.cut >= open.length - 3);
      await using _other = await connect(nats.options(nats.credentials.peel('web-01')));
      await Promise.all(open.map((each) => each.close()));
    },
  },
];
