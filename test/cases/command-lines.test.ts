import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse as parseYaml } from 'yaml';
import { newJid } from '#base/ids.ts';
import { commandLine, shellWords } from '#cli/command-line.ts';
import { type JobDraft, parseJob } from '#cli/parse.ts';
import { type ArgumentRecord, loadReference } from '#cli/reference.ts';
import { rawArguments } from '#kit/arguments.ts';
import { checkFunctionExample } from '#kit/check-example.ts';
import { describeState } from '#kit/describe.ts';
import type { State } from '#kit/state.ts';
import { fakeMachine } from '#machine/fake.ts';
import { registry } from '#modules/registry.ts';
import { createWorker, type WorkerParts } from '#peel/runner/worker.ts';
import { localTree } from '#peel/shared/tree.ts';
import { exampleWorld } from '../harness/example-world.ts';
import { treeOf } from './trees.ts';

const reference = await loadReference();

const single = reference.modules.find(({ name }) => name === 'state.single') ?? assert.fail('there is none');
const secondary = ({ primary: _, ...argument }: ArgumentRecord): ArgumentRecord => argument;

/** The job that a line of the reference asks for. */
function jobOf(line: string): JobDraft {
  const [, ...words] = shellWords(line);
  return parseJob({
    words,
    test: true,
    timeoutMs: undefined,
    reference,
    readFile: (path) => assert.fail(`reads ${path}`),
    parseYaml,
  });
}

describe('every example of a function does the same when it is typed', () => {
  for (const called of registry.functions.values()) {
    const record = reference.modules.find(({ name, kind }) => name === called.name && kind === 'function');
    for (const example of called.examples) {
      test(`${called.name}: ${example.title}`, async () => {
        assert.ok(record, 'it is in the reference');
        if (isIncomplete(example.args, record.args)) return;
        const { id, args } = jobOf(commandLine('web-01', record, example.args));

        const typed = {
          ...called,
          run: (_: unknown, context: never) =>
            called.run(
              rawArguments(
                called.args,
                args,
                [id].filter((each) => each !== undefined),
              ),
              context,
            ),
        };
        await checkFunctionExample(typed as typeof called, example, exampleWorld(example.given));
      });
    }
  }
});

describe('every example of a state plans the same when it is typed', () => {
  for (const state of registry.states.values()) {
    for (const example of state.examples) {
      test(`${state.name}: ${example.title}`, async () => {
        if (isIncomplete(example.args, describeState(state).args)) return;
        // What is refused may be so before it is sent, with the plan, or when it is carried out: other tests tell.
        if ('refusal' in example.expect) return;
        const outcome = await planTyped(state, example);

        assert.notEqual(outcome.result, 'failed', outcome.error?.message ?? '');
        assert.deepEqual(Object.keys(outcome.changes ?? {}).sort(), Object.keys(example.expect).sort());
      });
    }
  }
});

test('a state needs nothing but its main value', async () => {
  const state = registry.states.get('pkg.installed');
  assert.ok(state);
  const { id, args } = jobOf('zester web-01 pkg.installed nginx');
  assert.deepEqual([id, args], ['nginx', {}]);
  const given = { repository: { nginx: '1.24.0-1' } };

  const outcome = await planTyped(state, { args: { name: 'nginx' }, given } as never);

  assert.equal(outcome.result, 'would-change', outcome.error?.message ?? '');
});

/** What a plan says of one state that was typed, over the road that a peel takes. */
async function planTyped(state: State, { args: given, given: has }: State['examples'][number]) {
  const record = describeState(state);
  const isShared = registry.functions.has(state.name);
  const primary = record.args.find((each) => each.primary)?.name;
  const named = primary === undefined ? { name: 'an id', ...given } : { [primary]: state.name, ...given };
  const line = isShared
    ? commandLine(
        'web-01',
        { ...single, args: [...single.args, ...record.args.map(secondary)] },
        { fun: state.name, ...named },
      )
    : commandLine('web-01', record, primary === undefined ? given : named);
  const { function: called, id, args } = jobOf(line);
  const { facts = {}, settings = {}, tree = {} } = has ?? {};
  const environments = new Map([['base', treeOf(tree as Record<string, string>)]]);
  const worker = createWorker({ ...idleParts, machine: () => fakeMachine(has) as never, environmentsOf: () => environments });
  const request = { jid: newJid(), function: called, id, args, test: true, dueAt: Infinity, peel: 'web-01' };
  const { report, error } = await worker.run(
    { ...request, facts, settings, tree: localTree('/nowhere') },
    { signal: new AbortController().signal, onOutcome: () => {} },
  );
  return report?.outcomes[0] ?? assert.fail(error?.message ?? 'there is no outcome');
}

/** What a worker needs beside a machine and a tree, none of which a plan of one state does. */
const idleParts: Omit<WorkerParts, 'machine' | 'environmentsOf'> = {
  registry,
  kept: { begin: () => () => {}, keepPlan: () => {}, runs: () => [], run: () => undefined, plan: () => undefined },
  lock: { take: () => assert.fail('a plan takes no lock'), holder: () => undefined },
  calls: () => ({ call: () => assert.fail('nothing is called'), has: () => false, names: () => [] }),
  readFacts: async () => ({}),
};

/** An example that shows a refusal may leave out what is needed. */
function isIncomplete(given: Readonly<Record<string, unknown>>, args: readonly { name: string; required: boolean }[]) {
  return args.some(({ name, required }) => required && !(name in given));
}
