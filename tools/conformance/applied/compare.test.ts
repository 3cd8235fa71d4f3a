import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { answerText } from '../../../test/hosts/cases/answers.ts';
import { type Run, runOf } from '../../../test/hosts/cases/judge.ts';
import type { Host } from '../../../test/hosts/host.ts';
import { answerDifferences, machineDifferences } from './compare.ts';
import type { Look } from './look.ts';
import { type Result, untouched } from './record.ts';

describe('what states answer', () => {
  test('is as in Salt when it means the same', () => {
    const own = run({ a: 'changed', b: 'unchanged', c: 'skipped', d: 'failed' });
    const salt = [
      answer('a', { changed: true }),
      answer('b'),
      answer('c'),
      answer('d', { result: false, changed: true }),
    ];

    assert.deepEqual(answerDifferences('run', own, salt), []);
  });

  test('is as in Salt in a plan that would change something, or cannot tell', () => {
    const salt = [answer('a', { result: null }), answer('b', { result: null })];

    assert.deepEqual(answerDifferences('plan', run({ a: 'would-change', b: 'cannot-tell' }), salt), []);
    assert.equal(answerDifferences('plan', run({ a: 'unchanged', b: 'failed' }), salt).length, 2);
  });

  test('of a plan may be what Salt’s run did, where Salt’s plan says otherwise', () => {
    const plan = run({ a: 'would-change', b: 'cannot-tell', c: 'unchanged' });
    const salt = [answer('a'), answer('b', { result: false }), answer('c', { result: null })];
    const done = [answer('a', { changed: true }), answer('b', { changed: true }), answer('c')];

    assert.deepEqual(answerDifferences('plan', plan, salt, done), []);
    assert.equal(
      answerDifferences('plan', plan, salt, [...done.slice(0, 1), answer('b', { result: false })]).length,
      2,
    );
  });

  test('differs where one knows a state that the other does not, and where it says otherwise', () => {
    const salt = [answer('a', { changed: true }), answer('b')];

    assert.deepEqual(answerDifferences('run', run({ a: 'unchanged', c: 'unchanged' }), salt), [
      'run: test.nop a: Salt says true, changed, Zester unchanged',
      'run: test.nop b: Salt says true, Zester does not know it',
      'run: test.nop c: only Zester knows it, unchanged',
    ]);
  });

  test('counts what is skipped for a failure as failed', () => {
    const output = answerText({ results: { a: 'skipped' }, skipReason: 'require_failed' });
    const own = runOf({ code: 2, output, errors: '' });

    assert.deepEqual(answerDifferences('run', own, [answer('a', { result: false })]), []);
    assert.equal(answerDifferences('run', own, [answer('a')]).length, 1);
  });
});

describe('what a machine is like', () => {
  const file = { type: 'file', mode: '644', uid: 0, gid: 0, sha256: 'aa' } as const;
  const host = { layers: [{ place: '/', lower: '/nowhere', changes: '/nowhere' }] } as unknown as Host;
  const empty: Look = {
    files: new Map(),
    users: new Map(),
    groups: new Map(),
    userNames: new Map([[0, 'root']]),
    groupNames: new Map([[0, 'root']]),
    packages: new Map(),
    units: new Map(),
    mounts: new Map(),
    probes: new Map(),
  };

  test('is compared in both directions', () => {
    const after = { ...empty, files: new Map([['/srv/own', file]]) };
    const right = { ...untouched, added: { '/srv/salt': { type: 'file', mode: '0644' } } };

    assert.deepEqual(machineDifferences(host, empty, after, right), [
      '/srv/salt: Salt leaves {"type":"file","mode":"0644"}, Zester nothing new',
      '/srv/own: Salt leaves it as it was, Zester leaves file 644 root:root',
    ]);
  });

  test('is compared by mode, owner and content, but for what a package brings', () => {
    const after = { ...empty, files: new Map([['/etc/x', file]]) };
    const other = { type: 'file', mode: '0600', user: 'daemon', group: 'root', sha256: 'bb' };

    assert.deepEqual(machineDifferences(host, empty, after, { ...untouched, added: { '/etc/x': other } }), [
      '/etc/x: mode: Salt leaves 0600, Zester 0644',
      '/etc/x: user: Salt leaves daemon, Zester root',
      '/etc/x: sha256: Salt leaves bb, Zester aa',
    ]);
    const brought = { type: 'file', mode: '0644', sha256: 'bb', pkg: 'x' };
    assert.deepEqual(machineDifferences(host, empty, after, { ...untouched, added: { '/etc/x': brought } }), []);
  });

  test('is compared by packages and accounts, whose system numbers do not matter', () => {
    const user = { uid: 101, group: 'g', gecos: '', home: '/', shell: '/bin/sh', groups: [], shadow: {} };
    const after = {
      ...empty,
      users: new Map([['u', user]]),
      packages: new Map([['p', { version: '1', state: 'ii' }]]),
    };
    const right = {
      ...untouched,
      users: { u: { ...user, uid: 999 } },
      packages: { ...untouched.packages, added: { p: '2' } },
    };

    assert.deepEqual(machineDifferences(host, empty, after, right), ['package p: Salt leaves "2", Zester "1"']);
    assert.deepEqual(machineDifferences(host, empty, after, untouched), [
      'user u: Salt leaves it as it was, Zester does not',
      'package p: Salt leaves it as it was, Zester 1',
    ]);
  });
});

function run(results: Readonly<Record<string, string>>): Run {
  return runOf({ code: 0, output: answerText({ results }), errors: '' });
}

function answer(
  id: string,
  { result = true, changed = false }: Partial<Pick<Result, 'result' | 'changed'>> = {},
): Result {
  return { id, state: 'test.nop', name: id, result, changed };
}
