import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { sweep } from './claim.ts';
import { throwAwayHost } from './host.ts';
import { probe, skipReason } from './probe.ts';

describe('a copy of this machine', { skip: await skipReason('plain') }, () => {
  test('keeps what happens in it to itself', async () => {
    const mounts = mountsOfThisMachine();
    const hostname = fs.readFileSync('/proc/sys/kernel/hostname', 'utf8');
    const swappiness = fs.readFileSync('/proc/sys/vm/swappiness', 'utf8');
    const before = Date.now();
    await using host = await throwAwayHost({ name: 'alone' });

    const script = [
      'useradd zt-alone && id -u zt-alone >/dev/null && rm /etc/hosts /bin/ls',
      'echo changed > /etc/hostname; hostname changed; mount -t tmpfs tmpfs /mnt',
      'date -s @0; echo 1 > /proc/sys/vm/swappiness; ip link add zt0 type bridge',
    ].join('; ');
    const { stderr } = await host.run(['sh', '-c', script]);

    assert.match(stderr, /cannot set date[\s\S]*Read-only file system[\s\S]*not permitted/);
    assert.ok(!fs.readFileSync('/etc/passwd', 'utf8').includes('zt-alone'));
    assert.ok(fs.existsSync('/bin/ls') && fs.existsSync('/etc/hosts'));
    assert.deepEqual(mountsOfThisMachine(), mounts);
    assert.equal(fs.readFileSync('/proc/sys/kernel/hostname', 'utf8'), hostname);
    assert.equal(fs.readFileSync('/proc/sys/vm/swappiness', 'utf8'), swappiness);
    assert.ok(Date.now() >= before);
  });

  test('sees a folder whose name has spaces', async () => {
    const folder = fs.mkdtempSync(`${tmpdir()}/zester hosts `);
    using _removed = { [Symbol.dispose]: () => fs.rmSync(folder, { recursive: true }) };
    for (const name of ['to write', 'to read']) fs.mkdirSync(`${folder}/${name}`);
    const [written, read] = [`${folder}/to write`, `${folder}/to read`];
    await using host = await throwAwayHost({ name: 'spaces', binds: [written], reads: [read] });

    const { code } = await host.run(['touch', `${written}/here`]);
    const refused = await host.run(['touch', `${read}/here`]);

    assert.deepEqual([code, fs.readdirSync(written)], [0, ['here']]);
    assert.match(refused.stderr, /Read-only file system/);
  });

  test('runs several at a time, each with its own name, files and processes', async () => {
    const names = ['one', 'two', 'three'];
    const hosts = await Promise.all(names.map((name) => throwAwayHost({ name })));

    const script = 'hostname; cat /etc/hostname; echo here > /x; ls /x; cat /etc/machine-id >&2';
    const seen = await Promise.all(hosts.map((host) => host.run(['sh', '-c', script])));

    assert.deepEqual(
      seen.map(({ stdout }) => stdout),
      names.map((name) => `${name}\n${name}\n/x\n`),
    );
    assert.equal(new Set(seen.map(({ stderr }) => stderr)).size, 3);
    assert.ok(!fs.existsSync('/x'));
    for (const host of hosts) await host.kill();
  });

  test('reaches a server on the machine’s loopback, unless it has a network of its own', async () => {
    const server = createServer((socket) => socket.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' ? address?.port : undefined;
    const ask = ['bash', '-c', `cat < /dev/tcp/127.0.0.1/${port}`];
    await using shared = await throwAwayHost({ name: 'shared' });
    await using own = await throwAwayHost({ name: 'own', network: 'own' });

    assert.equal((await shared.run(ask)).stdout, 'hello');
    const refused = await own.run(ask);
    assert.deepEqual([refused.stdout, refused.code], ['', 1]);
    assert.equal((await own.run(['ip', 'route'])).stdout, '');
    await new Promise((resolve) => server.close(resolve));
  });

  test('sees folders it was given, and its own working directory, environment and input', async () => {
    const folder = fs.mkdtempSync('/tmp/zester-bind-');
    fs.writeFileSync(`${folder}/in`, 'from outside');
    await using host = await throwAwayHost({ name: 'bound', binds: [folder] });

    const options = { cwd: folder, env: { WORD: 'a b' }, input: 'typed' };
    const { stdout } = await host.run(['sh', '-c', 'cat in; echo "; $WORD"; cat; echo out > out'], options);

    assert.equal(stdout, 'from outside; a b\ntyped');
    assert.equal(fs.readFileSync(`${folder}/out`, 'utf8'), 'out\n');
    fs.rmSync(folder, { recursive: true });
  });

  test('runs a program that lies where its own /tmp would hide it, and cannot change it', async () => {
    const folder = fs.mkdtempSync('/tmp/zester-clone-');
    fs.writeFileSync(`${folder}/program`, '#!/bin/sh\necho "ran as $0"\n', { mode: 0o755 });
    await using hidden = await throwAwayHost({ name: 'hidden' });
    await using seen = await throwAwayHost({ name: 'seen', reads: [folder] });

    const without = await hidden.run([`${folder}/program`]);
    const { stdout } = await seen.run([`${folder}/program`]);
    const changed = await seen.run(['sh', '-c', `echo changed > ${folder}/program`]);

    assert.equal(without.code, 127);
    assert.equal(stdout, `ran as ${folder}/program\n`);
    assert.match(changed.stderr, /Read-only file system/);
    fs.rmSync(folder, { recursive: true });
  });

  test('takes its processes and its folder with it', async () => {
    const host = await throwAwayHost({ name: 'gone' });
    const child = host.spawn(['sh', '-c', 'echo up; sleep 300'], { stdio: ['ignore', 'pipe', 'ignore'] });
    await new Promise((resolve) => child.stdout?.once('data', resolve));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    await host.kill();
    await ended;

    await gone(host.leader);
    assert.equal(claimed('gone').length, 0);
  });

  test('dies with the process that started it, and is swept away by the next', async () => {
    const starter = spawn(process.execPath, [fileURLToPath(new URL('orphan.ts', import.meta.url))], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const leader = await new Promise<number>((resolve) => starter.stdout.once('data', (line) => resolve(Number(line))));
    const exited = new Promise((resolve) => starter.once('exit', resolve));
    assert.ok(!isGone(leader));
    starter.kill('SIGKILL');
    await exited;

    await gone(leader);
    assert.equal(claimed('orphan').length, 1);
    sweep();
    assert.equal(claimed('orphan').length, 0);
  });
});

describe('a Debian with systemd', { skip: await skipReason('systemd') }, () => {
  test('boots, is alone, and leaves nothing', async () => {
    const host = await throwAwayHost({ name: 'debian', systemd: true });

    const { stdout } = await host.run(['sh', '-c', 'cat /proc/1/comm; hostname; ip route; systemctl is-active dbus']);
    assert.equal(stdout, 'systemd\ndebian\nactive\n');
    const clock = await host.run(['timedatectl', 'set-time', '2000-01-01']);
    assert.notEqual(clock.code, 0);

    await host.kill();
    await gone(host.leader);
    assert.equal(claimed('debian').length, 0);
  });
});

test('what this machine can do is said in words', () => {
  for (const answer of Object.values(probe())) assert.ok(answer === true || answer.length > 10);
});

function claimed(name: string): readonly string[] {
  const places = ['/tmp/zester-hosts', '/sys/fs/cgroup/zester-hosts', '/sys/fs/cgroup/unified/zester-hosts'];
  const names = places.flatMap((place) => (fs.existsSync(place) ? fs.readdirSync(place) : []));
  return names.filter((each) => each.endsWith(`-${name}`));
}

/** Gone, or a zombie that nobody has reaped yet. */
/** Waits for it: the kernel takes a moment, and the end of the test's time is the deadline. */
async function gone(pid: number): Promise<void> {
  while (!isGone(pid)) await new Promise((resolve) => setImmediate(resolve));
}

function isGone(pid: number): boolean {
  try {
    return / [ZX] /.test(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

/** Other tests mount small disks in temp folders meanwhile. */
function mountsOfThisMachine(): readonly string[] {
  const lines = fs.readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return lines.filter((line) => !line.split(' ')[1]?.startsWith(`${tmpdir()}/`));
}
