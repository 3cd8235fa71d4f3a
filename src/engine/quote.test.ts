import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSecretName } from '#base/secret.ts';
import { secretArguments } from '#kit/arguments.ts';
import { lazyRegistry } from '#modules/lazy-registry.ts';
import type { ErrorBody } from '#wire/error.ts';
import { treeOf } from '../../test/cases/trees.ts';
import { quoted } from './quote.ts';

function errorAt(line: number, column: number): ErrorBody {
  return { family: 'source', code: 'YAML_SYNTAX', message: 'x', at: { file: 'web.sls', line, column } };
}

function shown(texts: readonly string[], line = 1, column = 1): string | undefined {
  const environments = new Map(texts.map((text, index) => [`e${index}`, treeOf({ 'web.sls': text })]));
  return quoted(errorAt(line, column), environments).at?.text;
}

test('an error takes the line it speaks of along', () => {
  assert.equal(shown(['a:\r\n  test.nopp: []\r\n'], 2, 3), '  test.nopp: []');
  assert.equal(shown(['a: 1\n'], 7), undefined);
  assert.equal(shown([]), undefined);
});

test('the line of a source is found by the names that states use', () => {
  const environments = new Map([
    ['base', treeOf({ 'web/a.conf': 'port = 1' })],
    ['dev', treeOf({ 'web/a.conf': 'port = 2' })],
  ]);
  const at = (file: string) => quoted({ ...errorAt(1, 1), at: { file, line: 1, column: 1 } }, environments).at?.text;

  assert.equal(at('salt://web/a.conf?saltenv=dev'), 'port = 2');
  assert.equal(at('zester://web/a.conf'), undefined);
  assert.equal(at('/etc/a.conf'), undefined);
});

test('of environments that differ there, no line is shown', () => {
  assert.equal(shown(['a: 1\nb: 2\n', 'a: 1\nb: 3\n'], 1), 'a: 1');
  assert.equal(shown(['a: 1\nb: 2\n', 'a: 1\nb: 3\n'], 2), undefined);
});

test('a line is never long, and never tells a secret', () => {
  const long = shown([`a: ${'x'.repeat(1_000_000)}`], 1, 4) ?? '';

  assert.equal(long.length, 241);
  assert.equal(shown([`a: ${'x'.repeat(1_000)}`], 1, 900), undefined);
  assert.equal(shown(['    - password: hunter2']), '    - password: [secret]');
});

test('every argument that a state hides is known as a secret by its name', () => {
  const names = [...lazyRegistry.states.values()].flatMap(({ args }) => secretArguments(args));

  assert.ok(names.length > 0);
  assert.deepEqual(
    names.filter((name) => !isSecretName(name)),
    [],
  );
});
