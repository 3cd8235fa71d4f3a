import assert from 'node:assert/strict';
import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { createEnrollmentPages } from '#master/enroll/replies.ts';
import { enroll } from '#peel/enroll/enroll.ts';
import { signDecision } from '#trust/orders.ts';
import { channels } from '#wire/channels.ts';
import { encode } from '#wire/codec.ts';
import { buckets } from '#wire/stores.ts';
import { testEnrollment } from '../harness/enrollment.ts';
import { testBus, until } from '../harness/fleet.ts';
import type { Attack } from './attack.ts';
import { answers, liar, scene, seeded } from './support/bounds.ts';

/** What a request may carry instead of what it should. */
function hostileBodies(random: (below: number) => number): Uint8Array[] {
  const values: readonly unknown[] = [
    null,
    -1,
    0,
    1e9,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    '',
    'x'.repeat(300_000),
    '\u0000\u001b[2J',
    '*',
    '>',
    '../..',
    '('.repeat(20_000),
    `${'not '.repeat(20_000)}*`,
    'G@'.repeat(1_000),
    [],
    new Array(5_000).fill('a'),
    {},
    { constructor: { prototype: 1 } },
    new Uint8Array(1_000),
    true,
  ];
  const keys = [
    'jid',
    'peel',
    'peels',
    'target',
    'limit',
    'after',
    'before',
    'state',
    'id',
    'index',
    'part',
    'request',
  ];
  const bodies: Uint8Array[] = [
    new Uint8Array(0),
    Buffer.concat([Buffer.alloc(1_000, 0x91), Buffer.of(0xc0)]),
    Buffer.concat([Buffer.of(0x81, 0xa9), Buffer.from('__proto__'), Buffer.of(0x80)]),
    Uint8Array.of(0xdf, 0xff, 0xff, 0xff, 0xff),
    Uint8Array.of(0xdd, 0x00, 0x0f, 0xff, 0xff),
    new Uint8Array(900_000),
    encode(Object.fromEntries(Array.from({ length: 20_000 }, (_, at) => [`k${at}`, at]))),
  ];
  for (const value of values) {
    bodies.push(encode(value));
    bodies.push(encode(Object.fromEntries(keys.map((name) => [name, value]))));
  }
  for (let round = 0; round < 120; round++) {
    const body: Record<string, unknown> = {};
    for (let at = 0; at < 1 + random(6); at++)
      body[keys[random(keys.length)] as string] = values[random(values.length)];
    const bytes = encode(body);
    // Some are broken on the way as well.
    if (round % 3 === 0 && bytes.length > 0) bytes[random(Math.min(bytes.length, 64))] = random(256);
    bodies.push(round % 7 === 0 ? bytes.subarray(0, random(bytes.length)) : bytes);
  }
  for (let round = 0; round < 60; round++) bodies.push(Uint8Array.from({ length: random(80) }, () => random(256)));
  // The server takes no more in one message.
  return bodies.filter(({ length }) => length < 1_000_000);
}

export const attacks: readonly Attack[] = [
  {
    promise: 'A1',
    name: 'each request comes with hundreds of malformed and hostile bodies',
    quick: false,
    async run() {
      await using all = await scene();
      await using web = await liar(all.nats, 'web-01');
      web.say({ id: 'web-01' });
      await until(() => all.master.master.fleet.size === 1, 'it is known');
      const strays: unknown[] = [];
      const note = (error: unknown) => void strays.push(error);
      for (const event of ['unhandledRejection', 'uncaughtException'] as const) process.on(event, note);
      try {
        const requests = Object.values(channels).filter((each) => 'reply' in each && !each.pattern.includes('enroll'));
        for (const [at, { pattern }] of requests.entries()) {
          const bodies = hostileBodies(seeded(at + 1));
          const replies = await Promise.allSettled(
            bodies.map((body) => all.bus.connection.request(pattern, body, { timeout: 30_000 })),
          );
          const silent = replies.filter(({ status }) => status === 'rejected').length;
          assert.equal(silent, 0, `${silent} of ${replies.length} requests to ${pattern} had no answer`);
          await answers(all.bus);
        }
        const { peels } = await all.bus.request(channels.peels, {}, {});
        assert.equal(peels?.length, 1);
        assert.deepEqual((await all.bus.request(channels.resolve, {}, { target: '*' })).peels, ['web-01']);
        assert.ok((await all.bus.request(channels.peel, {}, { peel: 'web-01' })).facts);
        assert.deepEqual((await all.bus.request(channels.jobs, {}, {})).jobs, []);
        assert.deepEqual(strays, []);
      } finally {
        for (const event of ['unhandledRejection', 'uncaughtException'] as const) process.off(event, note);
      }
    },
  },
  {
    promise: 'A1',
    name: 'questions and decisions about enrolment come with hundreds of malformed and hostile bodies',
    quick: false,
    async run() {
      await using enrolling = await testEnrollment();
      const { nats, service } = enrolling;
      await using master = await testBus(nats, nats.credentials.master, 'master', false);
      await using bus = await testBus(nats, nats.credentials.operator(), 'admin', false);
      const pages = createEnrollmentPages(service.list, enrolling.clock);
      using _list = master.serve(channels.enrollments, async (query) => pages(query));
      using _decide = master.serve(channels.enrollDecide, async (signed) => service.decide(signed));
      await master.flush();

      for (const [at, { pattern }] of [channels.enrollments, channels.enrollDecide].entries()) {
        const bodies = hostileBodies(seeded(at + 200));
        const asked = bodies.map((body) => bus.connection.request(pattern, body, { timeout: 30_000 }));
        const silent = (await Promise.allSettled(asked)).filter(({ status }) => status === 'rejected').length;
        assert.equal(silent, 0, `${silent} of ${bodies.length} requests to ${pattern} had no answer`);
      }

      assert.deepEqual((await bus.request(channels.enrollments, {}, {})).enrollments, []);
      const good = { v: 1, action: 'token-create', issuedAt: enrolling.clock.now() } as const;
      const made = await bus.request(channels.enrollDecide, {}, signDecision(good, nats.credentials.operator()));
      assert.equal(typeof made.token, 'string');
    },
  },
  {
    promise: 'A1',
    name: 'each message that masters listen to is malformed',
    quick: true,
    async run() {
      await using all = await scene();
      const bodies = hostileBodies(seeded(99)).filter(({ length }) => length < 500_000);
      const { bus } = all.master;
      const heard = Object.values(channels).filter((each) => each.to.includes('master' as never) && !('reply' in each));
      for (const { pattern } of heard) {
        for (const body of bodies) bus.connection.publish(pattern.replaceAll(/\{\w+\}/g, 'x'), body);
      }
      for (const body of bodies) {
        for (const { name } of [buckets.facts, buckets.activeJobs]) bus.publishBytes(`$KV.${name}.x`, body);
      }
      await bus.flush();

      await answers(all.bus);
    },
  },
  {
    promise: 'A2',
    name: 'the record of an enrolled peel is overwritten, while masters run and before one starts',
    quick: true,
    async run() {
      await using all = await testEnrollment();
      await using rogue = await testBus(all.nats, all.nats.credentials.master, 'rogue');
      const kv = await new Kvm(jetstream(rogue.connection)).open(buckets.enrollments.name);
      const { token = '' } = await all.decide({ action: 'token-create', tokenPeels: '*', tokenUses: 9 });
      for (const id of ['web-01', 'web-02', 'web-03']) await enroll(all.peel(id, { token }));
      const idOf = (peel: string) => all.service.holder(peel)?.id ?? '';
      const [first, second, third] = [idOf('web-01'), idOf('web-02'), idOf('web-03')];

      // While a master runs: what it may have said is assumed at its worst, and written down.
      await kv.put(first, Uint8Array.of(0xc1, 0xff));
      await until(() => all.service.isRevoked('web-01'), 'it counts as revoked');
      // Revocations are not undone by damage, and a damaged record can still be revoked.
      await all.decide({ action: 'revoke', id: second });
      await kv.put(second, encode({ v: 1, id: second, state: 'active' }));
      await kv.put(third, encode({ v: 1, id: first, state: 'active' }));
      await kv.put('enr-nothing', new Uint8Array(500_000).fill(0x91));
      await kv.put('tok-nothing', Uint8Array.of(1));
      await kv.put('peel-web-03', Uint8Array.of(0xc1));
      await kv.put('stray', Uint8Array.of(0xc1));

      await using another = await all.another();

      for (const service of [all.service, another]) {
        for (const peel of ['web-01', 'web-02', 'web-03']) {
          await until(() => service.isRevoked(peel), `${peel} counts as revoked`);
        }
        const states = (service.list({}).enrollments ?? []).map(({ state }) => state);
        assert.deepEqual(states, ['revoked', 'revoked', 'revoked']);
      }
      // It joins anew when somebody lets it.
      await enroll(all.peel('web-03', { token }));
      await until(() => all.service.holder('web-03') !== undefined, 'it is in the fleet again');
    },
  },
];
