import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { environmentsOf, localTree } from './tree.ts';

function workshop() {
  const path = mkdtempSync(join(tmpdir(), 'zester-tree-'));
  for (const name of ['base', 'dev', 'shared/lib']) mkdirSync(join(path, name), { recursive: true });
  const at = (...parts: string[]) => join(path, ...parts);
  return {
    at,
    tree: localTree(at('base'), { dev: [at('dev'), at('shared')] }),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

const text = (content: string | Uint8Array | undefined) => content && Buffer.from(content).toString();

test('an environment of several folders reads as one, the first that has a path counts', () => {
  using desk = workshop();
  writeFileSync(desk.at('dev', 'a.zy'), 'dev');
  writeFileSync(desk.at('shared', 'a.zy'), 'shared');
  writeFileSync(desk.at('shared', 'lib', 'b.zy'), 'shared');
  const environments = environmentsOf(desk.tree, { immutable: false });
  const dev = environments.get('dev');

  assert.deepEqual([...environments.keys()], ['base', 'dev']);
  assert.deepEqual(dev?.list(''), ['a.zy', 'lib/b.zy']);
  assert.deepEqual(
    ['a.zy', 'lib/b.zy', 'c.zy'].map((path) => text(dev?.read(path))),
    ['dev', 'shared', undefined],
  );
  assert.equal(environments.get('base')?.read('a.zy'), undefined);
});

test('nothing is read from outside, and a link may lead from one folder of an environment to another', () => {
  using desk = workshop();
  writeFileSync(desk.at('dev', 'a.zy'), 'dev');
  symlinkSync(desk.at('shared', 'lib'), desk.at('dev', 'linked'));
  symlinkSync(desk.at('shared'), desk.at('base', 'shared'));
  writeFileSync(desk.at('shared', 'lib', 'b.zy'), 'shared');
  const [base, dev] = ['base', 'dev'].map((env) => environmentsOf(desk.tree, { immutable: false }).get(env));

  assert.deepEqual(dev?.list(''), ['a.zy', 'lib/b.zy', 'linked/b.zy']);
  assert.equal(text(dev?.read('linked/b.zy')), 'shared');
  assert.equal(base?.read('../dev/a.zy'), undefined);
  assert.throws(() => base?.read('shared/lib/b.zy'), { code: 'TREE_LINK_LEAVES' });
  assert.throws(() => base?.list(''), { code: 'TREE_LINK_LEAVES' });
});

test('an immutable folder is read once, another anew', () => {
  using desk = workshop();
  const [kept, live] = [true, false].map((immutable) => environmentsOf(desk.tree, { immutable }).get('base'));
  writeFileSync(desk.at('base', 'a.zy'), 'one');
  assert.deepEqual([text(kept?.read('a.zy')), text(live?.read('a.zy'))], ['one', 'one']);

  writeFileSync(desk.at('base', 'a.zy'), 'two');

  assert.deepEqual([text(kept?.read('a.zy')), text(live?.read('a.zy'))], ['one', 'two']);
});

test('a path that no file can have is the path of none', () => {
  using desk = workshop();
  const base = environmentsOf(desk.tree, { immutable: true }).get('base');
  symlinkSync('round', desk.at('base', 'round'));

  for (const path of ['a'.repeat(300), 'a/'.repeat(5_000), 'a\0b', '../dev/a.zy', '', 'round']) {
    assert.equal(base?.read(path), undefined);
  }
});
