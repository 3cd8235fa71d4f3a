import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isError } from '#base/errors.ts';
import { connectBus } from '#bus/connect.ts';
import { formatCredentials } from '#trust/jwt.ts';
import { openReturn } from '#trust/peel-signatures.ts';
import { channels } from '#wire/channels.ts';
import { returnsStream } from '#wire/stores.ts';
import { dispatch, testBus, testMaster, testPeel, until } from '../harness/fleet.ts';
import { testNats } from '../harness/nats.ts';

test('a power cut of the broker loses no return: the peel sends again what was not yet on the broker’s disk', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  await using peel = await testPeel(nats, { id: 'web-01', run: async () => ({ success: true, value: 'kept' }) });
  const alice = nats.credentials.operator('alice');
  await using bus = await testBus(nats, alice, 'alice');
  await until(() => master.master.fleet.size === 1, 'the peel is known');
  const asked = await dispatch(nats, bus, alice, { target: '*', function: 'cmd.run' });
  await asked.done;
  const { jid = '' } = asked.reply;

  await nats.kill();
  await until(() => peel.bus.state === 'disconnected', 'the peel noticed');
  dropUnsynced(join(nats.dir, 'jetstream'));
  await nats.restart();

  const returns = async () =>
    (await bus.request(channels.jobReturns, {}, { jid }).catch(() => undefined))?.returns ?? [];
  const kept = async () => {
    const [stored] = await returns();
    return stored && openReturn(stored.payload, { jid, peel: 'web-01', keys: nats.keysOf('web-01') }).value;
  };
  await until(async () => (await kept()) === 'kept', 'the return is there again', 20_000);
});

test('a full disk on the peel refuses work with its reason, and runs nothing it could not report', async (context) => {
  if (process.getuid?.() !== 0) return context.skip('only root can mount a small disk');
  const disk = mkdtempSync(join(tmpdir(), 'zester-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', disk]);
  try {
    await using nats = await testNats();
    await using master = await testMaster(nats);
    let runs = 0;
    const run = async () => {
      runs++;
      return { success: true };
    };
    await using _peel = await testPeel(nats, { id: 'web-01', dataDir: disk, run });
    const alice = nats.credentials.operator('alice');
    await using bus = await testBus(nats, alice, 'alice', false);
    await until(() => master.master.fleet.size === 1, 'the peel is known');
    execFileSync('sh', ['-c', `cat /dev/zero > ${disk}/filler 2>/dev/null || true`]);

    const refused = await dispatch(nats, bus, alice, { target: '*', function: 'cmd.run' });
    await refused.done;
    rmSync(join(disk, 'filler'));
    const accepted = await dispatch(nats, bus, alice, { target: '*', function: 'cmd.run' });
    await accepted.done;

    const answer = refused.returns.get('web-01');
    assert.equal(answer?.status, 'refused');
    assert.equal(answer?.error?.code, 'JOURNAL_UNWRITABLE');
    assert.match(answer?.error?.hint ?? '', /make room/);
    assert.equal(accepted.returns.get('web-01')?.success, true);
    assert.equal(runs, 1);
  } finally {
    execFileSync('umount', ['-l', disk]);
    rmSync(disk, { recursive: true, force: true });
  }
});

test('credentials of another environment are refused at once, with what to do', async () => {
  await using nats = await testNats();
  await using other = await testNats();
  const credentials = formatCredentials(other.credentials.operator('mallory'));

  const attempt = connectBus({ servers: [nats.url], ca: nats.ca, credentials, name: 'mallory', retry: false });

  await assert.rejects(attempt, (error) => isError(error, 'CREDENTIALS_REFUSED') && /--creds/.test(error.hint ?? ''));
});

test('a server that shows the certificate of another CA is not trusted', async () => {
  await using nats = await testNats();
  await using other = await testNats();
  const credentials = formatCredentials(nats.credentials.operator('alice'));

  const attempt = connectBus({ servers: [nats.url], ca: other.ca, credentials, name: 'alice', retry: false });

  await assert.rejects(attempt, (error) => isError(error, 'BUS_UNTRUSTED'));
});

test('plain text is refused before anything is sent', async () => {
  await assert.rejects(
    connectBus({ servers: ['nats://127.0.0.1:4222'], credentials: '', name: 'x', retry: false }),
    (error) => isError(error, 'PLAINTEXT_REFUSED') && /tls:\/\/127.0.0.1:4222/.test(error.hint ?? ''),
  );
});

/** What a power cut does to a stream that persists asynchronously: its messages are gone, itself it is not. */
function dropUnsynced(store: string): void {
  const found = readdirSync(store, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith(join('streams', returnsStream.name, 'msgs')),
  );
  assert.equal(found.length, 1);
  for (const path of found) {
    for (const name of readdirSync(join(store, path)))
      rmSync(join(store, path, name), { recursive: true, force: true });
  }
}
