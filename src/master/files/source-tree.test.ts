import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { isError } from '#base/errors.ts';
import { silentLog } from '#base/log.ts';
import { defaultRules, sourceTree, type TreeRules } from './source-tree.ts';

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
  const { files } = await sourceTree(folders, silentLog).read();
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

test('an environment without files, or whose folder is not there, is an environment all the same', async () => {
  using empty = folder({});
  const tree = sourceTree({ base: [empty.path], dev: [join(empty.path, 'absent')] }, silentLog);

  assert.deepEqual([tree.environments, (await tree.read()).files], [['base', 'dev'], []]);
});

test('what may not be published is refused as a whole, with all of it', async () => {
  using auth = folder({ 'signing/peel.seed': 'x', 'peel.creds': seed });
  using tree = folder({
    'a.zy': 'fine',
    keys: `-> ${auth.path}/signing`,
    'copied.txt': `key: ${seed}\n`,
  });
  const read = (rules: Partial<TreeRules>) =>
    sourceTree({ base: [tree.path] }, silentLog, { ...defaultRules, ...rules }).read();

  await assert.rejects(read({ protectedDirs: [auth.path] }), (error) => {
    assert.ok(isError(error, 'TREE_FILE_PROTECTED'), String(error));
    assert.match(error.message, /"copied.txt".*"[^"]*peel.creds"; and 1 more$/);
    assert.match(error.details?.more ?? '', /"keys"/);
    return true;
  });
  await assert.rejects(read({ linkDirs: [auth.path], maxFiles: 2 }), { code: 'TREE_TOO_LARGE' });
  await assert.rejects(read({ linkDirs: [auth.path], maxBytes: 20 }), { code: 'TREE_TOO_LARGE' });
  await assert.rejects(read({ linkDirs: [auth.path], maxFileBytes: 3 }), { code: 'TREE_TOO_LARGE' });
  assert.equal((await read({ linkDirs: [auth.path] })).files.length, 3);
});

const seed = `SU${'A'.repeat(56)}`;

test('what is beside the files of several folders is told too, unless an earlier one hides it', async () => {
  using first = folder({ 'a/x': '1', 'empty/': '', link: '-> a' });
  using second = folder({ 'a/y': '2', link: '-> b', 'b/z': '2', 'a/x/hidden/': '', more: '-> a' });

  const { folders, links } = await sourceTree({ base: [first.path, second.path] }, silentLog).read();

  assert.deepEqual(
    folders.map(({ path }) => path),
    ['a', 'b', 'empty', 'link', 'more', 'more/x', 'more/x/hidden'],
  );
  assert.deepEqual(
    links.map(({ path, target }) => `${path} ${target}`),
    ['link a', 'more a'],
  );
});
