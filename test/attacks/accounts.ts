import assert from 'node:assert/strict';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/nats-core';
import { connect } from '@nats-io/transport-node';
import { newJid } from '#base/ids.ts';
import { grantsOf, inboxPrefix } from '#trust/grants.ts';
import { readUserJwt } from '#trust/jwt.ts';
import { subjectOf } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';
import { encode } from '#wire/codec.ts';
import { buckets, keptSubject, returnsStream } from '#wire/stores.ts';
import { dispatch, testBus, testMaster, testPeel, until } from '../harness/fleet.ts';
import { type TestNats, testNats } from '../harness/nats.ts';
import type { Attack } from './attack.ts';

const jid = newJid();
const victim = 'web-01';

/** Where an answer of the server's would do harm. */
function targets(operatorKey: string): readonly string[] {
  return [
    ...Object.values(buckets).map(({ name }) => `$KV.${name}.${victim}`),
    `$KV.jobs.${jid}`,
    `$KV.jobs-active.${jid}`,
    `$KV.enrollments.enr-${jid}`,
    `$KV.enrollments.peel-${victim}`,
    '$KV.state-files.root',
    '$KV.trust.bundle',
    subjectOf(channels.return, { jid, peel: victim }),
    subjectOf(channels.chunk, { jid, peel: victim, index: '0' }),
    subjectOf(channels.returned, { jid, peel: victim }),
    subjectOf(channels.heartbeat, { peel: victim }),
    subjectOf(channels.ack, { jid, peel: victim }),
    subjectOf(channels.progress, { jid, peel: victim }),
    subjectOf(channels.status, { jid }),
    'zester.dispatch',
    'zester.enroll-decide',
    'zester.master.forged',
    '$JS.API.STREAM.PURGE.KV_jobs',
    '$JS.API.STREAM.DELETE.KV_jobs',
    '$SYS.REQ.CLAIMS.UPDATE',
    `${inboxPrefix(operatorKey)}.x`,
  ];
}

/** Everything a peel may send, as its grants have it. */
function sendable(peel: string): readonly string[] {
  return grantsOf('peel').publish.map((subject) => subject.replaceAll('{{name()}}', peel).replaceAll('*', 'x'));
}

/** What the stores hold, but for what the hostile peel may write itself. */
async function held(manager: JetStreamManager, hostile: string): Promise<unknown> {
  const streams: Record<string, unknown> = {};
  const names = [...Object.values(buckets).map(({ name }) => `KV_${name}`), returnsStream.name];
  for (const name of names) {
    const { state } = await manager.streams.info(name, { subjects_filter: '>' });
    const others = Object.entries(state.subjects ?? {}).filter(([subject]) => !subject.split('.').includes(hostile));
    streams[name] = Object.fromEntries(others.sort());
  }
  return streams;
}

/** Streams take what they are sent in order: once they republished our last word, all that came before is dealt with. */
async function settled({ mallory }: Scene): Promise<void> {
  const address = { jid: newJid(), peel: 'mallory' };
  const words = [
    ['$KV.facts.mallory', keptSubject(buckets.facts, 'mallory')],
    [subjectOf(channels.return, address), subjectOf(channels.returned, address)],
  ] as const;
  for (const [subject, told] of words) {
    let heard = false;
    const mark = newJid();
    const marked = headers();
    marked.set('Mark', mark);
    mallory.subscribe(told, {
      callback: (_, { headers: stored }) => {
        if (stored?.get('Mark') === mark) heard = true;
      },
    });
    mallory.publish(subject, encode({ last: true }), { headers: marked });
    await until(() => heard, `${subject} is stored`);
  }
}

interface Scene extends AsyncDisposable {
  readonly nats: TestNats;
  readonly mallory: NatsConnection;
  readonly manager: JetStreamManager;
}

/** A fleet at rest, one peel of it hostile: it has real credentials, and sends whatever it likes. */
async function scene(): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  const nats = stack.use(await testNats({ refusals: true }));
  const { master } = stack.use(await testMaster(nats));
  stack.use(await testPeel(nats, { id: victim }));
  await until(() => master.fleet.size === 1, 'the victim is known');
  await until(async () => (await master.stores.kv(buckets.presence).get(victim)) !== null, 'the victim is present');
  const mallory = await connect(nats.options(nats.credentials.peel('mallory')));
  stack.defer(() => mallory.close());
  const { manager } = master.stores;
  return { nats, mallory, manager, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

export const attacks: readonly Attack[] = [
  {
    promise: 'A2',
    name: 'a peel names stores, other peels and the API as the reply of everything it may send',
    quick: true,
    async run() {
      await using all = await scene();
      const { nats, mallory, manager } = all;
      const operator = readUserJwt(nats.credentials.operator().jwt).key;
      const before = await held(manager, 'mallory');

      for (const subject of sendable('mallory')) {
        for (const reply of targets(operator)) mallory.publish(subject, encode({ v: 1 }), { reply });
      }
      await mallory.flush();
      await settled(all);

      assert.deepEqual(await held(manager, 'mallory'), before);
    },
  },
  {
    promise: 'A2',
    name: 'a peel has an answer delivered to masters and operators as the word of another',
    quick: true,
    async run() {
      await using all = await scene();
      const { nats, mallory } = all;
      await using spy = await connect(nats.options(nats.credentials.master));
      const heard: string[] = [];
      const stores = Object.values(buckets).map(({ name }) => `$KV.${name}.*`);
      const spied = [channels.ack, channels.returned, channels.status].map((each) => subjectOf(each));
      for (const subject of [...spied, 'zester.master.*', 'zester.dispatch', ...stores]) {
        spy.subscribe(subject, {
          callback: (error, message) => void heard.push(error === null ? message.subject : `refused: ${subject}`),
        });
      }
      await spy.flush();
      const operator = readUserJwt(nats.credentials.operator().jwt).key;

      for (const subject of sendable('mallory').filter((each) => each.startsWith('$JS.API'))) {
        for (const reply of targets(operator)) mallory.publish(subject, '', { reply });
      }
      await mallory.flush();
      await spy.flush();

      assert.deepEqual(
        heard.filter((subject) => !subject.startsWith('zester.master.')),
        [],
      );
    },
  },
  {
    promise: 'A2',
    name: 'a peel has the trace of a message written where it may not publish',
    quick: true,
    async run() {
      await using all = await scene();
      const { mallory, manager } = all;
      const before = await held(manager, 'mallory');
      for (const reply of [`$KV.presence.${victim}`, subjectOf(channels.return, { jid, peel: victim })]) {
        const traced = headers();
        traced.set('Nats-Trace-Dest', reply);
        mallory.publish('$KV.facts.mallory', encode({ v: 1 }), { headers: traced });
      }
      await settled(all);

      assert.deepEqual(await held(manager, 'mallory'), before);
    },
  },
  {
    promise: 'A2',
    name: 'a peel tells another that its return is stored when it is not',
    quick: false,
    async run() {
      await using nats = await testNats({ refusals: true });
      await using master = await testMaster(nats);
      await using _victim = await testPeel(nats, { id: victim });
      const alice = nats.credentials.operator('alice');
      await using bus = await testBus(nats, alice, 'alice', false);
      await using mallory = await connect(nats.options(nats.credentials.peel('mallory')));
      await until(() => master.master.fleet.size === 1, 'the victim is known');
      const { manager } = master.master.stores;
      const own = subjectOf(channels.return, { jid, peel: 'mallory' });
      mallory.publish(own, 'junk');
      await until(async () => (await manager.streams.info(returnsStream.name)).state.messages === 1, 'it is stored');
      await manager.streams.update(returnsStream.name, { max_msgs: 1 });

      const asked = await dispatch(nats, bus, alice, { target: victim, function: 'test.ping' });
      const told = subjectOf(channels.returned, { jid: asked.reply.jid ?? '', peel: victim });
      for (let round = 0; round < 50; round++) {
        mallory.publish(`$JS.API.DIRECT.GET.${returnsStream.name}.${own}`, '', { reply: told });
        await mallory.flush();
      }
      await manager.streams.update(returnsStream.name, { max_msgs: -1 });

      await asked.done;
      assert.equal(asked.returns.get(victim)?.success, true);
    },
  },
  {
    promise: 'A2',
    name: 'a peel tells another that its facts are kept when they are not',
    quick: true,
    async run() {
      await using nats = await testNats({ refusals: true });
      await using _master = await testMaster(nats);
      await using mallory = await connect(nats.options(nats.credentials.peel('mallory')));
      await using bus = await testBus(nats, nats.credentials.peel(victim), victim);
      const facts = buckets.facts;
      const away = '$KV.facts-volatile.web-01';

      const keeping = bus.publishKept(away, new Uint8Array(), keptSubject(facts, victim), { timeoutMs: 500 });
      for (let round = 0; round < 20; round++) {
        mallory.publish('$JS.API.DIRECT.GET.KV_trust.$KV.trust.bundle', '', { reply: keptSubject(facts, victim) });
        await mallory.flush();
      }

      await assert.rejects(keeping, { code: 'STORE_SILENT' });
    },
  },
  {
    promise: 'A2',
    name: 'a peel asks for JetStream in the account it is in',
    quick: true,
    async run() {
      await using nats = await testNats({ refusals: true });
      await using mallory = await connect(nats.options(nats.credentials.peel('mallory')));
      const manager = await jetstreamManager(mallory, { checkAPI: false, timeout: 300 });

      await assert.rejects(manager.streams.add({ name: 'MINE', subjects: ['mine.>'] }));
      await assert.rejects(manager.streams.names().next());
      await assert.rejects(manager.streams.info(returnsStream.name));
    },
  },
];
