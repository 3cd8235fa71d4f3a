import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TreeFile } from '#wire/files.ts';
import { emptyFolders, faithfulLinks } from './links.ts';

const env = 'base';
const file = (path: string, chunk = path): TreeFile => ({ env, path, executable: false, size: 1, chunks: [chunk] });
const chosen = (links: Readonly<Record<string, string>>, files: readonly TreeFile[]) =>
  faithfulLinks(
    Object.entries(links).map(([path, target]) => ({ env, path, target })),
    files,
  ).map(({ path }) => path);

test('a link that leads to something of the tree is published as one', () => {
  const files = [file('a', 'a'), file('l', 'a'), file('d/x', 'x'), file('sub/dl/x', 'x')];

  assert.deepEqual(chosen({ l: 'a', 'sub/dl': '../d', lost: 'nowhere', 'd/back': '..' }, files), [
    'd/back',
    'l',
    'lost',
    'sub/dl',
  ]);
});

test('one that leads out, or to another content than it has, is not', () => {
  const files = [file('a', 'a'), file('other', 'b'), file('up', 'c')];

  assert.deepEqual(chosen({ other: 'a', up: '../x', abs: '/etc/passwd' }, files), []);
});

test('one that goes up behind a name is not, for that name may be a link where it is read', () => {
  const files = [file('a', 'a'), file('d/x'), file('l', 'a')];

  assert.deepEqual(chosen({ l: 'd/../a' }, files), []);
});

test('what lies under a link is no link of its own', () => {
  assert.deepEqual(chosen({ d2: 'd', 'd2/l': 'a', 'd/l': 'a' }, []), ['d/l', 'd2']);
});

test('names that only begin alike lie beside a folder, not in it', () => {
  const files = ['d-x', 'd/x', 'd/y/z', 'd.x', 'd0', 'd2/x', 'd2/y/z'].map((path) => file(path, path.slice(-1)));

  assert.deepEqual(chosen({ d2: 'd' }, files), ['d2']);
  assert.deepEqual(chosen({ d2: 'd' }, [...files, file('d/more')]), []);
  assert.deepEqual(chosen({ d2: 'd' }, [...files.slice(0, -1), file('d2/y/other', 'z')]), []);
});

test('links of one environment are nothing to the files of another', () => {
  const other = { ...file('d/x'), env: 'other' };

  assert.deepEqual(chosen({ l: 'd' }, [file('l/x', 'd/x'), other]), []);
});

test('a folder is empty when neither a file nor a link lies in it', () => {
  const folders = ['d', 'e', 'e/f', 'l', 'l/x', 'only'].map((path) => ({ env, path }));
  const links = [
    { env, path: 'l', target: 'd' },
    { env, path: 'only/link', target: '../d' },
  ];

  assert.deepEqual(
    emptyFolders(folders, [file('d/x')], links).map(({ path }) => path),
    ['e', 'e/f'],
  );
});
