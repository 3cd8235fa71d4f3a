import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { enroll } from '#peel/enroll/enroll.ts';
import { memberFiles } from '#peel/enroll/standing.ts';
import { userJwt } from '#trust/account.ts';
import { formatCredentials, parseCredentials, readUserJwt } from '#trust/jwt.ts';
import { type TestEnrollment, testEnrollment } from '../harness/enrollment.ts';
import { tokenFor, until } from '../harness/joining.ts';
import type { Attack } from './attack.ts';
import { type PeelLife, peelLife } from './support/peel-life.ts';

const day = 86_400_000;

/** A peel that was a member, and was then off for long enough: its files, and a way to start it. */
async function formerMember(master: TestEnrollment, id: string) {
  const peel = master.peel(id, { token: await tokenFor(master, {}) });
  await enroll(peel);
  const file = join(peel.authDir, memberFiles.credentials(id));
  const { key } = peel.identity;
  const { index, roleSeed } = master.nats.auth;
  const give = (lifetimeMs: number) => {
    const user = { name: id, key: key.publicKey, account: index.accounts.peels, now: Date.now() - day };
    const jwt = userJwt({ ...user, lifetimeMs: day + lifetimeMs }, roleSeed('peel'));
    writeFileSync(file, formatCredentials({ jwt, seed: key.seed }));
  };
  const start = (settings: Readonly<Record<string, string>> = {}): Promise<PeelLife> =>
    peelLife({ id, auth_dir: peel.authDir, master_urls: master.url, enroll_ca_pin: master.ca.pin, ...settings });
  const expiresAt = () => readUserJwt(parseCredentials(readFileSync(file, 'utf8')).jwt).expiresAtMs;
  return { file, give, start, expiresAt };
}

export const attacks: readonly Attack[] = [
  {
    promise: 'B9',
    name: 'a machine was off until its credentials had expired',
    quick: true,
    async run() {
      await using master = await testEnrollment();
      const { give, start, file, expiresAt } = await formerMember(master, 'web-01');
      give(-60_000);

      await using life = await start();
      await until(() => life.times('Connected') > 0, 15_000);

      assert.ok(expiresAt() > Date.now() + 20 * day);
      const [first, second] = ['Credentials expired; renewing them before connecting', '"msg":"Connecting"'];
      assert.ok(life.log().includes(file) && life.log().indexOf(first) < life.log().indexOf(second), life.log());
      assert.equal(life.times('Cannot connect; trying on'), 0);
    },
  },
  {
    promise: 'B9',
    name: 'a machine comes back with expired credentials, and the only master is away',
    quick: false,
    async run() {
      await using master = await testEnrollment();
      const { give, start } = await formerMember(master, 'web-01');
      give(-60_000);
      const { port } = master.server;
      await master.server[Symbol.asyncDispose]();

      await using life = await start();
      await until(() => life.times('Cannot connect; trying on') > 0, 15_000);
      assert.match(life.log(), /Master passed over.*localhost/);
      assert.match(life.log(), /Cannot connect; trying on.*CREDENTIALS_REFUSED/);
      await using _back = await master.reopen(port);

      await until(() => life.times('Connected') > 0, 60_000);
    },
  },
  {
    promise: 'B9',
    name: 'the credentials of a machine are torn, empty, or of another key when it starts',
    quick: false,
    async run() {
      await using master = await testEnrollment();
      const { start, file, expiresAt } = await formerMember(master, 'web-01');
      const good = readFileSync(file, 'utf8');

      for (const text of [
        good.slice(0, 100),
        '',
        '\0'.repeat(500),
        good.replace(/eyJ[\w-]{20}/, 'eyJhbGciOiJub25lIn0'),
      ]) {
        writeFileSync(file, text);
        await using life = await start();
        await until(() => life.times('Connected') > 0, 15_000);
        assert.match(life.log(), /Credentials of no use; asking a master for new ones/);
        assert.ok(life.log().includes(file));
        assert.ok(expiresAt() > Date.now());
      }
    },
  },
  {
    promise: 'B9',
    name: 'credentials expire while a machine is connected, and its clock does not say so',
    quick: false,
    async run() {
      await using master = await testEnrollment();
      const { give, start, expiresAt } = await formerMember(master, 'web-01');
      // Two thirds of its life are over long before, so the loop renews at once; what is refused is what comes after.
      give(4_000);
      const before = expiresAt();

      await using life = await start();
      await until(() => life.times('Connected') > 0 && expiresAt() > before, 15_000);
      await until(() => Date.now() > before + 1_500, 10_000);
      await until(() => life.times('Connected') > 0 && !life.log().endsWith('"Not connected"'), 10_000);

      assert.doesNotMatch(life.log(), /ENDED/);
    },
  },
  {
    promise: 'B9',
    name: 'the servers refuse credentials that look good to the machine',
    quick: false,
    async run() {
      await using master = await testEnrollment();
      const { start, expiresAt, file } = await formerMember(master, 'web-01');
      const { index, roleSeed } = master.nats.auth;
      const { jwt, seed } = parseCredentials(readFileSync(file, 'utf8'));
      // Of an account that is not ours any more: nothing in it tells the machine.
      const stale = {
        name: 'web-01',
        key: readUserJwt(jwt).key,
        account: index.accounts.control,
        now: Date.now() + day,
      };
      writeFileSync(
        file,
        formatCredentials({ jwt: userJwt({ ...stale, lifetimeMs: 90 * day }, roleSeed('peel')), seed }),
      );
      const before = expiresAt();

      await using life = await start();
      await until(() => life.times('Connected') > 0, 40_000);

      assert.ok(expiresAt() < before);
      assert.match(life.log(), /Cannot connect; trying on.*CREDENTIALS_REFUSED/);
    },
  },
  {
    promise: 'B9',
    name: 'the servers show a machine a certificate of somebody else',
    quick: true,
    async run() {
      await using master = await testEnrollment();
      const { start } = await formerMember(master, 'web-01');

      await using life = await start({ nats_ca: join(master.ca.dir, 'root.crt') });
      await until(() => life.times('Cannot connect; trying on') > 0, 15_000);

      assert.match(life.log(), /"msg":"Connecting".*tls:/);
      assert.match(life.log(), /Cannot connect; trying on.*BUS_UNTRUSTED/);
    },
  },
  {
    promise: 'B9',
    name: 'the credentials file is emptied under a connected machine, and the server goes away and comes back',
    quick: false,
    async run() {
      await using master = await testEnrollment();
      const { start, file } = await formerMember(master, 'web-01');
      await using life = await start();
      await until(() => life.times('Connected') > 0, 15_000);

      writeFileSync(file, '');
      await master.nats.restart();
      await until(() => life.times('Connected') > 1, 40_000);

      await using sys = await connect(master.nats.options(master.nats.credentials.sys));
      await sys.flush();
      assert.doesNotMatch(life.log(), /ENDED/);
    },
  },
];
