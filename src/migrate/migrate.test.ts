import assert from 'node:assert/strict';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import { test } from 'node:test';
import { isError } from '#base/errors.ts';
import { profiles } from '#lint/profiles.ts';
import { migrate } from './migrate.ts';

/** A folder that is there for one test. */
function scratch(files: Readonly<Record<string, string>>) {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'zester-migrate-'));
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    fs.writeFileSync(path.join(root, name), text);
  }
  return { at: (name: string) => path.join(root, name), [Symbol.dispose]: () => fs.rmSync(root, { recursive: true }) };
}

const tree = {
  'salt/top.sls': "base:\n  'os:Debian':\n    - match: grain\n    - web\n",
  'salt/web.sls': 'a: test.nop\n',
};

function refusal(code: string) {
  return (error: unknown) => isError(error, code);
}

test('nothing is written without a place to write to', async () => {
  using folder = scratch(tree);

  const report = await migrate({ states: folder.at('salt') });

  assert.deepEqual(
    report.files.map(({ path: name, to, outcome }) => [name, to, outcome]),
    [
      ['top.sls', 'top.zy', 'changed'],
      ['web.sls', 'web.sls', 'runs as is'],
    ],
  );
  assert.deepEqual(fs.readdirSync(folder.at('.')), ['salt']);
});

test('the migrated trees stand beside each other, and the originals stay as they were', async () => {
  using folder = scratch({
    ...tree,
    'salt/files/run.sh': '#!/bin/sh\n',
    'pillar/top.sls': "base:\n  '*':\n    - a\n",
    'pillar/a.sls': 'b: 1\n',
  });
  fs.chmodSync(folder.at('salt/files/run.sh'), 0o755);
  fs.writeFileSync(folder.at('salt/files/logo.png'), Buffer.from([0, 255, 13, 10]));

  await migrate({ states: folder.at('salt'), settings: folder.at('pillar'), out: folder.at('new/zester') });

  assert.deepEqual(fs.readdirSync(folder.at('new/zester/states'), { recursive: true }).sort(), [
    'files',
    'files/logo.png',
    'files/run.sh',
    'top.zy',
    'web.sls',
  ]);
  assert.deepEqual(fs.readdirSync(folder.at('new/zester/settings')).sort(), ['a.sls', 'top.zy']);
  assert.equal(fs.readFileSync(folder.at('new/zester/states/top.zy'), 'utf8'), "base:\n  'G@os:Debian':\n    - web\n");
  assert.deepEqual([...fs.readFileSync(folder.at('new/zester/states/files/logo.png'))], [0, 255, 13, 10]);
  assert.ok(fs.statSync(folder.at('new/zester/states/files/run.sh')).mode & 0o100);
  for (const [name, text] of Object.entries(tree)) assert.equal(fs.readFileSync(folder.at(name), 'utf8'), text);
});

test('a folder that holds something is never written to', async () => {
  using folder = scratch({ ...tree, 'out/mine.txt': 'x' });

  await assert.rejects(migrate({ states: folder.at('salt'), out: folder.at('out') }), refusal('OUT_TAKEN'));
  await assert.rejects(migrate({ states: folder.at('salt'), out: folder.at('out/mine.txt') }), refusal('OUT_TAKEN'));
});

test('a folder within a tree is never written to', async () => {
  using folder = scratch({ ...tree, 'pillar/top.sls': '{}' });
  const request = { states: folder.at('salt'), settings: folder.at('pillar') };

  for (const out of ['salt', 'salt/new', 'pillar/../salt/deep/er', 'pillar/new']) {
    await assert.rejects(migrate({ ...request, out: folder.at(out) }), refusal('OUT_INSIDE'), out);
  }
  await migrate({ ...request, out: folder.at('salt-new') });
});

test('a folder that is not there cannot be migrated', async () => {
  using folder = scratch({});

  await assert.rejects(migrate({ states: folder.at('salt') }), refusal('SALT_TREE_UNREADABLE'));
});

test('nodegroups that are none are refused', async () => {
  using folder = scratch(tree);
  const nodegroups = { path: 'master', text: 'nodegroups:\n  web: {a: b}\n' };

  await assert.rejects(migrate({ states: folder.at('salt'), nodegroups }), refusal('SALT_NODEGROUP_INVALID'));
});

test('what is not taken along is told', async () => {
  using folder = scratch({ ...tree, 'salt/.git/config': 'x', 'salt/a/.hidden': 'x' });
  fs.symlinkSync('nowhere', folder.at('salt/dangling'));
  fs.symlinkSync('.', folder.at('salt/a/again'));
  fs.symlinkSync('../web.sls', folder.at('salt/a/web.sls'));

  const report = await migrate({ states: folder.at('salt'), out: folder.at('out') });

  assert.deepEqual(
    report.notes.map(({ text }) => text),
    [
      'Left out: .git (kept by version control or an editor)',
      'Left out: a/again (a link to a folder that it lies in)',
      'Left out: dangling (a link that leads nowhere)',
    ],
  );
  assert.deepEqual(fs.readdirSync(folder.at('out/states'), { recursive: true }).sort(), [
    'a',
    'a/.hidden',
    'a/web.sls',
    'top.zy',
    'web.sls',
  ]);
});

test('what Zester refuses for any reason is a missing part', async () => {
  using folder = scratch({
    'salt/web.sls': 'a:\n  test.nop:\n    - require:\n      - test: nowhere\n',
    'pillar/top.sls': 'base: [x]\n',
  });

  const { files } = await migrate({ states: folder.at('salt'), settings: folder.at('pillar') });

  const told = files.map(({ path: name, outcome, missing }) => [
    name,
    outcome,
    ...missing.map(({ kind, at, name: what }) => `${at.line}:${at.column} ${kind} ${what}`),
  ]);
  assert.deepEqual(told, [
    [
      'web.sls',
      'has missing parts',
      '4:9 error Referenced state does not exist for requisite [RequisiteType.REQUIRE: (test: nowhere)] in state [a] in SLS [web]',
    ],
    ['top.sls', 'has missing parts', '1:7 error The top file matches for saltenv base are not formatted as a dict'],
  ]);
});

test('a rewrite that would mean something else is taken back alone, and told as a mistake', async () => {
  const imports = "{% from 'map.jinja' import x %}";
  const fragile = `${imports}{% set p = 'salt://a' %}\n{% if p.startswith('salt://') %}a: test.nop{% endif %}\n`;
  using folder = scratch({
    'salt/fragile.sls': fragile,
    'salt/sound.sls': `${imports}b: {test.nop: [{comment: {{ pillar.get('x', x) }}}]}\n`,
    'salt/map.jinja': "{% set x = pillar.get('y', 1) %}",
  });

  const { files, mistakes } = await migrate({ states: folder.at('salt'), out: folder.at('out'), rename: true });

  assert.deepEqual(
    files.map(({ path: name, outcome }) => [name, outcome]),
    [
      ['fragile.sls', 'runs as is'],
      ['map.jinja', 'changed'],
      ['sound.sls', 'changed'],
    ],
  );
  assert.equal(mistakes.length, 1);
  assert.match(mistakes[0]?.text ?? '', /^Rewritten, "fragile" would not be the same on debian: /);
  assert.equal(fs.readFileSync(folder.at('out/states/fragile.sls'), 'utf8'), fragile);
});

/** Two throws: that they come to the same again is not to be feared. */
const dice = '{{ range(0, 99999) | random }}{{ range(0, 99999) | random }}';

test('templates that throw dice are no mistakes', async () => {
  using folder = scratch({
    'salt/web.sls': `a: {test.nop: [{x: ${dice}, y: {{ pillar['n'] }}}]}\n`,
    'pillar/top.sls': "base:\n  'os:Debian':\n    - match: grain\n    - n\n  'not G@os:Debian':\n    - n\n",
    'pillar/n.sls': `n: ${dice}\n`,
  });

  const { files, mistakes } = await migrate({
    states: folder.at('salt'),
    settings: folder.at('pillar'),
    rename: true,
  });

  assert.deepEqual(mistakes, []);
  assert.deepEqual(
    files.map(({ path: name, outcome }) => [name, outcome]),
    [
      ['web.sls', 'changed'],
      ['n.sls', 'runs as is'],
      ['top.sls', 'changed'],
    ],
  );
});

test('a name that a template may be given by others is no missing part', async () => {
  using folder = scratch({
    'salt/web.sls': "{% set name = grains.get('x', 'used') %}{% include name ~ '.jinja' %}\na: test.nop\n",
    'salt/used.jinja': '{{ nobody_sets_this }}\n',
    'salt/open.jinja': '{{ somebody_sets_this }}\n',
  });

  const { files } = await migrate({ states: folder.at('salt') });

  assert.deepEqual(
    files.map(({ path: name, missing, notes }) => [name, missing.length, notes.length]),
    [
      ['open.jinja', 0, 1],
      ['used.jinja', 1, 0],
      ['web.sls', 0, 0],
    ],
  );
});

test('what is no text is no state file', async () => {
  using folder = scratch({});
  fs.mkdirSync(folder.at('salt'));
  fs.writeFileSync(folder.at('salt/web.sls'), Buffer.from([0x61, 0xff, 0xfe]));

  const { files } = await migrate({ states: folder.at('salt') });

  assert.deepEqual(
    files.flatMap(({ missing }) => missing.map(({ kind, name }) => [kind, name])),
    [['template', 'It is no text in UTF-8']],
  );
});

test('the machines to try a tree on may be chosen', async () => {
  using folder = scratch({ 'salt/web.sls': "{% if grains['os'] == 'Arch' %}a: nothing.at_all{% endif %}\n" });
  const missingFor = async (name: string) => {
    const samples = profiles.filter((each) => each.name === name);
    const { files } = await migrate({ states: folder.at('salt'), samples });
    return files[0]?.missing.map(({ kind, name: what, reached }) => [kind, what, reached]);
  };

  assert.deepEqual(await missingFor('arch'), [['state', 'nothing.at_all', true]]);
  assert.deepEqual(await missingFor('debian'), [['state', 'nothing.at_all', false]]);
});
