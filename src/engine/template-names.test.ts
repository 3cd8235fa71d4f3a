import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fakeMachine } from '#machine/fake.ts';
import { registry } from '#modules/registry.ts';
import { createRenderer } from '#render/render.ts';
import { treeOf } from '../../test/cases/trees.ts';
import { createEngine } from './engine.ts';
import type { CompileErrors } from './problems.ts';

describe('arguments of a rendered file that are not its own', () => {
  test('are names for its template, under defaults and context', async () => {
    const written = await managed(
      [
        'template: jinja',
        'port: 80',
        'path_of: {a: /x}',
        'host: 1',
        'defaults: {host: 2, user_of: 2}',
        'context: {user_of: 3}',
      ],
      '{{ port }} {{ path_of.a }} {{ host }} {{ user_of }}\n',
    );

    assert.equal(written, '80 /x 2 3\n');
  });

  test('are refused when nothing is rendered', () => {
    assert.deepEqual(refusals(['port: 80'], 'x'), ["'port' is an invalid keyword argument for 'file.managed'"]);
    assert.deepEqual(refusals(['template: jinja', 'port: 80'], 'x', { source: '' }).length, 1);
  });

  test('are refused when they look misspelt and the template does not speak of them', () => {
    assert.deepEqual(refusals(['template: jinja', 'makedir: true'], 'makedirs'), [
      "'makedir' is an invalid keyword argument for 'file.managed'",
    ]);
    assert.deepEqual(refusals(['template: jinja', 'makedir: true'], '{{ makedir }}'), []);
  });

  test('are refused in a .zy file, which has context for them', () => {
    assert.equal(refusals(['template: jinja', 'port: 80'], '{{ port }}', { ending: 'zy' }).length, 1);
  });
});

test('whoever is refused an argument is told what to do about it', () => {
  const hint = (argument: string) => hintOf([argument], 'x');

  assert.match(hint('perms: "0640"'), /Write "mode"/);
  assert.match(hint('requires: []'), /Did you mean "require"/);
  assert.match(hint('colour: red'), /Salt passes over it/);
  assert.match(hint('selinux: {}'), /^Its arguments are/);
});

function engineOf(args: readonly string[], template: string, { source = 'salt://a.j', ending = 'sls' } = {}) {
  const lines = source === '' ? ['contents: x', ...args] : [`source: ${source}`, ...args];
  const text = `/etc/a:\n  file.managed:\n${lines.map((line) => `    - ${line}\n`).join('')}`;
  return createEngine({ registry, tree: treeOf({ [`web.${ending}`]: text, 'a.j': template }), createRenderer });
}

const scope = { id: 'web-01', facts: {}, settings: {} };

function errorsIn(...given: Parameters<typeof engineOf>): CompileErrors['errors'] {
  try {
    engineOf(...given).compile(['web'], { scope });
    return [];
  } catch (error) {
    return (error as CompileErrors).errors;
  }
}

function refusals(...given: Parameters<typeof engineOf>): readonly string[] {
  return errorsIn(...given).map(({ message }) => message);
}

function hintOf(...given: Parameters<typeof engineOf>): string {
  return errorsIn(...given)[0]?.hint ?? '';
}

async function managed(args: readonly string[], template: string): Promise<string | undefined> {
  const machine = fakeMachine();
  const engine = engineOf(args, template);
  await engine.apply(['web'], { scope, machine }).report();
  const content = await machine.files.read('/etc/a');
  return content && new TextDecoder().decode(content);
}
