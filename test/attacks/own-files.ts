import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isError } from '#base/errors.ts';
import { newJid } from '#base/ids.ts';
import { silentLog } from '#base/log.ts';
import { enroll } from '#peel/enroll/enroll.ts';
import { identityFiles, resolveIdentity } from '#peel/enroll/identity.ts';
import { readBundle, writeBundle } from '#peel/enroll/trust-store.ts';
import { takeDataFolder } from '#peel/resident/data-lock.ts';
import { openStateFiles } from '#peel/resident/files.ts';
import { openRunStore } from '#peel/runner/kept-runs.ts';
import { findText, writeFile } from '#trust/files.ts';
import { bundleOf } from '#trust/rotate.ts';
import { testEnrollment } from '../harness/enrollment.ts';
import { testBus, testMaster, until } from '../harness/fleet.ts';
import { testNats } from '../harness/nats.ts';
import type { Attack } from './attack.ts';
import { disk, flip, flipped } from './support/disk.ts';

const program = join(import.meta.dirname, '../../src/bin/zester-peel.ts');
const holder = join(import.meta.dirname, 'support/lock-holder.ts');

/** A real peel that no master answers: it goes on asking. */
function startPeel(data: string, auth: string) {
  const options = { data_dir: data, auth_dir: auth, id: 'web-01', master_urls: 'https://127.0.0.1:1', health_addr: '' };
  const flags = Object.entries(options).map(([key, value]) => `--${key.replaceAll('_', '-')}=${value}`);
  const child = spawn(process.execPath, [program, ...flags, '--enroll-trust=tofu'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      said += chunk;
    });
  }
  return {
    child,
    ended: once(child, 'exit'),
    get said() {
      return said;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}

export const attacks: readonly Attack[] = [
  {
    promise: 'B14',
    name: 'a second peel is started on the data folder of a running one, and a third when that was killed',
    quick: true,
    async run() {
      using at = disk();
      const data = join(at.path, 'data');
      await using first = startPeel(data, join(at.path, 'auth'));
      await until(
        () => first.said.includes('No master answers') || existsSync(join(at.path, 'auth/web-01.seed')),
        'it runs',
      );
      await using second = startPeel(data, join(at.path, 'auth-2'));

      const [code] = await second.ended;

      assert.equal(code, 1);
      assert.match(second.said, /DATA_DIR_TAKEN/);
      assert.ok(second.said.includes(data) && second.said.includes(String(first.child.pid)), second.said);
      assert.ok(!existsSync(join(at.path, 'auth-2')), 'it touched nothing');
      assert.equal(first.child.exitCode, null);
      first.child.kill('SIGKILL');
      await first.ended;
      await using third = startPeel(data, join(at.path, 'auth-3'));
      await until(() => existsSync(join(at.path, 'auth-3/web-01.seed')), 'the folder is free again');
      assert.equal(third.child.exitCode, null);
    },
  },
  {
    promise: 'B14',
    name: 'a peel is killed and a command that it started lives on: the data folder is free all the same',
    quick: true,
    async run() {
      using at = disk();
      const dead = spawn(process.execPath, [holder, at.path], { stdio: ['ignore', 'pipe', 'inherit'] });
      const [said] = (await once(dead.stdout, 'data')) as [Buffer];
      const survivor = Number(String(said));
      try {
        assert.throws(
          () => takeDataFolder(at.path),
          (error) => isError(error, 'DATA_DIR_TAKEN') && error.message.includes(String(dead.pid)),
        );
        dead.kill('SIGKILL');
        await once(dead, 'exit');

        using _taken = takeDataFolder(at.path);

        process.kill(survivor, 0);
      } finally {
        process.kill(survivor, 'SIGKILL');
      }
    },
  },
  {
    promise: 'B14',
    name: 'every byte of the trusted keys is flipped or cut off: no other keys are believed',
    quick: true,
    async run() {
      await using nats = await testNats();
      using at = disk();
      const path = join(at.path, 'trust.bundle');
      const bundle = bundleOf(nats.auth.index);
      writeBundle(path, bundle);
      const sound = readFileSync(path);
      for (let offset = 0; offset < sound.length; offset++) {
        for (const bytes of [flipped(sound, offset), flipped(sound, offset, 0x01), sound.subarray(0, offset)]) {
          writeFileSync(path, bytes);
          try {
            assert.deepEqual(readBundle(path), bundle, `byte ${offset}`);
          } catch (error) {
            assert.ok(isError(error, 'TRUST_UNREADABLE'), `byte ${offset}: ${error}`);
          }
        }
      }
    },
  },
  {
    promise: 'B14',
    name: 'the trusted keys of a member are torn: it asks for them anew with the key that was approved, nobody has to act',
    quick: true,
    async run() {
      await using master = await testEnrollment();
      const { token = '' } = await master.decide({ action: 'token-create' });
      const peel = master.peel('web-01', { token });
      const { trustFile } = await enroll(peel);
      const before = readBundle(trustFile);
      for (const torn of [Buffer.alloc(0), readFileSync(trustFile).subarray(0, 30)]) {
        writeFileSync(trustFile, torn);

        // The token is spent, and was not given again.
        const { token: _, ...again } = peel;
        await enroll(again);

        assert.deepEqual(readBundle(trustFile), before);
        assert.ok(peel.lines.some((line) => line.includes('TRUST_UNREADABLE')));
      }
    },
  },
  {
    promise: 'B14',
    name: 'every byte of the pinned id is flipped or cut off: the peel is itself or says that it cannot tell',
    quick: true,
    async run() {
      using at = disk();
      const hostname = () => 'web-01.example.com';
      const resolve = (name: () => string) =>
        resolveIdentity({ authDir: at.path, hostname: name, hostsFile: '/dev/null' });
      const { peel } = resolve(hostname);
      const path = join(at.path, identityFiles.pinnedId);
      const sound = readFileSync(path);
      for (let offset = 0; offset < sound.length; offset++) {
        for (const bytes of [flipped(sound, offset), flipped(sound, offset, 0x01), sound.subarray(0, offset)]) {
          writeFileSync(path, bytes);
          try {
            assert.equal(resolve(() => 'another.example.com').peel, peel, `byte ${offset}`);
          } catch (error) {
            assert.ok(isError(error, 'PEEL_ID_DAMAGED'), `byte ${offset}: ${error}`);
          }
        }
      }
    },
  },
  {
    promise: 'B14',
    name: 'every byte of what a run changed is flipped: it is taken back whole or not at all',
    quick: true,
    async run() {
      using at = disk();
      const store = openRunStore(at.path);
      const jid = newJid();
      const keep = store.begin({ jid, function: 'state.apply', at: 1 });
      const entry = (id: string) => ({ id, state: 'file.managed', args: { name: `/${id}` }, changes: {} });
      for (const id of ['a', 'b', 'c']) keep(entry(id));
      const path = join(at.path, jid);
      const whole = store.run(jid);
      const sound = readFileSync(path);
      for (let offset = 0; offset < sound.length; offset++) {
        writeFileSync(path, flipped(sound, offset));
        try {
          assert.deepEqual(store.run(jid), whole, `byte ${offset}`);
        } catch (error) {
          assert.ok(isError(error, 'RUN_RECORD_DAMAGED'), `byte ${offset}: ${error}`);
        }
      }
    },
  },
  {
    promise: 'B14',
    name: 'a file of the state tree on the peel is emptied or changed while it is down: what is applied is what was published',
    quick: true,
    async run() {
      await using nats = await testNats();
      using states = disk();
      using cache = disk();
      writeFileSync(join(states.path, 'web.zy'), 'web: test.nop\n');
      writeFileSync(join(states.path, 'db.zy'), 'db: test.nop\n');
      await using master = await testMaster(nats, { statesDir: states.path });
      await master.master.publishFiles();
      await using bus = await testBus(nats, nats.credentials.peel('web-01'), 'web-01');
      const options = { bus, cache: cache.path, trust: () => bundleOf(nats.auth.index), log: silentLog };
      const first = await openStateFiles(options);
      await first.sync();
      const file = join(first.tree.folders.base?.[0] ?? '', 'web.zy');
      for (const harm of [() => writeFileSync(file, ''), () => flip(file, 3), () => rmSync(file)]) {
        harm();

        const next = await openStateFiles(options);
        assert.notDeepEqual(next.tree.folders, first.tree.folders, 'what is damaged is not believed');
        await next.sync();

        assert.equal(readFileSync(file, 'utf8'), 'web: test.nop\n');
        assert.deepEqual(next.tree.folders, first.tree.folders);
      }
    },
  },
  {
    promise: 'B14',
    name: 'a key cannot be written, or its name is a folder or a link: nothing half is left, and trouble is no absence',
    quick: true,
    async run() {
      using at = disk();
      const path = join(at.path, 'web-01.seed');
      const elsewhere = join(at.path, 'elsewhere');
      writeFileSync(elsewhere, 'not yours');

      mkdirSync(path);
      assert.throws(() => writeFile(path, 'secret'), { code: 'AUTH_FILE_UNWRITABLE' });
      assert.throws(() => findText(path), { code: 'AUTH_FILE_UNREADABLE' });
      rmSync(path, { recursive: true });
      symlinkSync(elsewhere, path);
      writeFile(path, 'secret');

      assert.equal(readFileSync(elsewhere, 'utf8'), 'not yours');
      assert.equal(findText(path), 'secret');
      assert.deepEqual(readdirSync(at.path).sort(), ['elsewhere', 'web-01.seed']);
    },
  },
];
