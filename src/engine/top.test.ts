import assert from 'node:assert/strict';
import { test } from 'node:test';
import { registry } from '#modules/registry.ts';
import { match, parse } from '#target/index.ts';
import { treeOf } from '../../test/cases/trees.ts';
import { CompileErrors, createEngine } from './engine.ts';

type Files = Readonly<Record<string, string>>;

/** What `web-01` is to have, by environment. */
function top(environments: Readonly<Record<string, Files>>, env?: string) {
  const { base = {}, ...others } = environments;
  const trees = Object.fromEntries(Object.entries(others).map(([name, files]) => [name, treeOf(files)]));
  const engine = createEngine({ registry, tree: treeOf(base), environments: trees });
  return engine.showTop({
    scope: { id: 'web-01', facts: {}, settings: {} },
    env,
    matches: (target, kind) => match(parse(target, kind === 'native' ? {} : { dialect: 'salt' }), { id: 'web-01' }),
  });
}

function refusal(environments: Readonly<Record<string, Files>>, env?: string) {
  try {
    top(environments, env);
  } catch (error) {
    assert.ok(error instanceof CompileErrors, String(error));
    return error.errors.map(({ code, at, hint }) => ({ code, at: at && `${at.file}:${at.line}:${at.column}`, hint }));
  }
  return [];
}

test('a target that cannot be read is shown where the top file has it', () => {
  const found = refusal({ base: { 'top.zy': "base:\n  'web*': web\n  'web,db': db\n" } });

  assert.deepEqual(
    found.map(({ code, at }) => [code, at]),
    [['TARGET_SYNTAX', 'top.zy:3:7']],
  );
});

test('a kind of target that does not exist is refused instead of matching nothing', () => {
  const found = refusal({ base: { 'top.zy': "base:\n  'web*':\n    - match: gloob\n    - web\n" } });

  assert.deepEqual(found, [{ code: 'TOP_INVALID', at: 'top.zy:3:14', hint: 'Did you mean "glob"?' }]);
});

test('an environment that does not exist is named, with the ones there are', () => {
  const found = refusal({ base: { 'top.zy': "base: {'*': web}\n" }, development: {} }, 'development2');

  assert.deepEqual(found, [{ code: 'ENVIRONMENT_UNKNOWN', at: undefined, hint: 'Did you mean "development"?' }]);
});

test('a section of a native top file that is no environment labels a part of base', () => {
  const files = { 'top.zy': "web servers: {'web*': web}\ndev: {'*': tools}\n" };

  assert.deepEqual(top({ base: files, dev: {} }), { base: ['web'], dev: ['tools'] });
  assert.deepEqual(top({ base: files }, 'base'), { base: ['web', 'tools'] });
});

test('what a top file includes is looked for, and a circle of includes ends', () => {
  const circle = {
    'top.zy': "include: [more]\nbase: {'*': web}\n",
    'more.zy': "include: [top]\nbase: {'w*': db}\n",
  };

  assert.deepEqual(top({ base: circle }), { base: ['web', 'db'] });
  assert.deepEqual(
    refusal({ base: { 'top.zy': "include: [mroe]\nbase: {'*': web}\n" } }).map(({ code, at }) => [code, at]),
    [['TOP_INVALID', 'top.zy:1:11']],
  );
});
