import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { openStateFiles } from '#peel/resident/files.ts';
import { bundleOf } from '#trust/rotate.ts';
import { testBus, testMaster } from '../harness/fleet.ts';
import { testNats } from '../harness/nats.ts';

function folder(files: Readonly<Record<string, string>> = {}) {
  const path = mkdtempSync(join(tmpdir(), 'zester-files-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(path, name), text);
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

test('a peel has the whole published tree, then only fetches what an edit changed', async () => {
  await using nats = await testNats();
  using states = folder({ 'a.zy': 'a: test.nop\n', 'b.zy': 'b: test.nop\n' });
  using cache = folder();
  await using master = await testMaster(nats, { statesDir: states.path });
  await master.master.publishFiles();
  await using bus = await testBus(nats, nats.credentials.peel('web-01'), 'web-01');
  const peel = await openStateFiles({ bus, cache: cache.path, trust: () => bundleOf(nats.auth.index), log: silentLog });
  await peel.sync();
  const before = peel.tree;

  writeFileSync(join(states.path, 'a.zy'), 'a: test.ping\n');
  const published = await master.master.publishFiles();
  await peel.sync();

  const [base = ''] = peel.tree.folders.base ?? [];
  assert.notDeepEqual(peel.tree, before);
  assert.equal(readFileSync(join(base, 'a.zy'), 'utf8'), 'a: test.ping\n');
  assert.equal(readFileSync(join(base, 'b.zy'), 'utf8'), 'b: test.nop\n');
  // The file and the index that names it; the other file's chunk was there.
  assert.equal(published.chunksWritten, 2);
});

test('a master with an old copy of the tree does not push it over a newer one; an edit there does', async () => {
  await using nats = await testNats();
  using newer = folder({ 'web.zy': 'new: test.nop\n' });
  using older = folder({ 'web.zy': 'old: test.nop\n' });
  await using first = await testMaster(nats, { statesDir: newer.path, hostname: 'first' });
  await first.master.publishFiles();
  await using second = await testMaster(nats, { statesDir: older.path, hostname: 'second' });

  const stale = await second.master.publishFiles();
  writeFileSync(join(older.path, 'web.zy'), 'edited: test.nop\n');
  const edited = await second.master.publishFiles();
  const overtaken = await first.master.publishFiles();

  assert.equal(stale.changed, false);
  assert.equal(edited.changed, true);
  assert.equal(overtaken.changed, false);
});

test('a peel has the links and the empty folders of a tree as its author has them', async () => {
  await using nats = await testNats();
  using states = folder({ 'a.zy': 'a: test.nop\n' });
  using cache = folder();
  mkdirSync(join(states.path, 'app/empty'), { recursive: true });
  mkdirSync(join(states.path, 'app/sub'));
  writeFileSync(join(states.path, 'app/sub/.dot'), 'dot');
  symlinkSync('sub', join(states.path, 'app/link'));
  symlinkSync('../a.zy', join(states.path, 'app/file'));
  await using master = await testMaster(nats, { statesDir: states.path });
  await master.master.publishFiles();
  await using bus = await testBus(nats, nats.credentials.peel('web-01'), 'web-01');
  const options = { bus, cache: cache.path, trust: () => bundleOf(nats.auth.index), log: silentLog };
  const peel = await openStateFiles(options);
  await peel.sync();

  const [base = ''] = peel.tree.folders.base ?? [];
  assert.deepEqual(
    ['link', 'file'].map((path) => readlinkSync(join(base, 'app', path))),
    ['sub', '../a.zy'],
  );
  assert.deepEqual(
    [readFileSync(join(base, 'app/link/.dot'), 'utf8'), existsSync(join(base, 'app/empty'))],
    ['dot', true],
  );
  assert.deepEqual((await openStateFiles(options)).tree, peel.tree);
});
