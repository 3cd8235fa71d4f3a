import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkLayers, draw, findCycles, layers } from './layers.ts';

const messages = (...files: readonly (readonly [path: string, text: string])[]) =>
  checkLayers(files.map(([path, text]) => ({ path, text }))).map(({ file, message }) => `${file}: ${message}`);

test('a module may use the kit, and a test anything', () => {
  const found = messages(
    ['src/modules/group.ts', "import { state } from '#kit/state.ts';"],
    ['src/modules/group.test.ts', "import { testBus } from '../../test/harness/bus.ts';"],
  );

  assert.deepEqual(found, []);
});

test('a broken rule names the file, the rule and what to do instead', () => {
  const [finding] = checkLayers([{ path: 'src/modules/group.ts', text: "import { connect } from '#bus/connect.ts';" }]);

  assert.equal(finding?.file, 'src/modules/group.ts');
  assert.equal(finding.message, 'modules may not import bus (#bus/connect.ts)');
  assert.match(finding.instead, /through a port in machine\//);
});

test('every rule can be broken', () => {
  const cases: readonly (readonly [path: string, text: string, message: RegExp])[] = [
    ['src/engine/run.ts', "import type { Bus } from '#bus/bus.ts';", /engine may not import bus/],
    ['src/cli/run.ts', "import { run } from '#master/run.ts';", /cli may not import master/],
    ['src/odd/x.ts', '', /"odd" is no layer/],
    ['src/kit/a.ts', "import { b } from '#kit/b.ts';", /its own layer/],
    ['src/kit/a.ts', "import { b } from '../machine/b.ts';", /leaves its layer/],
    ['src/kit/a.ts', "import { b } from './b.test.ts';", /imports the test/],
    ['src/modules/user.ts', "import { group } from './group.ts';", /may not import each other/],
    ['src/facts/disk.ts', "import { os } from './os.ts';", /may not import each other/],
    ['src/peel/resident/a.ts', "import type { B } from '../runner/b.ts';", /resident may not import peel\/runner/],
    ['src/peel/a.ts', "import { b } from './shared/b.ts';", /is no room of peel/],
    ['src/modules/user.ts', "import { exec } from 'node:child_process';", /may not import node:child_process/],
    ['src/engine/gather.ts', "import { readFile } from 'node:fs/promises';", /may not import node:fs/],
    ['src/kit/a.ts', "import leftPad from 'left-pad';", /which no rule knows/],
    ['src/master/a.ts', "import { Kvm } from '@nats-io/kv';", /may not call the package/],
    ['src/master/a.ts', "import type { KV } from '@nats-io/kv';", /may not call the package/],
  ];

  for (const [path, text, message] of cases) assert.match(messages([path, text]).join('\n'), message);
});

test('siblings of a folder, and the registry are free', () => {
  const found = messages(
    ['src/modules/file/managed.ts', "import { mode } from './mode.ts';"],
    ['src/modules/registry.ts', "import { present } from './group.ts';"],
    ['src/machine/commands.ts', "import { spawn } from 'node:child_process';"],
  );

  assert.deepEqual(found, []);
});

test('a cycle of values is found, and one of types where nothing excuses it', () => {
  const values = messages(
    ['src/base/a.ts', "import { b } from './b.ts';"],
    ['src/base/b.ts', "import { a } from './a.ts';"],
  );
  const types = messages(
    ['src/base/a.ts', "import { b } from './b.ts';"],
    ['src/base/b.ts', "import type { A } from './a.ts';"],
  );

  assert.deepEqual(values, ['src/base/a.ts: imports itself: src/base/a.ts → src/base/b.ts → src/base/a.ts']);
  const excused = messages(
    ['src/kit/context.ts', "import type { A } from './a.ts';"],
    ['src/kit/a.ts', "import type { B } from './context.ts';"],
  );

  assert.deepEqual(types, values);
  assert.deepEqual(excused, []);
});

test('every cycle is found once', () => {
  const graph = new Map([
    ['a', ['b', 'd']],
    ['b', ['c']],
    ['c', ['a']],
    ['d', ['e']],
    ['e', ['d', 'c']],
    ['f', ['f']],
    ['g', ['a', 'outside']],
  ]);

  const cycles = findCycles(graph).map((cycle) => cycle.toSorted().join(''));

  assert.deepEqual(cycles, ['abcde', 'f']);
});

test('the peel ships without the master, and its resident half without the engine', () => {
  const found = messages(
    [
      'src/bin/zester-peel.ts',
      "import { boot } from '#peel/resident/boot.ts';\nconst work = () => import('#peel/runner/work.ts');",
    ],
    ['src/peel/resident/boot.ts', "import './inbox.ts';"],
    ['src/peel/resident/inbox.ts', "import { run } from '#engine/run.ts';"],
    ['src/peel/runner/work.ts', "import { order } from '#engine/order.ts';\nimport { x } from '#master/x.ts';"],
    ['src/engine/run.ts', "import { order } from './order.ts';"],
    ['src/engine/order.ts', ''],
    ['src/master/x.ts', ''],
  );

  assert.deepEqual(found, [
    'src/peel/runner/work.ts: peel may not import master (#master/x.ts)',
    'src/bin/zester-peel.ts: the peel would ship with master or CLI: src/bin/zester-peel.ts → src/peel/runner/work.ts → src/master/x.ts',
    'src/bin/zester-peel.ts: the resident peel would load the runner: src/bin/zester-peel.ts → src/peel/resident/boot.ts → src/peel/resident/inbox.ts → src/engine/run.ts',
  ]);
});

test('a run of kept states loads neither what renders nor what compiles', () => {
  const found = messages(
    ['src/peel/runner/local.ts', "import { createEngine } from '#engine/engine.ts';"],
    [
      'src/engine/engine.ts',
      "import { formats } from './formats.ts';\nconst compiler = () => require('./compiler.ts') as typeof import('./compiler.ts');",
    ],
    ['src/engine/formats.ts', "import { dumpYaml } from '#render/yaml.ts';"],
    ['src/engine/compiler.ts', "import { createRenderer } from '#render/render.ts';"],
    ['src/render/yaml.ts', ''],
    ['src/render/render.ts', ''],
  );

  assert.deepEqual(found, [
    'src/peel/runner/local.ts: a run of kept states would load what renders: src/peel/runner/local.ts → src/engine/engine.ts → src/engine/formats.ts → src/render/yaml.ts',
  ]);
});

test('the table is a stack: no layer imports one that stands above it', () => {
  const names = layers.map(({ name }) => name);

  for (const { name, imports } of layers) {
    for (const other of imports) assert.ok(names.indexOf(other) > names.indexOf(name), `${name} imports ${other}`);
  }
});

test('the picture leaves out what follows from two other arrows', () => {
  const picture = draw();

  assert.match(picture, /engine --> kit/);
  assert.doesNotMatch(picture, /engine --> base/);
});
