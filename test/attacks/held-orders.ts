import assert from 'node:assert/strict';
import { newJid } from '#base/ids.ts';
import { userJwt } from '#trust/account.ts';
import { createUser } from '#trust/init-auth.ts';
import { createKey } from '#trust/nkeys.ts';
import { signKill, signRequest } from '#trust/orders.ts';
import { keyId } from '#trust/signing.ts';
import { channels } from '#wire/channels.ts';
import type { SignedOrder } from '#wire/job.ts';
import { jobRequest, until } from '../harness/fleet.ts';
import { testNats } from '../harness/nats.ts';
import type { Attack } from './attack.ts';
import { openArena, sharedArena } from './support/arena.ts';
import { orderFor, rogueMaster, trace } from './support/orders.ts';

const minute = 60_000;

/** Whoever holds the broker cannot make a peel act. */
export const attacks: readonly Attack[] = [
  {
    promise: 'held',
    name: 'an overheard order is sent again, many times',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using rogue = await rogueMaster(arena);
      const ran = trace(arena);
      const heard = await rogue.overhear('web-01', () => arena.run('web-01', 'cmd.run', { id: ran.command }));

      const taken = await rogue.send('web-01', [...heard, ...heard, ...heard, ...heard]);

      assert.deepEqual(taken, []);
      assert.equal(ran.runs(), 1);
    },
  },
  {
    promise: 'held',
    name: 'an overheard order is sent again to a peel that was killed, rewrote its journal, and came back',
    quick: false,
    async run() {
      await using arena = await openArena();
      await using rogue = await rogueMaster(arena);
      const ran = trace(arena);
      const heard = await rogue.overhear('web-01', () =>
        arena.run('web-01', 'cmd.run', { id: ran.command, timeoutMs: 5 * minute }),
      );
      const taken: string[] = [];
      // Past a megabyte the journal is written anew.
      for (let round = 0; round < 3; round++) {
        await arena.run('web-01', 'cmd.run', { id: `head -c 450000 /dev/zero | tr '\\0' x` });
        taken.push(...(await rogue.send('web-01', heard)));
      }
      for (const end of ['kill', 'stop'] as const) {
        await arena.peel('web-01')[end]();
        await arena.peel('web-01').restart();
        taken.push(...(await rogue.send('web-01', heard)));
      }

      assert.deepEqual(taken, []);
      assert.equal(ran.runs(), 1);
    },
  },
  {
    promise: 'held',
    name: 'an order for one peel is given to another',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using rogue = await rogueMaster(arena);
      const ran = trace(arena);
      const heard = await rogue.overhear('web-01', () => arena.run('web-01', 'cmd.run', { id: ran.command }));
      const moved = heard.flatMap((order) => [order, { ...order, index: 1 }, { ...order, proof: new Uint8Array(32) }]);

      assert.deepEqual(await rogue.send('db-01', moved), []);
    },
  },
  {
    promise: 'held',
    name: 'an order is sent with a bit turned over, in every region of it',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using rogue = await rogueMaster(arena);
      const ran = trace(arena);
      const order = orderFor(arena, 'web-01', ran, { peels: ['web-01', 'web-02', 'web-03'] });
      const { length } = order.order;
      const flipped: SignedOrder[] = [
        ...positions(length, 200).map((at) => ({ ...order, order: turned(order.order, at) })),
        ...positions(64, 64).map((at) => ({ ...order, signature: turned(order.signature, at) })),
        ...positions(order.proof.length, 64).map((at) => ({ ...order, proof: turned(order.proof, at) })),
        ...[-1, 1, 2, 3, 2 ** 31, 2 ** 52].map((index) => ({ ...order, index })),
        ...[0, 31, 33, 96, 65_536].map((size) => ({ ...order, proof: new Uint8Array(size) })),
        ...[0, 63, 65].map((size) => ({ ...order, signature: new Uint8Array(size) })),
        ...['', 'x', '__proto__', 'constructor', order.key.toUpperCase()].map((key) => ({ ...order, key })),
      ];

      assert.deepEqual(await rogue.send('web-01', flipped), []);

      // The order itself is sound: what was refused was the change.
      assert.equal((await rogue.send('web-01', [order])).length, 1);
      await until(() => ran.runs() === 1, 'the true order ran');
    },
  },
  {
    promise: 'held',
    name: 'an order is signed with a key that peels do not know, under its own name and under that of the true one',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using rogue = await rogueMaster(arena);
      const ran = trace(arena);
      const { publicKey, seed } = createKey('user');
      const mine = orderFor(arena, 'web-01', ran, { key: { id: keyId(publicKey), seed } });
      const theirs = orderFor(arena, 'web-01', ran).key;
      const peelKey = orderFor(arena, 'web-01', ran, { key: { id: theirs, seed: arena.stolen('web-01').seed } });
      const adminKey = orderFor(arena, 'web-01', ran, { key: { id: theirs, seed: arena.admin.seed } });

      assert.deepEqual(await rogue.send('web-01', [mine, { ...mine, key: theirs }, peelKey, adminKey]), []);
    },
  },
  {
    promise: 'held',
    name: 'a true key signs orders that no operator, or no operator of this environment, asked for',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using elsewhere = await testNats();
      await using rogue = await rogueMaster(arena);
      const ran = trace(arena);
      const account = arena.nats.auth.index.accounts.control;
      const now = Date.now();
      const stranger = createUser({ name: 'admin', account, now }, createKey('account').seed);
      const selfMade = createKey('user');
      const forged = [
        arena.stolen('web-01'),
        arena.stolen('db-01'),
        elsewhere.credentials.operator(),
        arena.nats.credentials.master,
        arena.nats.credentials.sys,
        stranger,
        // A name is no proof: the admin's JWT with a key of one's own.
        { jwt: arena.admin.jwt, seed: selfMade.seed },
        {
          jwt: userJwt({ name: 'admin', key: selfMade.publicKey, account, now }, createKey('account').seed),
          seed: selfMade.seed,
        },
        createUser(
          { name: 'admin', account, now: now - minute, lifetimeMs: 1_000 },
          arena.nats.auth.roleSeed('operator'),
        ),
      ].map((by) => orderFor(arena, 'web-01', ran, { by }));

      assert.deepEqual(await rogue.send('web-01', forged), []);
    },
  },
  {
    promise: 'held',
    name: 'a true key stretches a deadline, and warms up what an operator asked for long ago',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using rogue = await rogueMaster(arena);
      const ran = trace(arena);
      const now = Date.now();
      const old = { issuedAt: now - 60 * minute, timeoutMs: 10 * minute };
      const orders = [
        orderFor(arena, 'web-01', ran, { deadline: now + 60 * minute }),
        orderFor(arena, 'web-01', ran, { deadline: Number.MAX_SAFE_INTEGER }),
        orderFor(arena, 'web-01', ran, { deadline: Number.POSITIVE_INFINITY }),
        orderFor(arena, 'web-01', ran, { deadline: now - 1 }),
        orderFor(arena, 'web-01', ran, { deadline: Number.NaN }),
        orderFor(arena, 'web-01', ran, { issuedAt: now + 60 * minute, deadline: now + 61 * minute }),
        orderFor(arena, 'web-01', ran, { request: old }),
        orderFor(arena, 'web-01', ran, { request: old, issuedAt: old.issuedAt }),
        orderFor(arena, 'web-01', ran, { request: { issuedAt: now + 60 * minute } }),
      ];

      assert.deepEqual(await rogue.send('web-01', orders), []);
    },
  },
  {
    promise: 'held',
    name: 'a job is stopped by an order to kill that nobody signed',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using rogue = await rogueMaster(arena);
      const ran = trace(arena);
      const { reply, returns, done } = await arena.dispatch({
        target: 'web-01',
        function: 'cmd.run',
        id: `sleep 1; ${ran.command}`,
      });
      const { jid = '' } = reply;
      const { publicKey, seed } = createKey('user');
      const order = { v: 1, jid, operator: 'admin', issuedAt: Date.now() };
      const mine = signKill(order, { id: keyId(publicKey), seed });
      const theirs = orderFor(arena, 'web-01', ran);
      const forged = [
        mine,
        { ...mine, key: theirs.key },
        { ...mine, key: theirs.key, signature: theirs.signature },
        // An order to run is no order to stop.
        { order: theirs.order, key: theirs.key, signature: theirs.signature },
        { ...mine, signature: new Uint8Array(64), key: theirs.key },
      ];

      for (const each of forged) rogue.bus.publish(channels.kill, { peel: 'web-01' }, each);
      await done;

      assert.equal(returns.get('web-01')?.status, 'done');
      assert.equal(ran.runs(), 1);
    },
  },
  {
    promise: 'held',
    name: 'a master is asked to act by requests that are stale, forged, or not an operator’s',
    quick: true,
    async run() {
      const arena = await sharedArena();
      await using elsewhere = await testNats();
      const ran = trace(arena);
      const wish = { target: '*', function: 'cmd.run', id: ran.command };
      const good = signRequest(jobRequest(wish), arena.admin);
      const foreign = elsewhere.credentials.operator();
      const requests = {
        REQUEST_STALE: [
          signRequest({ ...jobRequest(wish), issuedAt: Date.now() - 6 * minute }, arena.admin),
          signRequest({ ...jobRequest(wish), issuedAt: Date.now() + 6 * minute }, arena.admin),
        ],
        OPERATOR_UNKNOWN: [
          signRequest(jobRequest(wish), arena.stolen('web-01')),
          signRequest(jobRequest(wish), arena.nats.credentials.master),
          signRequest(jobRequest(wish), foreign),
        ],
        REQUEST_FORGED: [
          { ...good, signature: new Uint8Array(64) },
          { ...good, request: turned(good.request, 40) },
          { ...signRequest(jobRequest(wish), foreign), jwt: arena.admin.jwt },
        ],
      };
      for (const [code, all] of Object.entries(requests)) {
        for (const each of all) {
          const reply = await arena.bus.request(channels.dispatch, {}, each);
          assert.equal(reply.error?.code, code);
        }
      }
    },
  },
  {
    promise: 'held',
    name: 'an operator’s request is overheard and sent again, and another under its id',
    quick: true,
    async run() {
      const arena = await sharedArena();
      const ran = trace(arena);
      const request = jobRequest({ jid: newJid(), target: 'web-01', function: 'cmd.run', id: ran.command });
      const signed = signRequest(request, arena.admin);
      const asked = await arena.dispatch(request);
      await asked.done;

      const replies = [];
      for (let count = 0; count < 20; count++) replies.push(await arena.bus.request(channels.dispatch, {}, signed));
      const other = await arena.bus.request(
        channels.dispatch,
        {},
        signRequest({ ...request, id: 'reboot' }, arena.admin),
      );
      await arena.run('web-01', 'cmd.run', { id: 'true' });

      assert.deepEqual(new Set(replies.map(({ jid }) => jid)), new Set([request.jid]));
      assert.equal(other.error?.code, 'JID_CONFLICT');
      assert.equal(ran.runs(), 1);
    },
  },
];

function turned(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] = (copy[at] ?? 0) ^ (1 << (at % 8));
  return copy;
}

/** So many positions, evenly over a length; all of them when there are fewer. */
function positions(length: number, count: number): number[] {
  const step = Math.max(1, length / count);
  return Array.from({ length: Math.min(length, count) }, (_, index) => Math.floor(index * step));
}
