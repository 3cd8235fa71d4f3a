import assert from 'node:assert/strict';
import { formatCredentials } from '#trust/jwt.ts';
import { createKey } from '#trust/nkeys.ts';
import { signFetch, signRenew } from '#trust/proofs.ts';
import { channels } from '#wire/channels.ts';
import type { JoinRequest } from '#wire/enroll.ts';
import { testBus, until } from '../harness/fleet.ts';
import type { Attack } from './attack.ts';
import { type Arena, openArena, sharedArena } from './support/arena.ts';
import { knock } from './support/door.ts';
import { assertFleetWorks } from './support/fleet-works.ts';
import { hostileIds } from './support/hostile.ts';
import { challengeOf, joinRequest, urlOf } from './support/joining.ts';

const joinPath = '/api/v1/enroll';

/** Strangers at the HTTPS door, and members that were shown it. */
export const attacks: readonly Attack[] = [
  {
    promise: 'held',
    name: 'a stranger asks to join under ids that are no ids',
    quick: true,
    async run() {
      const arena = await sharedArena();
      for (const peel of hostileIds) {
        const { status, code } = await join(arena, await joinRequest(arena, peel));
        assert.equal(code, 'ENROLL_MALFORMED', JSON.stringify(peel.slice(0, 40)));
        assert.equal(status, 400);
      }

      const listed = await enrolled(arena);
      assert.deepEqual(
        listed.filter((peel) => hostileIds.includes(peel)),
        [],
      );
      await assertFleetWorks(arena);
    },
  },
  {
    promise: 'held',
    name: 'a request to join is sent again, and with a part of it changed or left out',
    quick: true,
    async run() {
      const arena = await sharedArena();
      const request = await joinRequest(arena, 'replayed');
      const { status } = await join(arena, request);
      assert.equal(status, 200);

      assert.equal((await join(arena, request)).code, 'CHALLENGE_INVALID');
      const { caPin: _pin, ...stripped } = await joinRequest(arena, 'stripped');
      assert.equal((await join(arena, stripped)).code, 'ENROLL_FORGED');
      for (const change of [
        { peel: 'web-01' },
        { key: createKey('user').publicKey },
        { curveKey: createKey('curve').publicKey },
        { token: 'a-token' },
        { hostname: 'another' },
        { caPin: `sha256:${'0'.repeat(64)}` },
      ]) {
        const changed = { ...(await joinRequest(arena, 'changed')), ...change };
        assert.equal((await join(arena, changed)).code, 'ENROLL_FORGED', JSON.stringify(change));
      }
      const stolen = { ...(await joinRequest(arena, 'challenged')), challenge: 'x'.repeat(43) };
      assert.equal((await join(arena, stolen)).code, 'CHALLENGE_INVALID');
    },
  },
  {
    promise: 'held',
    name: 'a stranger guesses, reuses and stretches join tokens',
    quick: true,
    async run() {
      const arena = await sharedArena();
      const once = await arena.joinToken({ tokenPeels: 'app-*', tokenUses: 1 });
      const states = async (peel: string, token: string) => {
        const { body, code } = await join(arena, await joinRequest(arena, peel, { token }));
        return code ?? String(body.state);
      };

      assert.equal(await states('app-01', once), 'approved');
      assert.notEqual(await states('app-02', once), 'approved');
      const narrow = await arena.joinToken({ tokenPeels: 'app-*', tokenUses: 5 });
      for (const token of [
        narrow.slice(0, -1),
        `${narrow}x`,
        narrow.toUpperCase(),
        '',
        '*',
        '__proto__',
        'x'.repeat(128),
      ]) {
        assert.notEqual(await states('app-03', token), 'approved', token);
      }
      assert.notEqual(await states('db-99', narrow), 'approved');
      assert.notEqual(await states('xapp-01', narrow), 'approved');
    },
  },
  {
    promise: 'held',
    name: 'a stranger takes the name of a member, with a token and without',
    quick: true,
    async run() {
      const arena = await sharedArena();
      const token = await arena.joinToken();
      for (const more of [{}, { token }]) {
        const { body, code } = await join(arena, await joinRequest(arena, 'web-01', more));
        // It waits like anybody else, and is not told that the name is somebody's.
        assert.deepEqual([body.state, code], ['pending', undefined]);
      }
      await assertFleetWorks(arena);
    },
  },
  {
    promise: 'held',
    name: 'a stranger fetches and renews the credentials of a member',
    quick: true,
    async run() {
      const arena = await sharedArena();
      const { enrollments = [] } = await arena.bus.request(channels.enrollments, {}, {});
      const victim = enrollments.find(({ peel }) => peel === 'web-01');
      assert.ok(victim);
      const mine = createKey('user');
      const fetchPath = `${joinPath}/${victim.id}/credentials`;
      const fetched = signFetch(victim.id, { v: 1, challenge: await challengeOf(arena) }, mine.seed);
      const renewed = signRenew(
        { v: 1, peel: 'web-01', key: victim.key, challenge: await challengeOf(arena) },
        mine.seed,
      );
      const asMine = signRenew(
        { v: 1, peel: 'web-01', key: mine.publicKey, challenge: await challengeOf(arena) },
        mine.seed,
      );
      const answers = [
        await knock(urlOf(arena), fetchPath, { ca: arena.ca, body: fetched }),
        await knock(urlOf(arena), `${joinPath}/renew`, { ca: arena.ca, body: renewed }),
        await knock(urlOf(arena), `${joinPath}/renew`, { ca: arena.ca, body: asMine }),
        await knock(urlOf(arena), `${joinPath}/enr-${'0'.repeat(27)}/credentials`, { ca: arena.ca, body: fetched }),
      ];

      assert.deepEqual(
        answers.map(({ code }) => code),
        ['ENROLL_FORGED', 'ENROLL_FORGED', 'ENROLL_UNKNOWN', 'CHALLENGE_INVALID'],
      );
      assert.ok(
        answers.every(({ text }) => !text.includes('eyJ')),
        'no credentials were given',
      );
    },
  },
  {
    promise: 'held',
    name: 'a revoked peel stays on its connection, comes back, renews and enrols again',
    quick: false,
    async run() {
      await using arena = await openArena({ peels: ['web-01', 'db-01'] });
      const credentials = arena.stolen('web-01');
      await using enemy = await arena.enemy(credentials);
      const closed = enemy.connection.closed();
      await arena.decide({ action: 'revoke', peel: 'web-01' });
      await within(5_000, closed, 'its open connection was closed');

      await assertShutOut(arena, credentials);
      await arena.nats.kill();
      await arena.nats.restart();
      await assertShutOut(arena, credentials);
      for (const master of arena.masters) await master.restart();
      await until(async () => (await arena.zester('ping')).code === 0, 'the master is back');
      await assertShutOut(arena, credentials);

      const { publicKey, seed } = { publicKey: keyOf(arena), seed: credentials.seed };
      const renewal = signRenew({ v: 1, peel: 'web-01', key: publicKey, challenge: await challengeOf(arena) }, seed);
      const renewed = await knock(urlOf(arena), `${joinPath}/renew`, { ca: arena.ca, body: renewal });
      assert.equal(renewed.code, 'ENROLL_REVOKED');
      const token = await arena.joinToken();
      const again = await join(
        arena,
        await joinRequest(arena, 'web-01', { token, as: { kind: 'user', publicKey, seed } }),
      );
      assert.notEqual(again.body.state, 'approved');
      await assertFleetWorks(arena, ['db-01']);
    },
  },
];

function join(arena: Arena, body: JoinRequest | Omit<JoinRequest, 'caPin'>) {
  return knock(urlOf(arena), joinPath, { ca: arena.ca, body });
}

async function enrolled(arena: Arena): Promise<string[]> {
  const { enrollments = [] } = await arena.bus.request(channels.enrollments, {}, {});
  return enrollments.map(({ peel }) => peel);
}

async function assertShutOut(
  arena: Arena,
  credentials: { readonly jwt: string; readonly seed: string },
): Promise<void> {
  assert.match(formatCredentials(credentials), /NATS USER JWT/);
  await assert.rejects(testBus(arena.nats, credentials, 'revoked', false), { code: 'CREDENTIALS_REFUSED' });
}

function keyOf(arena: Arena): string {
  const [, body = ''] = arena.stolen('web-01').jwt.split('.');
  return (JSON.parse(Buffer.from(body, 'base64url').toString('utf8')) as { sub: string }).sub;
}

async function within<T>(ms: number, promise: Promise<T>, what: string): Promise<T> {
  const late = new Promise<never>((_, reject) =>
    setTimeout(() => reject(new Error(`not within ${ms} ms: ${what}`)), ms).unref(),
  );
  return Promise.race([promise, late]);
}
