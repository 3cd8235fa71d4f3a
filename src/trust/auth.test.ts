import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { connect } from '@nats-io/transport-node';
import { testNats } from '../../test/harness/nats.ts';
import { userJwt } from './account.ts';
import { currentJobKey, followAuthDir, openAuthDir } from './auth-dir.ts';
import { acceptBundle, signBundle } from './bundle.ts';
import { writeFile } from './files.ts';
import { initAuth } from './init-auth.ts';
import { formatCredentials, readJwt, readUserJwt } from './jwt.ts';
import { lintCredentials } from './lint.ts';
import { createKey, keyFromSeed } from './nkeys.ts';
import { addOperator, bundleKeys, bundleOf, removeOperator, rotateJobKeys, rotateSettingsKey } from './rotate.ts';

const hour = 3_600_000;
const day = 24 * hour;
const now = Date.now();

describe('nats-auth init', () => {
  test('makes everything, for its owner only, and never twice', () => {
    using dir = tempFolder();

    const { files } = initAuth({ dir: dir.path });

    assert.throws(() => initAuth({ dir: dir.path }), { code: 'AUTH_EXISTS' });
    assert.equal(statSync(dir.path).mode & 0o777, 0o700);
    for (const file of files) {
      const mode = statSync(join(dir.path, file)).mode & 0o777;
      assert.equal(mode, /\.(seed|creds)$/.test(file) ? 0o600 : 0o644, file);
    }
    assert.deepEqual(
      files.toSorted(),
      readdirSync(dir.path, { recursive: true, encoding: 'utf8' })
        .filter((file) => file.includes('.'))
        .toSorted(),
    );
  });

  test('keeps no secret in what everybody may read', () => {
    using dir = tempFolder();
    const { files } = initAuth({ dir: dir.path });

    for (const file of files.filter((each) => !/\.(seed|creds)$/.test(each))) {
      assert.doesNotMatch(readFileSync(join(dir.path, file), 'utf8'), /\bS[OAUX][A-Z2-7]{56}\b/, file);
    }
  });

  test('refuses names that would not make a file or a subject', () => {
    using dir = tempFolder();

    for (const environment of ['', 'a b', '../x', 'A', 'a.b']) {
      assert.throws(() => initAuth({ dir: dir.path, environment }), { code: 'AUTH_NAME_INVALID' });
    }
  });

  test('signs accounts and users by keys that can be replaced', () => {
    using dir = tempFolder();
    const { index } = initAuth({ dir: dir.path });
    const auth = openAuthDir(dir.path);
    const operator = readJwt(readFileSync(join(dir.path, 'operator.jwt'), 'utf8'));

    assert.equal(operator.nats.strict_signing_key_usage, true);
    assert.equal(readJwt(auth.accountJwt('control')).iss, keyFromSeed(auth.operatorSigningSeed()).publicKey);
    assert.equal(readUserJwt(auth.credentials('admin').jwt).issuer, index.roles.operator);
    assert.equal(readUserJwt(auth.credentials('master').jwt).issuer, index.roles.master);
    assert.equal(new Set(Object.values(index.roles)).size, 3);
  });
});

describe('the job key', () => {
  test('rotates with an overlap: peels hear first, then it is used, then the old one ends', () => {
    using dir = tempFolder();
    initAuth({ dir: dir.path, now });
    const follow = followAuthDir(dir.path);
    const [before, old] = [bundleOf(follow().index), currentJobKey(follow(), now)];

    const made = rotateJobKeys({ dir: dir.path, now });

    const auth = follow();
    assert.equal(currentJobKey(auth, now).id, old.id);
    assert.equal(currentJobKey(auth, now + 2 * hour).id, made.id);
    const signed = signBundle(bundleOf(auth.index), bundleKeys(auth, now));
    const after = acceptBundle(signed, { trust: before, now });
    assert.equal(after.revision, before.revision + 1);
    assert.deepEqual(
      after.keys.map(({ id }) => id),
      [old.id, made.id],
    );
    assert.ok((after.keys[0]?.notAfter ?? 0) <= now + 30 * day);
  });

  test('in wrong hands ends at once', () => {
    using dir = tempFolder();
    initAuth({ dir: dir.path, now });
    const old = currentJobKey(openAuthDir(dir.path), now);

    const made = rotateJobKeys({ dir: dir.path, now, compromised: true });

    const { index } = openAuthDir(dir.path);
    assert.equal(currentJobKey(openAuthDir(dir.path), now + 1).id, made.id);
    assert.equal(index.jobKeys.find(({ id }) => id === old.id)?.notAfter, now);
  });

  test('that ran out without a successor is said to be missing', () => {
    using dir = tempFolder();
    initAuth({ dir: dir.path, now });

    assert.throws(() => currentJobKey(openAuthDir(dir.path), now + 800 * day), { code: 'JOB_KEY_MISSING' });
  });
});

test('settings keys add up, and each file is checked against its name', () => {
  using dir = tempFolder();
  const { index } = initAuth({ dir: dir.path });
  const made = rotateSettingsKey({ dir: dir.path });
  const auth = openAuthDir(dir.path);

  assert.deepEqual(auth.index.settingsKeys, [...index.settingsKeys, made]);
  assert.equal(keyFromSeed(auth.settingsSeed(made)).publicKey, made);
  writeFile(join(dir.path, 'settings', `${made.slice(0, 12)}.seed`), createKey('curve').seed);
  assert.throws(() => auth.settingsSeed(made), { code: 'KEY_MISMATCH' });
});

describe('an operator', () => {
  test('has a name and a key that are valid, and its own file', () => {
    using dir = tempFolder();
    initAuth({ dir: dir.path });
    addOperator({ dir: dir.path, name: 'bob', now });

    assert.throws(() => addOperator({ dir: dir.path, name: 'bob', now }), { code: 'AUTH_FILE_EXISTS' });
    assert.throws(() => addOperator({ dir: dir.path, name: '../bob', now }), { code: 'AUTH_NAME_INVALID' });
    assert.throws(() => removeOperator({ dir: dir.path, key: 'bob', now }), { code: 'OPERATOR_KEY_INVALID' });
  });
});

test('a server refuses a user that claims grants of its own, or was signed by an account key of another', async () => {
  await using nats = await testNats();
  const { peels: account } = nats.auth.index.accounts;
  const key = createKey('user');
  const stranger = createKey('account');

  const jwt = userJwt({ name: 'web-01', key: key.publicKey, account, now }, stranger.seed);

  await assert.rejects(connect({ ...nats.options({ jwt, seed: key.seed }), reconnect: false }));
});

describe('nats-auth lint', () => {
  const role = createKey('account');
  const account = createKey('account').publicKey;
  const made = (lifetimeMs?: number) => {
    const { publicKey, seed } = createKey('user');
    return { jwt: userJwt({ name: 'alice', key: publicKey, account, now, lifetimeMs }, role.seed), seed };
  };
  const levels = (text: string, at = now) => lintCredentials(text, at).problems.map(({ level }) => level);

  test('finds nothing wrong with good ones', () => {
    assert.deepEqual(levels(formatCredentials(made())), []);
    assert.equal(lintCredentials(formatCredentials(made()), now).expiresAt, undefined);
  });

  test('finds what expired, what soon will, and a seed that is another’s', () => {
    assert.deepEqual(levels(formatCredentials(made(day))), ['warning']);
    assert.deepEqual(levels(formatCredentials(made(day)), now + 2 * day), ['error']);
    assert.deepEqual(levels(formatCredentials({ ...made(), seed: createKey('user').seed })), ['error']);
  });

  test('says what is no credentials file', () => {
    assert.throws(() => lintCredentials('hello', now), { code: 'CREDENTIALS_INVALID' });
  });
});

function tempFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'zester-auth-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}
