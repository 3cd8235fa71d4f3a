import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { differences, removal } from './changes.ts';
import { contentOf, sha256 } from './content.ts';
import { lookup } from './data-lookup.ts';
import { mask, show } from './show.ts';

describe('changes that are shown', () => {
  test('have short values as lines and texts as a diff', () => {
    const changes = { mode: { from: '0600', to: '0644' }, contents: { from: 'a\n', to: 'b\n' } };

    const { diff } = show(changes, { name: '/etc/motd' });

    assert.equal(diff, 'mode: 0600 → 0644\n--- /etc/motd\n+++ /etc/motd\n@@ -1 +1 @@\n-a\n+b');
  });

  test('carry a note in place of a text', () => {
    const { changes } = show({ contents: { from: undefined, to: 'abc\n' } }, { name: '/x' });

    assert.deepEqual(changes.contents, { from: undefined, to: { sha256: sha256('abc\n'), bytes: 4 } });
  });

  test('tell binary contents apart without showing them', () => {
    const [from, to] = [contentOf(Uint8Array.of(0, 1)), contentOf(Uint8Array.of(0, 2, 3))];

    assert.match(show({ contents: { from, to } }, { name: '/x' }).diff, /^\/x: 2 bytes \(sha256 \w{12}\) → 3 bytes/);
  });

  test('hide fields that are secret, on both sides, and say that they differ', () => {
    const { changes, diff } = show({ password: { from: 'old', to: 'new' } }, { name: 'anna', hidden: ['password'] });

    assert.deepEqual(changes.password, { from: '[secret]', to: '[secret]' });
    assert.equal(diff, 'password: [secret] → [secret]');
  });

  test('mask secret values inside texts before the diff is made', () => {
    const { diff } = show(
      { contents: { from: '', to: 'key = k3y-k3y\nport = 1\n' } },
      { name: '/x', secrets: ['k3y-k3y'] },
    );

    assert.match(diff, /\+key = \[secret\]\n\+port = 1/);
  });
});

describe('masking', () => {
  test('reaches keys, lists and maps, longest secret first', () => {
    assert.deepEqual(mask({ hunter2: ['x hunter2!', { a: 'hunter' }] }, ['hunter', 'hunter2']), {
      '[secret]': ['x [secret]!', { a: '[secret]' }],
    });
  });

  test('leaves what is too short to be told from other words', () => assert.equal(mask('no', ['no']), 'no'));
});

describe('differences', () => {
  test('leave fields alone that are not wished for', () => {
    assert.deepEqual(differences<{ a: number; b: number | undefined }>({ a: 1, b: undefined }, { a: 1, b: 2 }), {});
  });

  test('compare lists and maps by what is in them', () => {
    assert.deepEqual(differences({ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }), {});
    assert.deepEqual(differences({ a: [1] }, { a: [2] }), { a: { from: [2], to: [1] } });
  });

  test('of a removal keep what goes', () => {
    assert.deepEqual(removal({ gid: 7, note: undefined }), {
      exists: { from: true, to: false },
      gid: { from: 7, to: undefined },
    });
    assert.deepEqual(removal(undefined), {});
  });
});

describe('looking up', () => {
  const data = { os: { family: 'debian', 'a:b': 1 }, list: ['x', { y: 2 }], 'os:family': 'whole' };

  for (const [path, value] of [
    ['os:family', 'whole'],
    ['os:a:b', 1],
    ['list:1:y', 2],
    ['os:none', undefined],
    ['os:family:x', undefined],
    ['__proto__', undefined],
  ] as const) {
    test(`"${path}" finds ${JSON.stringify(value)}`, () => assert.equal(lookup(data, path), value));
  }
});
