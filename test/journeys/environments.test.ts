import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { type Log, silentLog } from '#base/log.ts';
import type { Bus } from '#bus/bus.ts';
import { openStateFiles } from '#peel/resident/files.ts';
import { localWorker } from '#peel/runner/main.ts';
import type { LocalTree } from '#peel/shared/tree.ts';
import { currentJobKey } from '#trust/auth-dir.ts';
import { signRoot } from '#trust/orders.ts';
import { bundleOf } from '#trust/rotate.ts';
import { decode, encode } from '#wire/codec.ts';
import type { JobRequest } from '#wire/job.ts';
import { buckets } from '#wire/stores.ts';
import {
  dispatch,
  type TestMaster,
  type TestMasterOptions,
  testBus,
  testMaster,
  testPeel,
  until,
} from '../harness/fleet.ts';
import { type TestNats, testNats } from '../harness/nats.ts';

type Files = Readonly<Record<string, string>>;

/** A temp folder with `base/`, `dev/`, … of files to publish, and what a peel keeps beside them. */
function workshop(files: Files) {
  const path = mkdtempSync(join(tmpdir(), 'zester-environments-'));
  const at = (...parts: string[]) => join(path, ...parts);
  const write = (name: string, text: string) => {
    mkdirSync(dirname(at(name)), { recursive: true });
    writeFileSync(at(name), text);
  };
  for (const name of ['base', 'dev', 'shared', 'machine/srv']) mkdirSync(at(name), { recursive: true });
  for (const [name, text] of Object.entries(files)) write(name, text);
  return {
    at,
    write,
    /** What the master of these tests publishes. */
    published: { statesDir: at('base'), environments: { dev: [at('dev'), at('shared')] } } satisfies TestMasterOptions,
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

/** How many files each sync fetched, as the log says it. */
function countingLog() {
  const fetched: unknown[] = [];
  const log: Log = {
    ...silentLog,
    info: (message, fields) => void (message === 'State tree synced' && fetched.push(fields?.fetched)),
  };
  return { log, fetched };
}

function openPeelFiles(nats: TestNats, bus: Bus, cache: string, rest: { log?: Log; inUse?: () => LocalTree[] } = {}) {
  return openStateFiles({ bus, cache, trust: () => bundleOf(nats.auth.index), log: silentLog, ...rest });
}

function read(tree: LocalTree, env: string, path: string): string | undefined {
  const [folder = ''] = tree.folders[env] ?? [];
  return existsSync(join(folder, path)) ? readFileSync(join(folder, path), 'utf8') : undefined;
}

test('states are applied from two environments, and an edit of one of them moves one file', async () => {
  using desk = workshop({
    'base/web.zy': '/srv/web.conf:\n  file.managed: {source: "zester://web.conf"}\n',
    'base/web.conf': 'from base\n',
    'base/borrow.zy': '/srv/borrowed.conf:\n  file.managed: {source: "salt://web.conf?saltenv=dev"}\n',
    'dev/web.zy': 'include: [{base: borrow}]\n/srv/web.conf:\n  file.managed: {source: "zester://web.conf"}\n',
    'dev/web.conf': 'from dev\n',
    'dev/untouched.zy': 'untouched: test.nop\n',
  });
  await using nats = await testNats();
  await using master = await testMaster(nats, desk.published);
  await master.master.publishFiles();
  const { log, fetched } = countingLog();
  await using peelBus = await testBus(nats, nats.credentials.peel('files-01'), 'files-01');
  const files = await openPeelFiles(nats, peelBus, desk.at('cache'), { log });
  await files.sync();
  const worker = localWorker({ root: desk.at('machine'), runs: desk.at('runs') });
  await using _peel = await testPeel(nats, {
    id: 'web-01',
    tree: () => files.tree,
    run: (request, signal) => worker.run(request, { signal, onOutcome: () => {} }),
  });
  await until(() => master.master.fleet.size === 1, 'the facts of the peel are known');
  const admin = nats.credentials.operator();
  await using bus = await testBus(nats, admin, 'admin', false);
  const apply = async (args: JobRequest['args']) => {
    const asked = await dispatch(nats, bus, admin, { target: 'web-01', function: 'state.apply', id: 'web', args });
    await asked.done;
    return asked.returns.get('web-01')?.success;
  };
  const onMachine = (name: string) => readFileSync(desk.at('machine/srv', name), 'utf8');

  assert.equal(await apply({}), true);
  assert.equal(onMachine('web.conf'), 'from base\n');
  assert.equal(await apply({ saltenv: 'dev' }), true);
  assert.deepEqual([onMachine('web.conf'), onMachine('borrowed.conf')], ['from dev\n', 'from dev\n']);

  desk.write('dev/web.conf', 'edited\n');
  const published = await master.master.publishFiles();
  await files.sync();

  assert.equal(published.chunksWritten, 2, 'the file and the index that names it');
  assert.deepEqual(fetched, [6, 1]);
  assert.equal(await apply({ saltenv: 'dev' }), true);
  assert.deepEqual([onMachine('web.conf'), onMachine('borrowed.conf')], ['edited\n', 'edited\n']);
  assert.equal(await apply({}), true);
  assert.equal(onMachine('web.conf'), 'from base\n');
});

test('what environments share is stored, fetched and kept once; of several folders the first one counts', async () => {
  const shared = 'x'.repeat(300_000);
  using desk = workshop({
    'base/lib.zy': shared,
    'dev/lib.zy': shared,
    'dev/tools.zy': 'tools: test.nop\n',
    'shared/tools.zy': 'hidden: test.nop\n',
    'shared/more.zy': 'more: test.nop\n',
  });
  await using nats = await testNats();
  await using master = await testMaster(nats, desk.published);
  const { log, fetched } = countingLog();
  await using bus = await testBus(nats, nats.credentials.peel('web-01'), 'web-01');
  const files = await openPeelFiles(nats, bus, desk.at('cache'), { log });

  await master.master.publishFiles();
  await files.sync();

  const { tree } = files;
  assert.deepEqual(
    [read(tree, 'dev', 'tools.zy'), read(tree, 'dev', 'more.zy')],
    ['tools: test.nop\n', 'more: test.nop\n'],
  );
  assert.equal(read(tree, 'base', 'more.zy'), undefined);
  assert.equal(read(tree, 'dev', 'lib.zy'), shared);
  assert.deepEqual(fetched, [3]);
  const [base = '', dev = ''] = ['base', 'dev'].map((env) => tree.folders[env]?.[0]);
  assert.equal(statSync(join(base, 'lib.zy')).ino, statSync(join(dev, 'lib.zy')).ino);
});

test('an unchanged tree costs one small read', async () => {
  using desk = workshop({ 'base/web.zy': 'web: test.nop\n', 'dev/web.zy': 'web: test.nop\n' });
  await using nats = await testNats();
  await using master = await testMaster(nats, desk.published);
  await master.master.publishFiles();
  await using bus = await testBus(nats, nats.credentials.peel('web-01'), 'web-01');
  const reads: number[] = [];
  const counted: Bus = Object.assign(Object.create(bus) as Bus, {
    read: async (...args: Parameters<Bus['read']>) => {
      const entry = await bus.read(...args);
      reads.push(entry?.value.length ?? 0);
      return entry;
    },
  });
  const files = await openPeelFiles(nats, counted, desk.at('cache'));
  await files.sync();
  reads.length = 0;

  await files.sync();

  assert.equal(reads.length, 1);
  assert.ok((reads[0] ?? 0) < 1_000, `the root has ${reads[0]} bytes`);
});

test('old copies go away, but not the one that a run reads; another life finds what is there', async () => {
  using desk = workshop({ 'base/web.zy': 'one: test.nop\n' });
  await using nats = await testNats();
  await using master = await testMaster(nats, desk.published);
  await using bus = await testBus(nats, nats.credentials.peel('web-01'), 'web-01');
  const running: LocalTree[] = [];
  const files = await openPeelFiles(nats, bus, desk.at('cache'), { inUse: () => running });
  const edit = async (text: string) => {
    desk.write('base/web.zy', text);
    await master.master.publishFiles();
    await files.sync();
    return files.tree;
  };
  const copies = () => readdirSync(desk.at('cache')).filter((name) => name.startsWith('tree-')).length;

  const first = await edit('one: test.nop\n');
  running.push(first);
  await edit('two: test.nop\n');
  await edit('three: test.nop\n');
  assert.deepEqual([read(first, 'base', 'web.zy'), copies()], ['one: test.nop\n', 2]);
  running.pop();
  const last = await edit('four: test.nop\n');

  assert.deepEqual([read(first, 'base', 'web.zy'), copies()], [undefined, 1]);
  assert.deepEqual((await openPeelFiles(nats, bus, desk.at('cache'))).tree, last);
});

test('a copy that was damaged, and one that lies as older peels kept it, is fetched anew', async () => {
  using desk = workshop({ 'base/web.zy': 'web: test.nop\n', 'base/db.zy': 'db: test.nop\n' });
  await using nats = await testNats();
  await using master = await testMaster(nats, desk.published);
  await master.master.publishFiles();
  await using bus = await testBus(nats, nats.credentials.peel('web-01'), 'web-01');
  const files = await openPeelFiles(nats, bus, desk.at('cache'));
  await files.sync();
  const copy = () => files.tree.folders.base?.[0] ?? '';

  rmSync(join(copy(), 'web.zy'));
  desk.write('base/db.zy', 'edited: test.nop\n');
  await master.master.publishFiles();
  await files.sync();
  assert.equal(read(files.tree, 'base', 'web.zy'), 'web: test.nop\n');

  const kept = join(dirname(copy()), '.zester-tree');
  const { root, index } = decode(readFileSync(kept)) as Readonly<Record<string, unknown>>;
  writeFileSync(kept, encode({ root, index }));
  rmSync(copy(), { recursive: true });
  const updated = await openPeelFiles(nats, bus, desk.at('cache'));
  await updated.sync();

  assert.equal(read(updated.tree, 'base', 'web.zy'), 'web: test.nop\n');
});

test('a rollback is an older tree published again', async () => {
  using desk = workshop({ 'base/web.zy': 'good: test.nop\n' });
  await using nats = await testNats();
  await using master = await testMaster(nats, desk.published);
  await master.master.publishFiles();
  await using bus = await testBus(nats, nats.credentials.peel('web-01'), 'web-01');
  const files = await openPeelFiles(nats, bus, desk.at('cache'));
  const publish = async (text: string) => {
    desk.write('base/web.zy', text);
    await master.master.publishFiles();
    await files.sync();
  };

  await publish('bad: test.nop\n');
  const revision = files.revision;
  await publish('good: test.nop\n');

  assert.equal(read(files.tree, 'base', 'web.zy'), 'good: test.nop\n');
  assert.ok(files.revision > revision);
});

test('nodegroups and the rules for top files are the master’s, for its targets and on the peels', async () => {
  using desk = workshop({
    'base/top.zy': "base: {'N@edge': web}\nstaging: {'*': never}\n",
    'base/web.zy': 'web: test.nop\n',
    'dev/top.sls': 'dev:\n  webs:\n    - match: nodegroup\n    - tools\n',
    'dev/tools.sls': 'tools: test.nop\n',
  });
  await using nats = await testNats();
  const nodegroups = { webs: 'web*', edge: ['N@webs', 'and', 'not', 'web-02'] };
  const treeOptions = { nodegroups, topStrategy: 'same' as const, envOrder: ['dev', 'base'] };
  await using master = await testMaster(nats, { ...desk.published, treeOptions });
  await master.master.publishFiles();
  await using filesBus = await testBus(nats, nats.credentials.peel('files-01'), 'files-01');
  const files = await openPeelFiles(nats, filesBus, desk.at('cache'));
  await files.sync();
  const worker = localWorker({ root: desk.at('machine'), runs: desk.at('runs') });
  const peel = (id: string, env?: string) =>
    testPeel(nats, {
      id,
      tree: () => ({ ...files.tree, env }),
      run: (request, signal) => worker.run(request, { signal, onOutcome: () => {} }),
    });
  await using _first = await peel('web-01');
  await using _second = await peel('web-02');
  await using _third = await peel('web-03', 'dev');
  await using _fourth = await peel('db-01');
  await until(() => master.master.fleet.size === 4, 'the facts of the peels are known');
  const admin = nats.credentials.operator();
  await using bus = await testBus(nats, admin, 'admin', false);

  const asked = await dispatch(nats, bus, admin, { target: 'N@webs', function: 'state.show_top' });
  await asked.done;

  const tops = Object.fromEntries([...asked.returns].map(([id, { value }]) => [id, value]));
  assert.deepEqual(tops, {
    'web-01': { dev: ['tools'], base: ['web'] },
    'web-02': { dev: ['tools'] },
    'web-03': { dev: ['tools'] },
  });
  const settings = await dispatch(nats, bus, admin, { target: 'N@webs and I@role:web', function: 'test.ping' });
  assert.equal(settings.reply.error?.code, 'TARGET_SETTINGS_UNKNOWN');
  const unknown = await dispatch(nats, bus, admin, { target: 'N@web', function: 'test.ping' });
  assert.deepEqual(
    [unknown.reply.error?.code, unknown.reply.error?.hint],
    ['TARGET_GROUP_UNKNOWN', 'Did you mean "webs"?'],
  );
});

/** Publishes a tree that no master of ours would: signed with its key all the same. */
async function publishIndex(nats: TestNats, { master }: TestMaster, index: Readonly<Record<string, unknown>>) {
  await master.publishFiles();
  const kv = master.stores.kv(buckets.stateFiles);
  const bytes = encode(index);
  const hash = createHash('sha256').update(bytes).digest('hex');
  await kv.put(hash, bytes);
  const revision = Date.now() + 60_000;
  const root = { v: 1, revision, tree: hash, index: [hash], files: 1, bytes: 0, publishedAt: revision, publisher: 'x' };
  await kv.put('root', encode(signRoot(root, currentJobKey(nats.auth, Date.now()))));
}

test('a tree that would reach out of its folder is refused, and nothing of it is written', async () => {
  using desk = workshop({ 'base/web.zy': 'web: test.nop\n' });
  await using nats = await testNats();
  await using master = await testMaster(nats, desk.published);
  await master.master.publishFiles();
  await using bus = await testBus(nats, nats.credentials.peel('web-01'), 'web-01');
  const files = await openPeelFiles(nats, bus, desk.at('cache'));
  await files.sync();
  const before = [files.tree, readdirSync(desk.at('cache')), readdirSync(desk.at())];
  const file = { executable: true, size: 0, chunks: [] };
  const paths = ['../out', '/out', 'a/../../out', 'a//out', './out', 'a/', '', '.git/config', 'a/.git/x', 'a\0b'];
  const names = ['..', '.', '', '.hidden', '../../out', '/out', 'a/b', '__proto__', 'a\0b', 'x'.repeat(300)];
  const hostile = [
    ...paths.map((path) => ({ v: 2, environments: ['base'], files: [{ ...file, env: 'base', path }] })),
    ...names.map((env) => ({ v: 2, environments: ['base'], files: [{ ...file, env, path: 'out' }] })),
    ...names.map((env) => ({ v: 2, environments: ['base', env], files: [] })),
    { v: 1, files: [{ ...file, path: '../out' }] },
    ...['../out', '/etc/passwd', 'a/../../../out', ''].map((target) => ({
      v: 2,
      environments: ['base'],
      files: [],
      links: [{ env: 'base', path: 'link', target }],
    })),
  ];

  for (const index of hostile) {
    await publishIndex(nats, master, index);
    await assert.rejects(files.sync(), { code: 'TREE_PATH_UNSAFE' }, JSON.stringify(index));
  }
  await publishIndex(nats, master, { v: 3, files: 'something else by then' });
  await assert.rejects(files.sync(), { code: 'TREE_VERSION_UNKNOWN' });

  assert.deepEqual([files.tree, readdirSync(desk.at('cache')), readdirSync(desk.at())], before);
});

test('a tree from before there were environments is the base environment', async () => {
  using desk = workshop({});
  await using nats = await testNats();
  await using master = await testMaster(nats, desk.published);
  await using bus = await testBus(nats, nats.credentials.peel('web-01'), 'web-01');
  const files = await openPeelFiles(nats, bus, desk.at('cache'));
  const content = new TextEncoder().encode('web: test.nop\n');
  const hash = createHash('sha256').update(content).digest('hex');
  await master.master.stores.kv(buckets.stateFiles).put(hash, content);
  const file = { path: 'web/init.zy', executable: false, size: content.length, chunks: [hash] };

  await publishIndex(nats, master, { v: 1, files: [file] });
  await files.sync();

  assert.deepEqual(Object.keys(files.tree.folders), ['base']);
  assert.equal(read(files.tree, 'base', 'web/init.zy'), 'web: test.nop\n');
});
