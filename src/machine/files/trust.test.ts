import assert from 'node:assert/strict';
import { test } from 'node:test';
import { strangerBehind, strangerIn, strangerUnderSetId, strangerWhoLinked } from './trust.ts';

const user = (id: number) => ({ uid: id, gid: id });
const [root, ann, bob] = [user(0), user(1000), user(1001)];
const folder = (mode: number, owner = root) => ({ ...owner, mode });
const link = (owner = root, nlink = 1) => ({ ...owner, mode: 0o777, nlink });
const [self, asAnn] = [root, ann];

test('a stranger in a directory is its owner, its group or everybody', () => {
  assert.equal(strangerIn(folder(0o755), self), undefined);
  assert.deepEqual(strangerIn(folder(0o755, ann), self), { kind: 'user', id: 1000 });
  assert.deepEqual(strangerIn(folder(0o775), self), { kind: 'group', id: 0 });
  assert.deepEqual(strangerIn(folder(0o1777), self), { kind: 'everybody' });
});

test('a plain user trusts what is of root and of the user, in directories of both', () => {
  assert.equal(strangerIn(folder(0o775, ann), asAnn), undefined);
  assert.deepEqual(strangerIn(folder(0o777, ann), asAnn), { kind: 'everybody' });
  assert.equal(strangerBehind(link(ann), folder(0o755, ann), asAnn), undefined);
  assert.equal(strangerBehind(link(), folder(0o755, ann), asAnn), undefined);
  assert.equal(strangerBehind(link(ann), folder(0o1777), asAnn), undefined);
  assert.deepEqual(strangerBehind(link(bob), folder(0o755, ann), asAnn), { kind: 'user', id: 1001 });
  assert.deepEqual(strangerBehind(link(ann), folder(0o755, bob), asAnn), { kind: 'user', id: 1001 });
});

test('a link of root in a sticky directory counts, unless it may be a second name that somebody made', () => {
  assert.equal(strangerBehind(link(), folder(0o1777), self), undefined);
  assert.deepEqual(strangerBehind(link(root, 2), folder(0o1777), self), { kind: 'everybody' });
  assert.deepEqual(strangerBehind(link(), folder(0o777), self), { kind: 'everybody' });
  assert.equal(strangerBehind(link(root, 2), folder(0o755), self), undefined);
});

test('a second name is a danger where another than the owner of the file can make it', () => {
  const file = (owner: { uid: number; gid: number }, nlink: number) => ({ ...owner, mode: 0o600, nlink });

  assert.equal(strangerWhoLinked(file(root, 1), folder(0o755, ann), self), undefined);
  assert.equal(strangerWhoLinked(file(root, 2), folder(0o755), self), undefined);
  assert.equal(strangerWhoLinked(file(ann, 2), folder(0o755, ann), self), undefined);
  assert.deepEqual(strangerWhoLinked(file(root, 2), folder(0o755, ann), self), { kind: 'user', id: 1000 });
  assert.deepEqual(strangerWhoLinked(file(ann, 2), folder(0o775, ann), self), { kind: 'user', id: 1000 });
});

test('only setuid and setgid need a directory of their own', () => {
  const file = { ...root, mode: 0o755 };

  assert.equal(strangerUnderSetId(file, 0o755, folder(0o755, ann), self), undefined);
  assert.equal(strangerUnderSetId(file, 0o4755, folder(0o755), self), undefined);
  assert.deepEqual(strangerUnderSetId(file, 0o4755, folder(0o755, ann), self), { kind: 'user', id: 1000 });
  assert.deepEqual(strangerUnderSetId(file, 0o2755, folder(0o1777), self), { kind: 'everybody' });
});
