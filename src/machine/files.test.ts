import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { memoryFiles, plantDirectory, type Tree } from './files/memory.ts';
import { filesContract } from './files.contract.ts';
import { realFiles } from './files.ts';
import { supposedFiles } from './supposed/files.ts';
import { createLedger } from './supposed/ledger.ts';

filesContract('fake', async () => {
  const tree: Tree = new Map();
  plantDirectory(tree, '/work');
  return {
    files: memoryFiles(tree),
    folder: '/work',
    other: {
      async link(from, to) {
        const node = tree.get(from);
        if (node) tree.set(to, node);
      },
      async pipe(path) {
        tree.set(path, { kind: 'other', mode: 0o644, uid: 0, gid: 0 });
      },
    },
    [Symbol.asyncDispose]: async () => {},
  };
});

filesContract('supposed, on a tree in memory', async () => {
  const tree: Tree = new Map();
  plantDirectory(tree, '/work');
  return {
    files: supposedFiles(memoryFiles(tree), createLedger()).doneBy('a step'),
    folder: '/work',
    [Symbol.asyncDispose]: async () => assert.deepEqual([...tree.keys()], ['/', '/work'], 'nothing is written'),
  };
});

filesContract('supposed, on a disk', async () => {
  const folder = await temporary();
  return {
    files: supposedFiles(realFiles(), createLedger()).doneBy('a step'),
    folder,
    async [Symbol.asyncDispose]() {
      assert.deepEqual(await fs.readdir(folder), [], 'nothing is written');
      await fs.rm(folder, { recursive: true });
    },
  };
});

const otherIn = (root: string) => ({
  link: (from: string, to: string) => fs.link(root + from, root + to),
  pipe: async (path: string) => void execFileSync('mkfifo', [root + path]),
});

filesContract('disk', async () => {
  const folder = await temporary();
  return {
    files: realFiles(),
    folder,
    other: otherIn(''),
    [Symbol.asyncDispose]: () => fs.rm(folder, { recursive: true }),
  };
});

filesContract('disk, in a root of its own', async () => {
  const root = await temporary();
  await fs.mkdir(`${root}/work`);
  return {
    files: realFiles({ root }),
    folder: '/work',
    other: otherIn(root),
    [Symbol.asyncDispose]: () => fs.rm(root, { recursive: true }),
  };
});

test('a root is not left by symlinks or dots', async () => {
  const root = await temporary();
  const files = realFiles({ root });
  await files.link('/escape', '/etc');
  await files.link('/dots', '../../../../etc/hostname');
  await files.makeDirectory('/etc');
  await files.write('/escape/hostname', new TextEncoder().encode('inside'));

  assert.equal(await fs.readFile(`${root}/etc/hostname`, 'utf8'), 'inside');
  assert.equal(new TextDecoder().decode(await files.read('/dots')), 'inside');
  assert.equal(new TextDecoder().decode(await files.read('/../../etc/hostname')), 'inside');
  await fs.rm(root, { recursive: true });
});

test('a failed write leaves the old content and nothing beside it', async () => {
  const folder = await temporary();
  const files = realFiles();
  await fs.writeFile(`${folder}/full`, 'old');

  await assert.rejects(files.write(`${folder}/${'n'.repeat(300)}`, new Uint8Array()), { code: 'FILE_NAME_TOO_LONG' });
  assert.deepEqual(await fs.readdir(folder), ['full']);
  await fs.rm(folder, { recursive: true });
});

function temporary(): Promise<string> {
  return fs.mkdtemp(`${tmpdir()}/zester-files-`);
}

test('the layouts of administrators work', async () => {
  const root = await temporary();
  const files = realFiles({ root });
  const bytes = (text: string) => new TextEncoder().encode(text);
  for (const each of ['/run/resolvconf', '/etc', '/var', '/data/ann/.ssh', '/home']) {
    await files.makeDirectory(each, { parents: true });
  }
  await files.link('/etc/resolv.conf', '../run/resolvconf/resolv.conf');
  await files.link('/var/run', '/run');
  await files.link('/home/ann', '/data/ann');

  await files.write('/etc/resolv.conf', bytes('nameserver 10.0.0.1\n'));
  await files.makeDirectory('/var/run/app', { mode: 0o700 });
  await files.write('/home/ann/.ssh/authorized_keys', bytes('key\n'), { mode: 0o600 });

  assert.equal(await fs.readFile(`${root}/run/resolvconf/resolv.conf`, 'utf8'), 'nameserver 10.0.0.1\n');
  assert.deepEqual(await files.list('/run'), ['app', 'resolvconf']);
  assert.equal(await files.resolve('/home/ann/.ssh/config'), '/data/ann/.ssh/config');
  assert.equal((await files.stat('/data/ann/.ssh/authorized_keys'))?.mode, 0o600);
  await fs.rm(root, { recursive: true });
});

test("the kernel's own links are followed, but none into a process", async () => {
  const files = realFiles();

  assert.notEqual(await files.read('/proc/net/dev'), undefined);
  assert.notEqual(await files.read('/proc/self/status'), undefined);
  await assert.rejects(files.read('/proc/self/exe'), { code: 'FILE_LINK_UNTRUSTED' });
  await assert.rejects(files.list('/proc/self/cwd'), { code: 'FILE_LINK_UNTRUSTED' });
});

const elsewhere = '/dev/shm';
const hasElsewhere = existsSync(elsewhere) && statSync(elsewhere).dev !== statSync(tmpdir()).dev;

test('a file is renamed to another file system, a directory is not', { skip: !hasElsewhere }, async () => {
  const [from, to] = [await fs.mkdtemp(`${elsewhere}/zester-files-`), await temporary()];
  const files = realFiles();
  await files.write(`${from}/a`, new TextEncoder().encode('x'), { mode: 0o640 });
  await fs.writeFile(`${to}/b`, 'in the way');

  await files.rename(`${from}/a`, `${to}/b`);

  assert.deepEqual([await fs.readdir(from), await fs.readdir(to)], [[], ['b']]);
  assert.equal(await fs.readFile(`${to}/b`, 'utf8'), 'x');
  assert.equal((await files.stat(`${to}/b`))?.mode, 0o640);
  await assert.rejects(files.rename(from, `${to}/c`), { code: 'FILE_OTHER_DEVICE' });
  await Promise.all([from, to].map((each) => fs.rm(each, { recursive: true })));
});

test('nothing stays open, whether it was done or refused', async () => {
  const folder = await temporary();
  const files = realFiles();
  const held = async () => (await fs.readdir('/proc/self/fd')).length;
  await files.link(`${folder}/loop`, 'loop');
  await files.link(`${folder}/etc`, '/etc');
  const before = await held();
  for (let each = 0; each < 20; each++) {
    await files.makeDirectory(`${folder}/a/b`, { parents: true });
    await files.write(`${folder}/a/b/c`, new Uint8Array());
    await files.rename(`${folder}/a/b/c`, `${folder}/a/d`);
    await files.link(`${folder}/a/link`, 'd', { replace: true });
    await files.read(`${folder}/etc/passwd`);
    await files.resolve(`${folder}/a/no/such/thing`);
    await assert.rejects(files.read(`${folder}/loop/x`));
    await assert.rejects(files.read(`${folder}/a/d/x`));
    await assert.rejects(files.write(`${folder}/a`, new Uint8Array()));
    await assert.rejects(files.makeDirectory(`${folder}/a`));
    await assert.rejects(files.rename(`${folder}/a/none`, `${folder}/a/d`));
    await files.remove(`${folder}/a`);
  }

  assert.equal(await held(), before);
  await fs.rm(folder, { recursive: true });
});

test('a tree of a thousand levels is removed', async () => {
  const folder = await temporary();
  const files = realFiles();
  await fs.mkdir(`${folder}/top${'/d'.repeat(1000)}`, { recursive: true });

  await files.remove(`${folder}/top`);

  assert.deepEqual(await fs.readdir(folder), []);
  await fs.rm(folder, { recursive: true });
});
