import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { silentLog } from '#base/log.ts';
import { systemClock } from '#base/time.ts';
import { type AccountServers, systemAccount } from '#bus/system-account.ts';
import { followAuthDir, openAuthDir } from '#trust/auth-dir.ts';
import { parseCredentials, readJwt } from '#trust/jwt.ts';
import { openRevokedLog } from '#trust/revoked-log.ts';
import { addOperator, bundleOf, removeOperator } from '#trust/rotate.ts';
import { type TestNats, testNats } from '../../../test/harness/nats.ts';
import type { Enrollments } from './enrollments.ts';
import { createRevocations } from './revocations.ts';

const nobody = {
  all: () => [],
  onChange: () => ({ [Symbol.dispose]() {} }),
  review() {},
  settle: async () => {},
  lost: new Set(),
} as unknown as Enrollments;

test('an operator who was removed is cut off while others stay', async () => {
  await using nats = await testNats();
  const dir = nats.auth.path;
  await using sys = await connect(nats.options(nats.credentials.sys));
  const added = addOperator({ dir, name: 'bob', now: Date.now() });
  const bob = { ...nats.options(parseCredentials(readFileSync(added.file, 'utf8'))), reconnect: false };
  const connection = await connect(bob);
  await using admin = await connect(nats.options(nats.credentials.operator()));

  removeOperator({ dir, key: added.key, now: Date.now() });
  await using revocations = revoking(nats, systemAccount(sys));
  await revocations.push();
  await connection.closed();

  await assert.rejects(connect(bob));
  await admin.flush();
  assert.deepEqual(Object.keys(bundleOf(openAuthDir(dir).index).revoked), [added.key]);
});

test('servers that know already are not told again', async () => {
  await using nats = await testNats();
  const servers = fakeServers(nats);

  await using revocations = revoking(nats, servers);
  await revocations.push();
  assert.equal(servers.updates.length, 0);
  removeOperator({ dir: nats.auth.path, key: `U${'A'.repeat(55)}`, now: Date.now() });
  await revocations.push();
  await revocations.push();

  assert.deepEqual(
    servers.updates.map((jwt) => readJwt(jwt).sub).sort(),
    Object.values(nats.auth.index.accounts).sort(),
  );
});

test('what replaces an account is younger, even within one second', async () => {
  await using nats = await testNats();
  const servers = fakeServers(nats);
  await using revocations = revoking(nats, servers);

  for (const letter of ['B', 'C']) {
    removeOperator({ dir: nats.auth.path, key: `U${letter.repeat(55)}`, now: Date.now() });
    await revocations.push();
  }

  const peels = servers.updates.map((jwt) => readJwt(jwt)).filter(({ sub }) => sub === nats.auth.index.accounts.peels);
  const [first, second] = peels.map(({ iat }) => iat);
  assert.ok(first && second && readJwt(nats.auth.accountJwt('peels')).iat < first && first < second);
});

test('many who ask at once cause few updates, and all learn when they failed', async () => {
  await using nats = await testNats();
  const servers = fakeServers(nats);
  await using revocations = revoking(nats, servers);
  await revocations.push();
  let lookups = 0;
  const { lookup } = servers;
  servers.lookup = async (account) => {
    lookups++;
    return lookup(account);
  };

  await Promise.all(Array.from({ length: 100 }, () => revocations.push()));
  servers.update = () => Promise.reject(new Error('no'));
  removeOperator({ dir: nats.auth.path, key: `U${'D'.repeat(55)}`, now: Date.now() });

  assert.ok(lookups <= 2, `${lookups}`);
  await assert.rejects(revocations.push());
});

function revoking(nats: TestNats, servers: AccountServers) {
  const auth = followAuthDir(nats.auth.path);
  const kept = openRevokedLog(join(nats.auth.path, 'revoked.log'));
  return createRevocations({ enrollments: nobody, kept, auth, servers, clock: systemClock, log: silentLog });
}

function fakeServers({
  auth,
}: TestNats): { -readonly [Key in keyof AccountServers]: AccountServers[Key] } & { updates: string[] } {
  const updates: string[] = [];
  const { accounts } = auth.index;
  const latest = (account: string) => updates.findLast((jwt) => readJwt(jwt).sub === account);
  return {
    updates,
    lookup: async (account) => latest(account) ?? auth.accountJwt(account === accounts.peels ? 'peels' : 'control'),
    update: async (next) => void updates.push(next),
  };
}
