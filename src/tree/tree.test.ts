import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { isError, ZesterError } from '#base/errors.ts';
import { boundsOf } from './bounds.ts';
import { folderTree, surveyedFolder } from './folder.ts';
import { overlaid } from './overlay.ts';
import { readTreeFile } from './read.ts';

/** A folder with a tree in `tree` and something beside it in `out`; text that begins with `-> ` is a link. */
function workshop(entries: Readonly<Record<string, string>>) {
  const path = mkdtempSync(join(tmpdir(), 'zester-tree-'));
  mkdirSync(join(path, 'tree'));
  for (const [name, text] of Object.entries(entries)) {
    const at = join(path, name);
    mkdirSync(dirname(at), { recursive: true });
    if (text.startsWith('-> ')) symlinkSync(text.slice(3), at);
    else writeFileSync(at, text);
  }
  return {
    path,
    tree: join(path, 'tree'),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof ZesterError) return error.code;
    throw error;
  }
}

const text = (content: string | Uint8Array | undefined) => content && Buffer.from(content).toString();

describe('a folder as a tree', () => {
  test('a link inside of it counts as what it leads to, one that leads back or nowhere has no files', () => {
    using desk = workshop({
      'tree/a.zy': 'own',
      'tree/lib/b.zy': 'lib',
      'tree/link.zy': '-> a.zy',
      'tree/more': '-> lib',
      'tree/lib/back': '-> ..',
      'tree/self': '-> .',
      'tree/round': '-> circle',
      'tree/circle': '-> round',
      'tree/lost': '-> nowhere',
      'tree/.git/config': 'never',
      'tree/.profile': 'dot',
    });
    const read = folderTree(desk.tree, { immutable: false });
    const surveyed = surveyedFolder(desk.tree);

    assert.deepEqual(read.list(''), ['.profile', 'a.zy', 'lib/b.zy', 'link.zy', 'more/b.zy']);
    assert.deepEqual([read.list(''), surveyed.problems], [surveyed.list(''), []]);
    assert.deepEqual(
      ['link.zy', 'more/b.zy', 'more/back/a.zy', '.git/config', '../out', 'lost'].map((path) => text(read.read(path))),
      ['own', 'lib', 'own', undefined, undefined, undefined],
    );
    assert.deepEqual(surveyed.leftOut.map(({ path, why }) => `${path}: ${why}`).sort(), [
      '.git: kept by version control or an editor',
      'circle: a link that leads nowhere',
      'lib/back: a link to a folder that it lies in',
      'lost: a link that leads nowhere',
      'more/back: a link to a folder that it lies in',
      'round: a link that leads nowhere',
      'self: a link to a folder that it lies in',
    ]);
  });

  test('tells its folders, its links as they are written, and the modes of its files', () => {
    using desk = workshop({
      'tree/lib/a': 'a',
      'tree/more': '-> lib',
      'tree/lib/l': '-> a',
      'tree/lost': '-> nowhere',
    });
    mkdirSync(join(desk.tree, 'empty'));
    chmodSync(join(desk.tree, 'lib/a'), 0o751);
    const read = overlaid([folderTree(desk.tree, { immutable: false })]);
    const copy = folderTree(desk.tree, { immutable: true });

    assert.deepEqual(read.shape?.().folders, ['empty', 'lib', 'more']);
    assert.deepEqual([...(read.shape?.().links ?? [])].sort(), [
      ['lib/l', 'a'],
      ['lost', 'nowhere'],
      ['more', 'lib'],
      ['more/l', 'a'],
    ]);
    assert.deepEqual([read.mode?.('more/a'), copy.mode?.('lib/a'), read.mode?.('lib')], [0o751, 0o755, undefined]);
  });

  const leaving: readonly (readonly [title: string, entries: Readonly<Record<string, string>>])[] = [
    ['an absolute link to a file', { 'tree/x': '-> /etc/passwd' }],
    ['a relative link to a file', { 'tree/x': '-> ../out/secret' }],
    ['a link to a folder', { 'tree/x': '-> ../out' }],
    ['a chain that comes by inside', { 'tree/x': '-> y', 'tree/y': '-> z', 'tree/z': '-> ../out/secret' }],
    ['a link out of a linked folder', { 'tree/in/x': '-> ../../out/secret' }],
    ['a folder whose name begins like the tree’s', { 'tree/x': '-> ../tree-of-others/a', 'tree-of-others/a': '' }],
  ];
  for (const [title, entries] of leaving) {
    test(`${title} is refused by all who read`, () => {
      using desk = workshop({ 'out/secret': 'secret', 'tree/a.zy': 'a', ...entries });
      const path =
        Object.keys(entries)
          .find((each) => each.endsWith('/x'))
          ?.slice('tree/'.length) ?? '';
      const tree = folderTree(desk.tree, { immutable: false });
      const [problem] = surveyedFolder(desk.tree).problems;

      assert.equal(
        codeOf(() => tree.list('')),
        'TREE_LINK_LEAVES',
      );
      assert.equal(
        codeOf(() => tree.read(title.includes('to a folder') ? 'x/secret' : path)),
        'TREE_LINK_LEAVES',
      );
      assert.equal(problem?.error.code, 'TREE_LINK_LEAVES');
      assert.match(problem?.error.message ?? '', new RegExp(`"${path}|"y"|"z"`));
      assert.equal(text(tree.read('a.zy')), 'a');
    });
  }

  test('links may lead to other folders of the environment, and to what is named', () => {
    using desk = workshop({ 'tree/x': '-> ../out/secret', 'out/secret': 'shared' });
    const out = join(desk.path, 'out');

    for (const options of [{ folders: [desk.tree, out] }, { linkDirs: [out] }]) {
      assert.equal(text(folderTree(desk.tree, { immutable: false, ...options }).read('x')), 'shared');
    }
    assert.deepEqual(surveyedFolder(desk.tree, { linkDirs: [out] }).problems, []);
  });

  test('a named pipe and a link to a device are refused, and not waited for', () => {
    using desk = workshop({ 'tree/null': '-> /dev/null' });
    execFileSync('mkfifo', [join(desk.tree, 'pipe')]);
    const tree = folderTree(desk.tree, { immutable: false, linkDirs: ['/dev'] });

    assert.equal(
      codeOf(() => tree.list('')),
      'TREE_FILE_SPECIAL',
    );
    assert.deepEqual(
      ['pipe', 'null'].map((path) => codeOf(() => tree.read(path))),
      ['TREE_FILE_SPECIAL', 'TREE_FILE_SPECIAL'],
    );
    assert.deepEqual(
      surveyedFolder(desk.tree, { linkDirs: ['/dev'] })
        .problems.map(({ error }) => error.message.replace(/.*: /, ''))
        .sort(),
      ['it is a device', 'it is a named pipe'],
    );
  });

  test('a file may have so many bytes, and a folder that cannot be read is said', () => {
    using desk = workshop({ 'tree/a': '12345', 'tree/locked/b': '' });
    const small = boundsOf([desk.tree], { maxFileBytes: 4 });
    chmodSync(join(desk.tree, 'locked'), 0);

    assert.equal(
      codeOf(() => readTreeFile(join(desk.tree, 'a'), 'a', small)),
      'TREE_TOO_LARGE',
    );
    if (process.getuid?.() === 0) return;
    assert.deepEqual(
      surveyedFolder(desk.tree).problems.map(({ path, error }) => [path, error.code]),
      [['locked', 'TREE_FILE_UNREADABLE']],
    );
  });

  test('what is protected is refused by whatever name', () => {
    using desk = workshop({ 'out/secret': 'secret' });
    linkSync(join(desk.path, 'out/secret'), join(desk.tree, 'innocent'));
    const bounds = boundsOf([desk.tree], { protectedAs: () => '/out/secret' });

    assert.equal(
      codeOf(() => readTreeFile(join(desk.tree, 'innocent'), 'innocent', bounds)),
      'TREE_FILE_PROTECTED',
    );
  });

  test('folders that lead into each other in many orders end', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    using desk = workshop(
      Object.fromEntries(names.flatMap((from) => names.map((to) => [`tree/${from}/${to}`, `-> ../${to}`]))),
    );

    assert.deepEqual(folderTree(desk.tree, { immutable: false }).list(''), []);
  });

  test('what is no folder is said when it is surveyed', () => {
    assert.throws(
      () => surveyedFolder('/nowhere'),
      (error) => isError(error, 'TREE_UNREADABLE'),
    );
  });
});

test('of several trees the first that has a path counts, also where one has a file and the other a folder', () => {
  const treeOf = (files: Readonly<Record<string, string>>) => ({
    read: (path: string) => files[path],
    list: (prefix: string) => Object.keys(files).filter((path) => path.startsWith(prefix)),
  });
  const both = overlaid([
    treeOf({ 'a.zy': '1', 'b/c': '1', d: '1' }),
    treeOf({ 'a.zy': '2', b: '2', 'd/e': '2', f: '2' }),
  ]);

  assert.deepEqual(both.list(''), ['a.zy', 'b/c', 'd', 'f']);
  assert.deepEqual(
    ['a.zy', 'b', 'd/e', 'f'].map((path) => both.read(path)),
    ['1', undefined, undefined, '2'],
  );
});
