import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parseCredentials, readUserJwt } from '#trust/jwt.ts';
import { decode } from '#wire/codec.ts';
import { TrustBundle } from '#wire/enroll.ts';
import { type TestEnrollment, testEnrollment } from '../../../test/harness/enrollment.ts';
import { findAnchor } from './anchor.ts';
import { enroll } from './enroll.ts';
import { resolveIdentity } from './identity.ts';
import { keepRenewed } from './renewal.ts';
import { writeBundle } from './trust-store.ts';

const day = 86_400_000;

describe('identity', () => {
  test('is settled once: keys and id survive a new host name', () => {
    using dir = tempFolder();
    const first = resolveIdentity({ authDir: dir.path, hostname: () => 'Web-01.Example.com' });

    const second = resolveIdentity({ authDir: dir.path, hostname: () => 'other.example.com' });

    assert.equal(first.peel, 'web-01_example_com');
    assert.deepEqual(second, first);
    for (const file of ['web-01_example_com.seed', 'web-01_example_com.curve.seed', 'peel-id']) {
      assert.equal(statSync(join(dir.path, file)).mode & 0o777, 0o600, file);
    }
    assert.equal(statSync(dir.path).mode & 0o777, 0o700);
  });

  test('takes the id of the options without pinning it', () => {
    using dir = tempFolder();

    assert.equal(resolveIdentity({ authDir: dir.path, id: 'db.example.com' }).peel, 'db_example_com');
    assert.equal(resolveIdentity({ authDir: dir.path, hostname: () => 'web' }).peel, 'web');
    assert.throws(() => resolveIdentity({ authDir: dir.path, id: 'db_1' }), { code: 'PEEL_ID_INVALID' });
  });

  test('finds the full name of a short one in the hosts file', () => {
    using dir = tempFolder();
    const hostsFile = join(dir.path, 'hosts');
    writeFileSync(
      hostsFile,
      '127.0.0.1 localhost\n# 10.0.0.1 web.wrong.example web\n10.0.0.5 web.example.com web # us\n',
    );

    assert.equal(resolveIdentity({ authDir: dir.path, hostname: () => 'web', hostsFile }).peel, 'web_example_com');
  });

  test('refuses names that are nobody’s in particular', () => {
    for (const name of ['localhost', 'localhost.localdomain', '', '(none)', '10.0.0.1', 'my_host', 'a b']) {
      using dir = tempFolder();
      const sources = { authDir: dir.path, hostname: () => name, hostsFile: join(dir.path, 'none') };
      assert.throws(() => resolveIdentity(sources), { code: /HOSTNAME_UNUSABLE|PEEL_ID_INVALID/ }, name);
    }
  });

  test('refuses a damaged seed instead of becoming somebody else', () => {
    using dir = tempFolder();
    resolveIdentity({ authDir: dir.path, id: 'web' });
    writeFileSync(join(dir.path, 'web.seed'), 'SUAnonsense');

    assert.throws(() => resolveIdentity({ authDir: dir.path, id: 'web' }), { code: 'KEY_INVALID' });
  });
});

describe('trust in a master', () => {
  test('is by the pin: the very root it names is kept, and used from then on', async () => {
    await using master = await testEnrollment();
    const peel = master.peel('web-01');

    const anchor = await findAnchor(peel);
    const kept = await findAnchor({ ...peel, masterUrls: [] });

    assert.equal(anchor.pin, master.ca.pin);
    assert.deepEqual(kept.pin, master.ca.pin);
  });

  test('is refused when no pin fits, on the way in and on disk', async () => {
    await using master = await testEnrollment();
    const wrong = [`sha256:${'0'.repeat(64)}`];

    await assert.rejects(findAnchor(master.peel('web-01', { pins: wrong })), { code: 'CA_PIN_MISMATCH' });
    const peel = master.peel('web-02');
    await findAnchor(peel);
    await assert.rejects(findAnchor({ ...peel, pins: wrong }), { code: 'CA_PIN_MISMATCH' });
  });

  test('of an impostor ends before anything is sent, and is said once', async () => {
    await using master = await testEnrollment();
    await using impostor = await testEnrollment();
    const peel = stoppable(master, { masterUrls: [impostor.url] });

    const joining = enroll(peel.options);
    await until(() => peel.waits() > 3);
    peel.stop();
    await assert.rejects(joining);

    const lines = peel.options.lines.filter((line) => line.includes('CA_PIN_MISMATCH'));
    assert.equal(lines.length, 1);
    assert.deepEqual(impostor.service.list({}).enrollments, []);
  });

  test('without a pin is the system’s store, and not whoever answers first', async () => {
    await using master = await testEnrollment();
    const peel = stoppable(master, { pins: [] });

    const joining = enroll(peel.options);
    await until(() => peel.waits() > 0);
    peel.stop();
    await assert.rejects(joining);

    assert.match(peel.options.lines.join(''), /MASTER_UNTRUSTED/);
    assert.deepEqual(master.service.list({}).enrollments, []);
  });

  test('on first use is there for who switches it on, and tells the master which root it took', async () => {
    await using master = await testEnrollment();
    const { token = '' } = await master.decide({ action: 'token-create' });
    const peel = master.peel('web-01', { pins: [], tofu: true, token });

    await enroll(peel);

    assert.match(peel.lines.join(''), /Trusting the first master met/);
    assert.equal(master.service.holder('web-01')?.trust, 'ok');
  });
});

describe('enrolment', () => {
  test('leaves everything on disk, credentials last and for its owner only', async () => {
    await using master = await testEnrollment();
    const { token = '' } = await master.decide({ action: 'token-create' });
    const peel = master.peel('web-01', { token });

    const member = await enroll(peel);

    const { seed, jwt } = parseCredentials(member.credentials());
    assert.equal(seed, peel.identity.key.seed);
    assert.equal(readUserJwt(jwt).name, 'web-01');
    assert.deepEqual(member.natsUrls, [master.nats.url]);
    assert.equal(readFileSync(member.natsCaFile, 'utf8'), master.nats.ca);
    const bundle = TrustBundle.parse(decode(readFileSync(member.trustFile)));
    assert.deepEqual(bundle.operatorIssuers, [master.nats.auth.index.roles.operator]);
    for (const file of ['web-01.creds', 'web-01.seed', 'trust.bundle']) {
      assert.equal(statSync(join(peel.authDir, file)).mode & 0o777, 0o600, file);
    }
  });

  test('is straight through when the credentials are on disk, without a master', async () => {
    await using master = await testEnrollment();
    const { token = '' } = await master.decide({ action: 'token-create' });
    const peel = master.peel('web-01', { token });
    await enroll(peel);

    const member = await enroll({ ...peel, masterUrls: ['https://localhost:1'] });

    assert.match(member.credentials(), /BEGIN NATS USER JWT/);
  });

  test('passes over a master that is away', async () => {
    await using master = await testEnrollment();
    const { token = '' } = await master.decide({ action: 'token-create' });
    const peel = master.peel('web-01', { token, masterUrls: ['https://localhost:1', master.url] });

    await enroll(peel);

    assert.doesNotMatch(peel.lines.join(''), /"level":"error"/);
  });

  test('goes on asking when it was turned away, and says how to let it in', async () => {
    await using master = await testEnrollment();
    const peel = master.peel('web-01');
    const joining = enroll(peel);
    await until(() => master.service.list({ state: 'pending' }).enrollments?.length === 1);
    await master.decide({ action: 'reject', peel: 'web-01', reason: 'who is this' });
    await until(() => peel.lines.some((line) => line.includes('Not enrolled')));

    master.clock.advance(11 * 60_000);
    await until(() => master.service.list({ state: 'pending' }).enrollments?.length === 1);
    await master.decide({ peel: 'web-01' });
    await joining;

    const line = peel.lines.find((each) => each.includes('Not enrolled')) ?? '';
    assert.match(line, /who is this/);
    assert.match(line, new RegExp(`${peel.fingerprint}`));
    assert.match(line, /zester enroll approve --peel web-01/);
  });

  test('with a wrong token names the token', async () => {
    await using master = await testEnrollment();
    const peel = stoppable(master, { token: 'tok-x.wrong' });

    const joining = enroll(peel.options);
    await until(() => peel.waits() > 0);
    peel.stop();
    await assert.rejects(joining);

    assert.match(peel.options.lines.join(''), /TOKEN_INVALID.*join_token/);
  });

  test('over plain http is refused', async () => {
    await using master = await testEnrollment();
    const peel = stoppable(master, { masterUrls: [master.url.replace('https', 'http')] });

    const joining = enroll(peel.options);
    await until(() => peel.waits() > 0);
    peel.stop();
    await assert.rejects(joining);

    assert.match(peel.options.lines.join(''), /MASTER_URL_INVALID/);
  });
});

describe('credentials', () => {
  test('are renewed at two thirds of their life, not before', async () => {
    await using master = await testEnrollment();
    const { token = '' } = await master.decide({ action: 'token-create' });
    const peel = stoppable(master, { token });
    const member = await enroll(peel.options);
    const before = member.credentials();

    const renewing = keepRenewed(peel.options);
    master.clock.advance(19 * day);
    const waited = peel.waits();
    await until(() => peel.waits() > waited + 5);
    assert.equal(member.credentials(), before);
    master.clock.advance(2 * day);
    await until(() => member.credentials() !== before);
    peel.stop();
    await renewing;

    const { expiresAtMs } = readUserJwt(parseCredentials(member.credentials()).jwt);
    assert.ok(expiresAtMs > Date.now() + 50 * day);
  });

  test('that expired while the peel was off are renewed all the same', async () => {
    await using master = await testEnrollment({ credentialLifetimeMs: day });
    const { token = '' } = await master.decide({ action: 'token-create' });
    const peel = stoppable(master, { token });
    const member = await enroll(peel.options);
    const before = member.credentials();

    master.clock.advance(3 * day);
    const renewing = keepRenewed(peel.options);
    await until(() => member.credentials() !== before);
    peel.stop();
    await renewing;
  });

  test('bring the keys to believe along, and never older ones', async () => {
    await using master = await testEnrollment();
    const { token = '' } = await master.decide({ action: 'token-create' });
    const told: number[] = [];
    const peel = stoppable(master, { token, onTrust: ({ revision }) => void told.push(revision) });
    const member = await enroll(peel.options);
    const before = member.credentials();
    const bundle = TrustBundle.parse(decode(readFileSync(member.trustFile)));
    writeBundle(member.trustFile, { ...bundle, revision: 9 });

    master.clock.advance(25 * day);
    const renewing = keepRenewed(peel.options);
    await until(() => member.credentials() !== before);
    peel.stop();
    await renewing;

    assert.deepEqual(told, [bundle.revision, 9]);
  });

  test('of a revoked peel are not renewed, and it says so', async () => {
    await using master = await testEnrollment();
    const { token = '' } = await master.decide({ action: 'token-create' });
    const peel = stoppable(master, { token });
    await enroll(peel.options);
    await master.decide({ action: 'revoke', peel: 'web-01' });

    master.clock.advance(25 * day);
    const renewing = keepRenewed(peel.options);
    await until(() => peel.options.lines.some((line) => line.includes('ENROLL_REVOKED')));
    peel.stop();
    await renewing;
  });
});

function stoppable(master: TestEnrollment, options: Parameters<TestEnrollment['peel']>[1]) {
  const stopping = new AbortController();
  let waits = 0;
  const wait = async () => {
    waits++;
    await new Promise((resolve) => setTimeout(resolve, 2));
  };
  const made = master.peel('web-01', { wait, signal: stopping.signal, ...options });
  return { options: made, waits: () => waits, stop: () => stopping.abort() };
}

function tempFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'zester-identity-'));
  chmodSync(path, 0o700);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

async function until(claim: () => boolean, withinMs = 8_000): Promise<void> {
  const end = Date.now() + withinMs;
  while (!claim()) {
    assert.ok(Date.now() < end, `not so within ${withinMs} ms: ${claim}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
