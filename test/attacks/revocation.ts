import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { systemAccount } from '#bus/system-account.ts';
import { enroll } from '#peel/enroll/enroll.ts';
import { accountJwt } from '#trust/account.ts';
import { openAuthDir } from '#trust/auth-dir.ts';
import { parseCredentials, readJwt } from '#trust/jwt.ts';
import { signJoin, signRenew } from '#trust/proofs.ts';
import { addOperator, removeOperator } from '#trust/rotate.ts';
import { encode } from '#wire/codec.ts';
import { buckets } from '#wire/stores.ts';
import { type TestEnrollment, testEnrollment } from '../harness/enrollment.ts';
import { challenge, joinRequest, onBus, post, refused, renew, tokenFor, until } from '../harness/joining.ts';
import type { Attack } from './attack.ts';

/** A peel that was let in by a token. */
async function member(master: TestEnrollment, id: string) {
  const peel = master.peel(id, { token: await tokenFor(master, { tokenUses: 10 }) });
  return { peel, credentials: await enroll(peel) };
}

/** Whether the servers refuse these credentials. */
async function isShutOut(master: TestEnrollment, credentials: Awaited<ReturnType<typeof enroll>>): Promise<boolean> {
  try {
    await (await onBus(master, credentials)).close();
    return false;
  } catch {
    return true;
  }
}

async function renewing(master: TestEnrollment, peel: ReturnType<TestEnrollment['peel']>): Promise<string> {
  const { peel: id, key } = peel.identity;
  const body = signRenew({ v: 1, peel: id, key: key.publicKey, challenge: await challenge(master) }, key.seed);
  return refused(renew(master, body));
}

/** Leaves the bucket as a fresh one. */
async function wipe(master: TestEnrollment): Promise<void> {
  await using connection = await connect(master.nats.options(master.nats.credentials.master));
  await (await jetstreamManager(connection)).streams.purge(`KV_${buckets.enrollments.name}`);
}

/** A master that knows nothing but what is on disk, in the store and with the servers; the one before is gone. */
async function anew(master: TestEnrollment) {
  await master.service[Symbol.asyncDispose]();
  return master.another();
}

/** Takes the room for another byte from the bucket. */
async function fill(master: TestEnrollment): Promise<void> {
  await using connection = await connect(master.nats.options(master.nats.credentials.master));
  const { streams } = await jetstreamManager(connection);
  const name = `KV_${buckets.enrollments.name}`;
  await streams.update(name, { max_bytes: (await streams.info(name)).state.bytes, discard: 'new' as never });
}

async function servers(master: TestEnrollment) {
  const sys = await connect(master.nats.options(master.nats.credentials.sys));
  return { ...systemAccount(sys), [Symbol.asyncDispose]: () => sys.close() };
}

export const attacks: readonly Attack[] = [
  {
    promise: 'A4',
    name: 'the store of enrolments is wiped after a revocation, and every master starts anew',
    quick: true,
    async run() {
      await using master = await testEnrollment();
      const { peel, credentials } = await member(master, 'web-01');
      await master.decide({ action: 'revoke', peel: 'web-01' });

      await wipe(master);
      await using other = await anew(master);
      removeOperator({ dir: master.nats.auth.path, key: `U${'A'.repeat(55)}`, now: Date.now() });
      await until(async () => Object.keys(await claims(master, 'peels')).includes(`U${'A'.repeat(55)}`));

      assert.ok(await isShutOut(master, credentials));
      const { key } = peel.identity;
      const token = await tokenFor(master, {});
      await until(() => other.knownToken(token) !== undefined);
      const request = await joinRequest(master, 'web-01', key, { token });
      const again = await other.join(resigned(request, other.challenge().challenge, key.seed), '192.0.2.1');
      assert.equal(again.state, 'pending');
    },
  },
  {
    promise: 'A4',
    name: 'the store of enrolments is put back to what it was before a revocation',
    quick: true,
    async run() {
      await using master = await testEnrollment();
      const { peel, credentials } = await member(master, 'web-01');
      const before = master.service.holder('web-01');
      assert.ok(before);
      await master.decide({ action: 'revoke', peel: 'web-01' });

      await master.kv.put(before.id, encode(before));
      await using other = await master.another();

      assert.equal(other.holder('web-01'), undefined);
      assert.equal(other.isRevoked('web-01'), true);
      assert.equal(await renewing(master, peel), 'ENROLL_REVOKED');
      assert.ok(await isShutOut(master, credentials));
    },
  },
  {
    promise: 'A4',
    name: 'the servers are given an older account, in which nobody is revoked',
    quick: true,
    async run() {
      await using master = await testEnrollment();
      const { credentials } = await member(master, 'web-01');
      await master.decide({ action: 'revoke', peel: 'web-01' });
      const { index, operatorSigningSeed } = master.nats.auth;
      const { environment: name, accounts, roles } = index;
      await using direct = await servers(master);
      const replaces = await direct.lookup(accounts.peels);
      const now = Date.now();
      await direct.update(accountJwt({ side: 'peels', name, accounts, roles, replaces, now }, operatorSigningSeed()));

      await using _other = await anew(master);

      await until(async () => Object.keys(await claims(master, 'peels')).length === 1);
      assert.ok(await isShutOut(master, credentials));
    },
  },
  {
    promise: 'A4',
    name: 'a master that lost its disk and its store still has the servers to remember',
    quick: true,
    async run() {
      await using master = await testEnrollment();
      const { credentials } = await member(master, 'web-01');
      await master.decide({ action: 'revoke', peel: 'web-01' });
      const shut = Object.keys(await claims(master, 'peels'));
      writeFileSync(join(master.nats.auth.path, 'revoked.log'), '');
      await wipe(master);

      await using _other = await anew(master);
      removeOperator({ dir: master.nats.auth.path, key: `U${'B'.repeat(55)}`, now: Date.now() });
      await until(async () => Object.keys(await claims(master, 'peels')).length === 2);

      for (const key of shut) assert.ok(Object.keys(await claims(master, 'peels')).includes(key));
      assert.match(readFileSync(join(master.nats.auth.path, 'revoked.log'), 'utf8'), new RegExp(shut[0] ?? 'none'));
      assert.ok(await isShutOut(master, credentials));
    },
  },
  {
    promise: 'A4',
    name: 'the record of a peel is made unreadable, so that it cannot be revoked',
    quick: true,
    async run() {
      await using master = await testEnrollment();
      const { peel, credentials } = await member(master, 'web-01');
      const { id = '' } = master.service.holder('web-01') ?? {};

      await master.kv.put(id, new Uint8Array([0xc1, 0xff, 0]));
      await master.kv.put('enr-garbage', new Uint8Array([0xc1]));
      await until(() => master.service.isRevoked('web-01'));
      await using other = await master.another();

      assert.equal(other.isRevoked('web-01'), true);
      await until(() => isShutOut(master, credentials));
      assert.equal(await renewing(master, peel), 'ENROLL_REVOKED');
      // And an operator lets it in again.
      master.clock.advance(11 * 60_000);
      const again = await post(master, '/api/v1/enroll', await joinRequest(master, 'web-01', peel.identity.key));
      assert.deepEqual(master.service.list({ id: again.id }).enrollments?.[0]?.doubts, ['key-revoked']);
      await master.decide({ id: again.id });
      assert.equal(master.service.holder('web-01')?.id, again.id);
    },
  },
  {
    promise: 'A4',
    name: 'a peel is revoked while the store is full',
    quick: true,
    async run() {
      await using master = await testEnrollment();
      const { peel, credentials } = await member(master, 'web-01');
      const connection = await onBus(master, credentials);
      await fill(master);

      const started = performance.now();
      const reply = await master.decide({ action: 'revoke', peel: 'web-01' });
      await connection.closed();

      assert.ok(performance.now() - started < 5_000);
      assert.match(reply.warning ?? '', /not done everywhere yet/);
      assert.equal(master.service.isRevoked('web-01'), true);
      assert.equal(await renewing(master, peel), 'ENROLL_REVOKED');
      await using other = await master.another();
      assert.equal(other.isRevoked('web-01'), true);
      assert.ok(await isShutOut(master, credentials));
    },
  },
  {
    promise: 'A4',
    name: 'the list on disk is cut off in the middle of a line, and a bit of it flips',
    quick: true,
    async run() {
      await using master = await testEnrollment();
      const members = [await member(master, 'web-01'), await member(master, 'web-02'), await member(master, 'web-03')];
      for (const { peel } of members) await master.decide({ action: 'revoke', peel: peel.identity.peel });
      const file = join(master.nats.auth.path, 'revoked.log');
      const text = readFileSync(file, 'utf8')
        .split('\n')
        .filter(Boolean)
        .map((line) => line.replace('"at":', '"aT":'));
      writeFileSync(file, text.join('\n').slice(0, -20));
      appendFileSync(file, '\n\0\0\0\n');
      await wipe(master);

      await using other = await anew(master);
      const keys = members.map(({ peel }) => peel.identity.key);
      for (const [index, key] of keys.entries()) {
        const token = await tokenFor(master, {});
        await until(() => other.knownToken(token) !== undefined);
        const { challenge: fresh } = other.challenge();
        const body = await joinRequest(master, `web-0${index + 1}`, key, { token });
        const reply = await other.join(resigned(body, fresh, key.seed), '192.0.2.1');
        assert.equal(reply.state, 'pending');
      }
      for (const { credentials } of members) assert.ok(await isShutOut(master, credentials));
    },
  },
  {
    promise: 'A4',
    name: 'a removed operator keeps its session open',
    quick: true,
    async run() {
      await using master = await testEnrollment();
      const { path: dir } = master.nats.auth;
      const { file, key } = addOperator({ dir, name: 'bob', now: Date.now() });
      const bob = parseCredentials(readFileSync(file, 'utf8'));
      const connection = await connect({ ...master.nats.options(bob), reconnect: false });
      await connection.flush();

      removeOperator({ dir, key, now: Date.now() });
      const started = performance.now();
      await connection.closed();

      assert.ok(performance.now() - started < 5_000);
      await assert.rejects(connect({ ...master.nats.options(bob), reconnect: false }));
      assert.match(await refused(master.decide({ allPending: true }, bob)), /REVOKED|UNKNOWN|REMOVED/);
      assert.ok(openAuthDir(dir).index.revoked[key]);
    },
  },
];

function resigned(request: Awaited<ReturnType<typeof joinRequest>>, fresh: string, seed: string) {
  const { signature: _, ...rest } = request;
  return signJoin({ ...rest, challenge: fresh }, seed);
}

/** Whom an account shuts out, as the servers have it. */
async function claims(master: TestEnrollment, side: 'peels' | 'control'): Promise<Record<string, number>> {
  await using direct = await servers(master);
  const jwt = await direct.lookup(master.nats.auth.index.accounts[side]);
  return (readJwt(jwt ?? '').nats.revocations ?? {}) as Record<string, number>;
}
