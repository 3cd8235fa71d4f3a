import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isEnvironmentName, readFolders, withBase } from './environments.ts';

test('an environment has one folder or several, in their order', () => {
  const folders = readFolders({ prod: '/srv/prod', dev: ['/srv/dev', '/srv/shared'] });

  assert.deepEqual(folders, { prod: ['/srv/prod'], dev: ['/srv/dev', '/srv/shared'] });
});

test('base is the first environment, and its own folder the first of its folders', () => {
  const folders = withBase('/srv/states', readFolders({ dev: '/srv/dev', base: '/srv/more' }));

  assert.deepEqual(Object.entries(folders), [
    ['base', ['/srv/states', '/srv/more']],
    ['dev', ['/srv/dev']],
  ]);
});

test('names that could not be a folder everywhere, or that state files mean otherwise, are refused', () => {
  for (const name of ['dev', 'dev-1', 'v2.0', 'QA_eu', '2024']) assert.ok(isEnvironmentName(name), name);
  for (const name of ['', '.', '..', '.dev', 'a/b', '/dev', 'a b', 'ä', '__env__', '_xenv', '-dev', 'x'.repeat(65)]) {
    assert.throws(() => readFolders({ [name]: '/srv' }), { code: 'ENVIRONMENT_INVALID' }, name);
  }
});

test('an environment without a folder is refused', () => {
  for (const folders of [[], '', [''], 7, null, { a: '/srv' }, ['/srv', 7]]) {
    assert.throws(() => readFolders({ dev: folders }), { code: 'ENVIRONMENT_INVALID', message: /no folder/ });
  }
});
