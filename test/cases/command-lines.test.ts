import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse as parseYaml, stringify } from 'yaml';
import { newJid } from '#base/ids.ts';
import { commandLine, shellWords } from '#cli/command-line.ts';
import { type JobDraft, parseJob } from '#cli/parse.ts';
import { type ArgumentRecord, loadReference } from '#cli/reference.ts';
import { rawArguments } from '#kit/arguments.ts';
import { checkFunctionExample } from '#kit/check-example.ts';
import { describeState } from '#kit/describe.ts';
import type { State } from '#kit/state.ts';
import { fakeMachine } from '#machine/fake.ts';
import type { Given } from '#machine/given.ts';
import { registry } from '#modules/registry.ts';
import { createWorker, type WorkerParts } from '#peel/runner/worker.ts';
import type { RunRequest, RunResult } from '#peel/shared/run-protocol.ts';
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

describe('what any state takes means on the command line what it means in a file', () => {
  const cases: readonly (readonly [typed: string, written: Readonly<Record<string, unknown>>])[] = [
    ["onlyif='test -e /x'", { onlyif: 'test -e /x' }],
    ['onlyif=false', { onlyif: false }],
    ["unless='[ -e /x ]'", { unless: '[ -e /x ]' }],
    ["'unless=[test -e /x, test -e /y]'", { unless: ['test -e /x', 'test -e /y'] }],
    ["'onlyif={fun: test.false}'", { onlyif: { fun: 'test.false' } }],
    ['creates=/there', { creates: '/there' }],
    ['creates=/there,/elsewhere', { creates: ['/there', '/elsewhere'] }],
    ['names=a,b', { names: ['a', 'b'] }],
    ["'names=[a, b: {comment: x}]'", { names: ['a', { b: { comment: 'x' } }] }],
    ["'require=[file: web]'", { require: [{ file: 'web' }] }],
    ["'require=file: web'", { require: [{ file: 'web' }] }],
    ['require=web', { require: ['web'] }],
    ['retry=3', { retry: 3 }],
    ["'retry={attempts: 2, interval: 1}'", { retry: { attempts: 2, interval: 1 } }],
    ["'retry={atempts: 2}'", { retry: { atempts: 2 } }],
    ['failhard=yes parallel=true', { failhard: true, parallel: true }],
    ['order=last', { order: 'last' }],
    ['order=5', { order: 5 }],
    ['order=lasst', { order: 'lasst' }],
    ['timeout=30s umask=077', { timeout: '30s', umask: '077' }],
    ['timeout=soon', { timeout: 'soon' }],
    ['fire_event=true', { fire_event: true }],
    ["check_cmd='[ -e /x ]'", { check_cmd: '[ -e /x ]' }],
  ];
  for (const [typed, written] of cases) {
    test(typed, async () => {
      const given = { files: { '/there': '' } };
      const { id, args } = jobOf(`zester web-01 test.nop it ${typed}`);
      const asked = await planned({ function: 'test.nop', id, args }, given);
      const declared = { it: { 'test.nop': Object.entries(written).map(([key, value]) => ({ [key]: value })) } };
      const filed = await planned(
        { function: 'state.apply', args: { mods: ['it'] } },
        {
          ...given,
          tree: { 'it.zy': stringify(declared) },
        },
      );

      assert.deepEqual(told(asked), told(filed));
    });
  }
});

test('every argument that any state takes is taken on the command line', () => {
  const sample: Readonly<Record<string, string>> = { bool: 'true', command: 'true', list: 'a', any: 'true', text: '1' };
  for (const { name, decode } of reference.common) {
    const { args } = jobOf(`zester web-01 test.nop it ${name}=${sample[decode] ?? 'a'}`);
    assert.ok(name in args, name);
  }
});

/** What a result says, but for times and places. */
function told({ report, error }: RunResult): unknown {
  const failures = error && { code: error.code, message: error.message.replace(/it\.zy|command line|single/g, 'it') };
  const outcomes = report?.outcomes.map(({ id, name, result, skipReason, comment, changes }) => {
    return { id, name, result, skipReason, comment, changes };
  });
  return { outcomes, failures };
}

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
  const { report, error } = await planned({ function: called, id, args }, has);
  return report?.outcomes[0] ?? assert.fail(error?.message ?? 'there is no outcome');
}

/** What a peel's worker answers to a plan, on a machine that is as given. */
function planned(asked: Pick<RunRequest, 'function' | 'id' | 'args'>, has: Given | undefined): Promise<RunResult> {
  const { facts = {}, settings = {}, tree = {} } = has ?? {};
  const environments = new Map([['base', treeOf(tree as Record<string, string>)]]);
  const machine = () => fakeMachine(has) as never;
  const worker = createWorker({ ...idleParts, machine, environmentsOf: () => environments });
  const request = { jid: newJid(), test: true, dueAt: Number.POSITIVE_INFINITY, timeoutMs: 60_000, peel: 'web-01' };
  return worker.run(
    { ...request, ...asked, facts, settings, tree: localTree('/nowhere') },
    { signal: new AbortController().signal, onOutcome: () => {} },
  );
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
