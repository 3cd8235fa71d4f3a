import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inflateSync } from 'node:zlib';
import { newJid } from '#base/ids.ts';
import { root } from '../../tools/source.ts';
import type { Attack } from './attack.ts';
import { type Machine, machine, peelId } from './support/machine.ts';

export const attacks: readonly Attack[] = [
  {
    promise: 'B10',
    name: 'a command prints 200 MB on both streams',
    quick: false,
    async run() {
      await using at = await machine();
      const cmd = 'yes stdout-line | head -c 200000000; yes stderr-line | head -c 200000000 >&2';
      const peak = peakOf(at);

      const returned = await at.run('cmd.run', { cmd }, 120_000);
      const megabytes = peak.stop();

      assert.equal(returned.success, true, returned.error?.message ?? 'no reason');
      const value = String(returned.value);
      assert.ok(value.length < 3_000_000, `${value.length} letters`);
      assert.match(value, /of 200000000 bytes are left out here; the whole: zester job output \w+ --stream stdout\]/);
      assert.match(value, /--stream stderr\]/);
      assert.ok(megabytes < 400, `a runner took ${megabytes} MB`);
      const hash = createHash('sha256');
      let offset = 0;
      for (let total = 1; offset < total; ) {
        const args = { jid: returned.jid, stream: 'stderr', offset, length: 4 * 1024 * 1024, deflate: true };
        const part = (await at.run('job.output', args)).value as Record<string, unknown>;
        hash.update(inflateSync(part.data as Uint8Array));
        total = Number(part.total);
        offset += Number(part.bytes);
        if (offset >= total) assert.equal(hash.digest('hex'), part.sha256);
      }
      assert.equal(offset, 200_000_000);
    },
  },
  {
    promise: 'B10',
    name: 'the disk is full before an output is kept',
    quick: true,
    async run() {
      // A small disk of its own, in a namespace of its own: nothing of it is left behind.
      const small = 'mount -t tmpfs -o size=2m none "$0" && exec "$@"';
      const folder = mkdtempSync(join(tmpdir(), 'zester-full-'));
      try {
        const script = join(root, 'test/attacks/support/spill.ts');
        const argv = [
          '--mount',
          '--propagation',
          'private',
          'sh',
          '-c',
          small,
          folder,
          process.execPath,
          script,
          folder,
        ];
        const { stdout, stderr, status } = spawnSync('unshare', argv, { encoding: 'utf8', cwd: root });

        // Without the right to mount, there is no full disk to be had.
        if (/permission denied|not permitted/i.test(stderr)) return;
        assert.equal(status, 0, stderr);
        assert.match(stdout, /^only the first \d+ could be kept .*: ENOSPC/);
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  },
  {
    promise: 'B10',
    name: 'functions give back more than any return holds',
    quick: false,
    async run() {
      await using at = await machine();
      const { pid } = at.peel;
      writeFileSync(join(at.folder, 'large'), Buffer.alloc(100_000_000, 'x'));
      mkdirSync(join(at.folder, 'many'));
      for (let each = 0; each < 40; each++) writeFileSync(join(at.folder, 'many', `${'n'.repeat(200)}${each}`), '');

      const read = await at.run('file.read', { path: join(at.folder, 'large') }, 120_000);
      const echoed = await at.run('cmd.run_all', {
        cmd: `head -c 6000000 /dev/zero; head -c 6000000 /dev/urandom >&2`,
      });
      const hundred = await at.run('cmd.run', { cmd: 'yes | head -c 9000000', shell: '/bin/sh' });

      assert.equal(read.success, true, read.error?.message ?? 'no reason');
      assert.match(String(read.value), /\[\d+ of 100000000 bytes are left out here/);
      assert.equal(echoed.success, true, echoed.error?.message ?? 'no reason');
      assert.equal(hundred.success, true);
      assert.equal(at.peel.pid, pid);
      assert.equal(at.peel.exitCode, null);
      assert.equal((await at.run('test.ping')).value, true);
    },
  },
  {
    promise: 'B10',
    name: 'an operator reads files of the peel through the names of outputs',
    quick: false,
    async run() {
      await using at = await machine();
      const jid = newJid();
      const outputs = join(at.dataDir, 'outputs', jid);
      mkdirSync(outputs, { recursive: true });
      writeFileSync(join(at.folder, 'seed'), 'SECRET');
      symlinkSync(join(at.folder, 'seed'), join(outputs, 'stdout'));
      const asked: Record<string, unknown>[] = [
        { jid, stream: 'stdout' },
        { jid, stream: `../../../attack/seed` },
        { jid, stream: join(at.folder, 'seed') },
        { jid: `../../attack/seed`, stream: 'stdout' },
        { jid: '../auth', stream: `${peelId}.creds` },
        { jid: `${jid}/../../auth`, stream: 'stdout' },
        { jid, stream: 'stdout\0/seed' },
      ];

      for (const args of asked) {
        const { success, value, error } = await at.run('job.output', args);

        assert.equal(success, false, JSON.stringify(args));
        assert.equal(value, undefined);
        assert.match(error?.code ?? '', /^(OUTPUT_NOT_KEPT|JID_INVALID)$/);
      }
    },
  },
];

/** The most memory a runner had, in MB, looked at all the time. */
function peakOf(at: Machine): { stop(): number } {
  let most = 0;
  const timer = setInterval(() => {
    for (const { pid } of at.runners()) {
      const status = readStatus(pid);
      most = Math.max(most, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1_024);
    }
  }, 50);
  return {
    stop() {
      clearInterval(timer);
      return Math.round(most);
    },
  };
}

function readStatus(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'utf8');
  } catch {
    return '';
  }
}
