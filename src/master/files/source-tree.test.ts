import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '#base/log.ts';
import { sourceTree } from './source-tree.ts';

/** A temp folder; a path that ends in a slash is a folder, and text that begins with `-> ` a link. */
function folder(entries: Readonly<Record<string, string>>) {
  const path = mkdtempSync(join(tmpdir(), 'zester-source-'));
  for (const [name, text] of Object.entries(entries)) {
    const at = join(path, name);
    mkdirSync(name.endsWith('/') ? at : dirname(at), { recursive: true });
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), at);
    else if (!name.endsWith('/')) writeFileSync(at, text);
  }
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

async function listing(folders: Readonly<Record<string, readonly string[]>>) {
  const files = await sourceTree(folders, silentLog).read();
  return files.map(({ env, path, content }) => `${env} ${path} ${new TextDecoder().decode(content)}`);
}

test('of several folders the first that has a path counts, also where one has a file and the other a folder', async () => {
  using first = folder({ 'a.zy': '1', 'b/c': '1', d: '1' });
  using second = folder({ 'a.zy': '2', b: '2', 'd/e': '2', 'b2/f': '2' });

  assert.deepEqual(await listing({ base: [second.path], dev: [first.path, second.path] }), [
    'base a.zy 2',
    'base b 2',
    'base b2/f 2',
    'base d/e 2',
    'dev a.zy 1',
    'dev b/c 1',
    'dev b2/f 2',
    'dev d 1',
  ]);
});

test('a link counts as what it points to, and one that leads back has no files', async () => {
  using shared = folder({ 'lib.zy': 'shared' });
  using tree = folder({
    'a.zy': 'own',
    '.hidden': 'never',
    'b.zy': '-> a.zy',
    'sub/back': '-> ..',
    'sub/self': '-> .',
    lost: '-> nowhere',
    shared: `-> ${shared.path}`,
  });

  assert.deepEqual(await listing({ base: [tree.path] }), [
    'base a.zy own',
    'base b.zy own',
    'base shared/lib.zy shared',
  ]);
});

test('an environment without files, or whose folder is not there, is an environment all the same', async () => {
  using empty = folder({});
  const tree = sourceTree({ base: [empty.path], dev: [join(empty.path, 'absent')] }, silentLog);

  assert.deepEqual([tree.environments, await tree.read()], [['base', 'dev'], []]);
});
