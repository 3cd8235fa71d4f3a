import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from '#wire/codec.ts';
import { openIndex } from './tree-index.ts';

const env = 'base';

/** An index with these links, `path → target`, and these empty folders. */
function indexOf(links: Readonly<Record<string, string>>, folders: readonly string[] = []): Uint8Array {
  return encode({
    v: 2,
    files: [{ env, path: 'web/init.sls', executable: false, size: 0, chunks: [] }],
    links: Object.entries(links).map(([path, target]) => ({ env, path, target })),
    emptyFolders: folders.map((path) => ({ env, path })),
  });
}

test('links within an environment are taken, and those that lead to its root', () => {
  const { links } = openIndex(indexOf({ www: 'web', 'a/b/up': '../..', 'a/web': './/../web/init.sls', a1: 'missing' }));

  assert.equal(links.length, 4);
});

for (const [what, links, folders] of [
  ['leads to a path of the machine', { l: '/etc' }],
  ['leads out of its environment', { 'a/l': '../../other/secret' }],
  ['goes up behind a name, where that may be a link', { 'a/b/up': '../..', l: 'a/b/up/../../../etc' }],
  ['goes up behind a name of its own', { l: 'web/../web' }],
  ['lies below another link', { d: 'web', 'd/l': 'init.sls' }],
  ['has an empty folder below it', { d: 'web' }, ['d/x']],
  ['is an empty folder as well', { d: 'web' }, ['d']],
  ['leads nowhere', { l: '' }],
] as const satisfies readonly (readonly [string, Readonly<Record<string, string>>, (readonly string[])?])[]) {
  test(`a link that ${what} is refused`, () => {
    assert.throws(() => openIndex(indexOf(links, folders)), { code: 'TREE_PATH_UNSAFE' });
  });
}

test('a link of one environment says nothing of the paths of another', () => {
  const record = {
    v: 2,
    environments: ['base', 'dev'],
    files: [],
    links: [
      { env, path: 'd', target: 'web' },
      { env: 'dev', path: 'd/l', target: 'x' },
    ],
  };

  assert.equal(openIndex(encode(record)).links.length, 2);
});
