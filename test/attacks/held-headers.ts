import assert from 'node:assert/strict';
import { newJid } from '#base/ids.ts';
import { subjectOf } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';
import { encode } from '#wire/codec.ts';
import { buckets } from '#wire/stores.ts';
import { testBus } from '../harness/fleet.ts';
import type { Attack } from './attack.ts';
import { type Arena, sharedArena } from './support/arena.ts';
import { assertFleetWorks } from './support/fleet-works.ts';

/** What a peel may publish, with every header by which a server can be asked for more than to deliver it. */
export const attacks: readonly Attack[] = [
  {
    promise: 'held',
    name: 'a peel has the server trace its messages to subjects of its choice',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using enemy = await arena.enemy(arena.stolen('web-01'));
      await using watch = await arena.enemy(arena.nats.credentials.master);
      const wells = ['$KV.presence.traced', '$KV.jobs.traced', '$KV.enrollments.traced', '$KV.state-files.root'];
      const heard = await Promise.all(wells.map((subject) => watch.hears(subject)));
      for (const dest of [...wells, subjectOf(channels.command, { peel: 'db-01' })]) {
        for (const only of ['true', 'false']) {
          await enemy.sends(subjectOf(channels.heartbeat, { peel: 'web-01' }), heartbeat(), {
            'Nats-Trace-Dest': dest,
            'Nats-Trace-Only': only,
            traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
          });
        }
      }
      // Further headers by which a service's time is measured and told.
      await enemy.sends(subjectOf(channels.heartbeat, { peel: 'web-01' }), heartbeat(), {
        'Uber-Trace-Id': '1:1:1:1',
        'X-B3-Sampled': '1',
        'Nats-Request-Info': '{}',
      });
      await watch.connection.flush();

      assert.deepEqual(
        heard.flatMap((each) => each?.map(({ subject }) => subject) ?? []),
        [],
      );
      await assertFleetWorks(arena);
    },
  },
  {
    promise: 'held',
    name: 'a peel has the store schedule, count, batch and expire what it writes',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using enemy = await arena.enemy(arena.stolen('web-01'));
      await using watch = await arena.enemy(arena.nats.credentials.master);
      const target = '$KV.presence.scheduled';
      const heard = await watch.hears(target);
      const tricks: Readonly<Record<string, string>>[] = [
        { 'Nats-Schedule': `@at ${new Date(Date.now() + 200).toISOString()}`, 'Nats-Schedule-Target': target },
        { 'Nats-Schedule': '@every 1s', 'Nats-Schedule-Target': target, 'Nats-Schedule-TTL': '1s' },
        { 'Nats-Incr': '+1' },
        { 'Nats-Batch-Id': 'one', 'Nats-Batch-Sequence': '1', 'Nats-Batch-Commit': '1' },
        { 'Nats-TTL': '1s' },
        { 'Nats-Rollup': 'all' },
        { 'Nats-Rollup': 'sub' },
        { 'Nats-Marker-Reason': 'Purge' },
      ];
      const victim = await factsOf(arena, 'db-01');
      for (const trick of tricks) {
        for (const bucket of [buckets.facts.name, buckets.volatileFacts.name]) {
          await enemy.sends(`$KV.${bucket}.web-01`, encode(facts()), trick);
        }
        await enemy.sends(subjectOf(channels.return, { jid: newJid(), peel: 'web-01' }), 'x', trick);
      }
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      await watch.connection.flush();

      assert.deepEqual(
        heard?.map(({ subject }) => subject),
        [],
      );
      assert.deepEqual(await factsOf(arena, 'db-01'), victim);
      await assertFleetWorks(arena);
    },
  },
  {
    promise: 'held',
    name: 'a peel uses the message ids of another’s return before it does',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using enemy = await arena.enemy(arena.stolen('web-01'));
      const jid = newJid();
      for (const id of [`${jid}.db-01`, `${jid}db-01`, jid, 'db-01', `${jid}.return.db-01`]) {
        await enemy.sends(subjectOf(channels.return, { jid, peel: 'web-01' }), 'x', { 'Nats-Msg-Id': id });
      }

      const asked = await arena.dispatch({ jid, target: 'db-01', function: 'test.ping' });
      await asked.done;

      assert.equal(asked.returns.get('db-01')?.value, true);
      assert.equal(asked.statuses.at(-1)?.state, 'complete');
    },
  },
  {
    promise: 'held',
    name: 'a peel makes the store expect another’s sequence, stream or message before it takes what others write',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using enemy = await arena.enemy(arena.stolen('web-01'));
      for (const trick of [
        { 'Nats-Expected-Stream': 'KV_presence' },
        { 'Nats-Expected-Last-Sequence': '0' },
        {
          'Nats-Expected-Last-Subject-Sequence': '0',
          'Nats-Expected-Last-Subject-Sequence-Subject': '$KV.facts.db-01',
        },
        { 'Nats-Expected-Last-Msg-Id': 'none' },
      ]) {
        await enemy.sends('$KV.facts.web-01', encode(facts()), trick);
      }

      await assertFleetWorks(arena);
    },
  },
  {
    promise: 'held',
    name: 'a peel sends a message larger than any may be',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using enemy = await arena.enemy(arena.stolen('web-01'));
      const limit = enemy.connection.info?.max_payload ?? 0;
      assert.ok(limit > 0 && limit <= 1_048_576, `the server takes ${limit} bytes`);
      const closed = enemy.connection.closed();
      // The client would refuse it: the server is told that it comes, in its own words.
      const raw = enemy.connection as unknown as { protocol: { sendCommand(command: string): void } };
      raw.protocol.sendCommand(`PUB ${subjectOf(channels.heartbeat, { peel: 'web-01' })} ${limit * 64}\r\nx`);

      await Promise.race([closed, tooLate('the server let it go on')]);
      await assertFleetWorks(arena);
    },
  },
  {
    promise: 'held',
    name: 'an operator’s own connection is no way past the proof of who asked',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using bus = await testBus(arena.nats, arena.nats.credentials.operator('guest'), 'guest', false);

      const reply = await bus.request(
        channels.dispatch,
        {},
        {
          request: encode({ v: 1 }),
          jwt: arena.admin.jwt,
          signature: new Uint8Array(64),
        },
      );

      assert.equal(reply.error?.code, 'REQUEST_FORGED');
    },
  },
];

function heartbeat(): Uint8Array {
  return encode({ v: 1, version: 'x', state: 'up', startedAt: 0 });
}

function facts() {
  return { v: 1, facts: { id: 'web-01' }, version: 'x', collectedAt: 0 };
}

async function factsOf(arena: Arena, peel: string): Promise<unknown> {
  const { facts: found } = await arena.bus.request(channels.peel, {}, { peel });
  assert.ok(found);
  return found;
}

async function tooLate(what: string): Promise<never> {
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  throw new Error(what);
}
