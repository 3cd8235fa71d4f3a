import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { isError, placeText } from '#base/errors.ts';
import { optionFlags, readFlags, resolveOptions } from '#base/options.ts';
import { masterOptions } from '../options.ts';
import { publishedTree } from './options.ts';

async function treeOf(text: string, argv: readonly string[] = []) {
  const { flags } = readFlags(argv, optionFlags(masterOptions));
  const { values } = await resolveOptions(masterOptions, { file: { path: 'master.yaml', text }, flags });
  return publishedTree(values);
}

test('without options there is the base environment, and nothing is decided', async () => {
  const { treeRules, ...tree } = await treeOf('');

  assert.deepEqual(treeRules.protectedDirs, ['/var/lib/zester/auth', '/var/lib/zester/auth/ca']);
  assert.deepEqual(tree, {
    folders: { base: ['/var/lib/zester/states'] },
    treeOptions: { topStrategy: 'merge', defaultTop: 'base', nodegroups: {} },
  });
});

test('options of a master become what is published', async () => {
  const text = [
    'states_dir: /srv/states',
    'environments: {dev: [/srv/dev, /srv/shared], base: /srv/shared}',
    'top_file_merging_strategy: same',
    'default_top: dev',
    'env_order: [dev, base]',
    'nodegroups: {web: "web*", edge: [web-01, web-02]}',
  ].join('\n');

  const { folders, treeOptions } = await treeOf(text);

  assert.deepEqual(folders, { base: ['/srv/states', '/srv/shared'], dev: ['/srv/dev', '/srv/shared'] });
  assert.deepEqual(treeOptions, {
    topStrategy: 'same',
    defaultTop: 'dev',
    envOrder: ['dev', 'base'],
    nodegroups: { edge: ['web-01', 'web-02'], web: 'web*' },
  });
  assert.deepEqual(Object.keys(treeOptions.nodegroups), ['edge', 'web'], 'whatever their order in the file');
});

test('flags give environments too, several folders by giving one again', async () => {
  const { folders } = await treeOf('', ['--environments', 'dev=/srv/dev', '--environments=dev=/srv/shared']);

  assert.deepEqual(folders.dev, ['/srv/dev', '/srv/shared']);
});

test('the guide shows options as they are', async () => {
  const guide = readFileSync(new URL('../../../docs/guide/state-tree.md', import.meta.url), 'utf8');
  const blocks = [...guide.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = '']) => text);
  const [environments = '', nodegroups = ''] = blocks.filter((text) => !text.startsWith('# top.zy'));

  assert.deepEqual((await treeOf(environments)).folders, {
    base: ['/srv/states', '/srv/shared'],
    dev: ['/srv/dev', '/srv/shared'],
    qa: ['/srv/qa'],
  });
  assert.deepEqual(Object.keys((await treeOf(nodegroups)).treeOptions.nodegroups), ['canary', 'edge', 'web']);
});

test('what is wrong is refused with its place', async () => {
  const cases: readonly (readonly [text: string, code: string, place: string | undefined])[] = [
    ['environments: {../dev: /srv}', 'ENVIRONMENT_INVALID', 'master.yaml:1:15'],
    ['log_level: info\nnodegroups:\n  a: N@b\n  b: N@a', 'TARGET_GROUP_CYCLE', 'master.yaml:3:3'],
    ['nodegroups: [web]', 'OPTION_INVALID', 'master.yaml:1:13'],
    ['top_file_merging_strategy: some', 'OPTION_INVALID', 'master.yaml:1:28'],
    ['env_order: [base, dev]', 'ENVIRONMENT_UNDEFINED', undefined],
    ['default_top: dev', 'ENVIRONMENT_UNDEFINED', undefined],
    ['state_top_saltenv: dev', 'ENVIRONMENT_UNDEFINED', undefined],
    ['states_dir: /var/lib/zester', 'TREE_FOLDER_PROTECTED', undefined],
    ['states_dir: /var/lib/zester/auth/', 'TREE_FOLDER_PROTECTED', undefined],
    ['environments: {dev: /var/lib/zester/auth/signing/..}', 'TREE_FOLDER_PROTECTED', undefined],
    ['link_dirs: [/var]', 'TREE_FOLDER_PROTECTED', undefined],
    ['ca_dir: /srv/pki\nenvironments: {dev: /srv}', 'TREE_FOLDER_PROTECTED', undefined],
  ];
  for (const [text, code, place] of cases) {
    await assert.rejects(treeOf(text), (error) => {
      assert.ok(isError(error), String(error));
      assert.deepEqual([error.code, error.at && placeText(error.at)], [code, place], text);
      return true;
    });
  }
});
