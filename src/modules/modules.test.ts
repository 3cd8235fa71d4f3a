import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { argumentMeta } from '#kit/arguments.ts';
import { checkExample, checkFunctionExample } from '#kit/check-example.ts';
import type { ModuleFunction } from '#kit/function.ts';
import type { State } from '#kit/state.ts';
import { exampleWorld } from '../../test/harness/example-world.ts';
import { modules, registry } from './registry.ts';

const states = [...registry.states.values()];
const functions = [...registry.functions.values()];
const folder = new URL('.', import.meta.url);

for (const state of states) {
  describe(`state ${state.name}`, () => {
    describesItself(state);

    test('shows a change and a state already met', () => {
      const shown = state.examples.map(({ expect }) => expect).filter((expect) => !('refusal' in expect));
      const changing = shown.filter((expect) => Object.keys(expect).length > 0);

      if (!unchanging.has(state.name)) assert.notEqual(changing.length, 0, 'no example shows a change');
      if (!restless.has(state.name)) assert.ok(changing.length < shown.length, 'no example is already met');
    });

    test('has three examples at least', () => assert.ok(state.examples.length >= 3));

    for (const example of state.examples) {
      test(example.title, () => checkExample(state, example, exampleWorld(example.given)));
    }
  });
}

for (const called of functions) {
  describe(`function ${called.name}`, () => {
    describesItself(called);

    test('has an example', () => assert.notEqual(called.examples.length, 0));

    for (const example of called.examples) {
      test(example.title, () => checkFunctionExample(called, example, exampleWorld(example.given)));
    }
  });
}

describe('the registry', () => {
  test('holds every state and every function under a name of its own', () => {
    assert.equal(registry.states.size + registry.functions.size, modules.length);
  });

  test('holds every subject that has a file', () => {
    const text = readFileSync(new URL('registry.ts', folder), 'utf8');
    const files = readdirSync(folder).filter((each) => !/^((lazy-)?registry\.ts|homes\.ts|.*\.test\.ts)$/.test(each));

    const missing = files.filter((each) => !text.includes(each.endsWith('.ts') ? `'./${each}'` : `'./${each}/`));

    assert.deepEqual(missing, []);
  });
});

/** Salt's names for a subject, which lie in its file. */
const synonyms: Readonly<Record<string, string>> = { grains: 'facts', pillar: 'settings' };

/** States that never change anything, and states that always do: neither can show the other. */
const unchanging = new Set([
  'cmd.wait',
  'cmd.wait_script',
  'cmd.watch',
  'file.accumulated',
  'test.fail_with_changes',
  'module.wait',
  'test.fail_without_changes',
  'test.nop',
  'test.ping',
  'test.show_notification',
  'test.check_pillar',
  'test.succeed_without_changes',
]);
const restless = new Set([
  'module.run',
  'test.fail_with_changes',
  'test.fail_without_changes',
  'test.succeed_with_changes',
]);

function describesItself({ name, summary, args, examples }: State | ModuleFunction): void {
  test('says in one sentence what it is for', () => assert.match(summary, /^[A-Z][^.\n]+[^.\s]$/));

  test('is in the file of its subject', () => {
    const [first = ''] = name.split('.');
    const subject = synonyms[first] ?? first;
    assert.ok(readdirSync(folder).some((each) => each === subject || each === `${subject}.ts`));
  });

  test('describes every argument', () => {
    const silent = Object.entries(args.shape).filter(([, field]) => !argumentMeta(field).description);
    assert.deepEqual(
      silent.map(([key]) => key),
      [],
    );
  });

  test('titles its examples apart', () => {
    const titles = examples.map(({ title }) => title);
    assert.deepEqual([...new Set(titles)], titles);
  });
}
