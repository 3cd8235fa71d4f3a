import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../bin/zester-peel.ts', import.meta.url));

/** A folder with state trees and a machine to manage; `peel` runs `zester-peel` on them. */
function workshop(files: Readonly<Record<string, string>>) {
  const path = mkdtempSync(join(tmpdir(), 'zester-local-'));
  const at = (...parts: string[]) => join(path, ...parts);
  for (const name of ['base', 'dev', 'shared', 'machine/srv', 'tmp']) mkdirSync(at(name), { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(at(name)), { recursive: true });
    writeFileSync(at(name), text);
  }
  const trees = ['--states', at('base'), '--env', `dev=${at('dev')}`, '--env', `dev=${at('shared')}`];
  return {
    at,
    peel(verb: 'check' | 'apply', ...argv: string[]) {
      const local = verb === 'apply' ? ['--local', '--root', at('machine')] : [];
      const { status, stdout, stderr } = spawnSync(process.execPath, [entry, verb, ...local, ...trees, ...argv], {
        encoding: 'utf8',
        env: { ...process.env, TMPDIR: at('tmp') },
      });
      return { status, out: stdout, err: stderr };
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

test('without a master, states are applied from the environment that is named', () => {
  using desk = workshop({
    'base/web.zy': '/srv/from: {file.managed: {contents: base}}\n',
    'dev/web.zy': 'include: [lib]\n/srv/from: {file.managed: {contents: dev}}\n',
    'shared/lib.zy': '/srv/lib: {file.managed: {contents: shared}}\n',
  });

  const applied = desk.peel('apply', 'web', '--saltenv', 'dev');

  assert.equal(applied.status, 0, applied.out + applied.err);
  const read = (name: string) => readFileSync(desk.at('machine/srv', name), 'utf8');
  assert.deepEqual([read('from'), read('lib')], ['dev\n', 'shared\n']);
});

test('settings are a template that reads what the machine is, under Salt’s names too', () => {
  using desk = workshop({
    'base/web.sls': '/srv/from:\n  file.managed:\n    - contents_pillar: who\n',
    'settings.sls': 'who: "{{ grains.id }} of {{ grains.domain is string }}"\n',
  });

  const applied = desk.peel('apply', 'web', '--id', 'web-01', '--settings', desk.at('settings.sls'));

  assert.equal(applied.status, 0, applied.out + applied.err);
  assert.equal(readFileSync(desk.at('machine/srv/from'), 'utf8'), 'web-01 of True\n');
});

test('without a master, the top file gives states of every environment', () => {
  using desk = workshop({
    'base/top.zy': "base: {'*': web}\ndev: {'*': web}\n",
    'base/web.zy': 'base web: test.nop\n',
    'dev/web.zy': 'dev web: test.nop\n',
  });

  const applied = desk.peel('apply', '--json');

  const { results } = JSON.parse(applied.out) as { results: { id: string }[] };
  assert.deepEqual(
    results.map(({ id }) => id),
    ['base web', 'dev web'],
  );
});

test('a check looks at every environment', () => {
  using desk = workshop({ 'base/web.zy': 'web: test.nop\n', 'shared/lib.zy': 'lib: test.nope\n' });

  const all = desk.peel('check');
  const base = desk.peel('check', '--saltenv', 'base');

  assert.equal(all.status, 64);
  assert.match(all.err, /lib\.zy:1:6: .*test\.nope/);
  assert.match(base.out, /1 state files, 1 steps, 0 with errors/);
});

test('an environment that cannot be read is refused', () => {
  using desk = workshop({});

  const missing = desk.peel('check', '--env', `prod=${desk.at('nowhere')}`);
  const wrong = desk.peel('check', '--env', '../prod=/srv');

  assert.deepEqual([missing.status, wrong.status], [64, 64]);
  assert.match(missing.err, /Cannot read the environment "prod": .*nowhere" is no folder \[STATES_MISSING\]/);
  assert.match(wrong.err, /ENVIRONMENT_INVALID/);
});

test('a state with reload_grains lets those after it see what the machine has become', () => {
  using desk = workshop({
    'base/web.zy': [
      'release:',
      '  file.managed: {name: /etc/os-release, contents: "ID=alpine\\nVERSION_ID=3.20", makedirs: true, reload_grains: true}',
      'seen:',
      '  file.managed: {name: /srv/seen, contents: "{% raw %}{{ facts.os.family }} {{ grains.os_family }}{% endraw %}", template: jinja, require: [release]}',
      '',
    ].join('\n'),
  });

  const applied = desk.peel('apply', 'web');

  assert.equal(applied.status, 0, applied.out + applied.err);
  assert.equal(readFileSync(desk.at('machine/srv/seen'), 'utf8'), 'alpine Alpine\n');
});

test('a run without a master leaves what takes it back where a peel of that machine would', () => {
  using desk = workshop({ 'base/web.zy': '/srv/a: {file.managed: {contents: a}}\n' });

  desk.peel('apply', 'web');

  const kept = readdirSync(desk.at('machine/var/lib/zester/runs')).filter((name) => name.length === 27);
  assert.equal(kept.length, 1);
});

test('an error shows its line with a caret, before a run and during it', () => {
  using desk = workshop({
    'base/web.sls': '/srv/a:\n  file.managed:\n    - conents: hello\n',
    'base/late.sls': '/srv/b:\n  file.managed:\n    - source: salt://b.conf\n    - template: jinja\n',
    'base/b.conf': 'ok\nport = {{ port.number.missing }}\n',
  });

  const [checked, applied, told] = [
    desk.peel('check', 'web'),
    desk.peel('apply', 'late'),
    desk.peel('apply', 'web', '--json'),
  ];

  assert.match(
    checked.err,
    /^web\.sls:3:7: .*\n {2}3 \| {5}- conents: hello\n {4}\| {7}\^\n {2}Did you mean "contents"\?/m,
  );
  assert.match(applied.out, /b\.conf:2:.*\n *2 \| port = \{\{ port\.number\.missing \}\}\n *\| *\^/);
  assert.deepEqual(JSON.parse(told.out).error.at, {
    file: 'web.sls',
    line: 3,
    column: 7,
    text: '    - conents: hello',
  });
});
