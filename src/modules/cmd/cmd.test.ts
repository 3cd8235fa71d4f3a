import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isError } from '#base/errors.ts';
import { rawArguments } from '#kit/arguments.ts';
import { contextOn } from '#kit/check-example.ts';
import type { State } from '#kit/state.ts';
import { fakeMachine } from '#machine/fake.ts';
import type { Given } from '#machine/given.ts';
import { run as runFunction } from './functions.ts';
import { run, script, wait } from './states.ts';

describe('a command', () => {
  test('that says it changed nothing takes its change back', async () => {
    const given = { commands: { 'sync.sh': { stdout: "working\nchanged=no comment='all in step'\n" } } };

    const details = await applied(run, { command: 'sync.sh', stateful: true }, given);

    assert.deepEqual([details.changed, details.comment], ['no', 'all in step']);
  });

  test('may say so in JSON', async () => {
    const given = { commands: { 'sync.sh': { stdout: '{"changed": true, "comment": "two files"}\n' } } };

    const details = await applied(run, { command: 'sync.sh', stateful: true }, given);

    assert.deepEqual([details.changed, details.comment], ['yes', 'two files']);
  });

  test('that fails shows what it printed', async () => {
    const given = { commands: { 'make all': { stdout: 'compiling\n', stderr: 'no such file\n', code: 2 } } };

    await assert.rejects(applied(run, { command: 'make all' }, given), (error) => {
      assert.ok(isError(error, 'COMMAND_FAILED'));
      assert.equal(error.message, 'Cannot run "make all": it exits 2: no such file');
      assert.deepEqual(error.details, {
        command: 'make all',
        stdout: 'compiling',
        stderr: 'no such file',
        exitcode: '2',
      });
      return true;
    });
  });

  test('shows nothing when its output is hidden', async () => {
    const details = await applied(run, { command: 'echo hunter2', hide_output: true });

    assert.equal(details.stdout, '[hidden]');
  });

  test('is not planned for a user that does not exist', async () => {
    await assert.rejects(applied(run, { command: 'true', runas: 'nobody-here' }), (error) =>
      isError(error, 'USER_UNKNOWN'),
    );
  });
});

describe('when something watched changes,', () => {
  test('a command that waits runs', async () => {
    const { machine, context } = world();

    await build(wait, { command: 'echo now' }).refresh?.(context);

    assert.deepEqual(machine.calls, ['/bin/sh -c echo now']);
  });

  for (const state of [run, wait]) {
    test(`${state.name} still does nothing once what it creates is there`, async () => {
      const { machine, context } = world({ files: { '/srv/ready': '' } });

      await build(state, { command: 'echo now', creates: ['/srv/ready'] }).refresh?.(context);

      assert.deepEqual(machine.calls, []);
    });
  }
});

test('a script without a first line of its own is read by the shell', async () => {
  const given = { tree: { 'setup.sh': 'echo hi\n' }, commands: { '/bin/sh -s': { stdout: 'hi\n' } } };

  const details = await applied(script, { source: 'zester://setup.sh' }, given);

  assert.equal(details.stdout, 'hi');
});

test('a template gets the output of a command that fails, a job does not', async () => {
  const { context } = world({ commands: { 'id nobody-here': { stderr: 'no such user\n', code: 1 } } });
  const raw = rawArguments(runFunction.args, { cmd: 'id nobody-here' });

  assert.equal(await runFunction.run(raw, { ...context, rendering: true }), 'no such user');
  await assert.rejects(runFunction.run(raw, context), (error) => isError(error, 'COMMAND_FAILED'));
});

async function applied(state: State, args: Readonly<Record<string, unknown>>, given: Given = {}) {
  const plan = await build(state, args).plan(world(given).context);
  return plan.apply();
}

function build(state: State, args: Readonly<Record<string, unknown>>) {
  return state.build(rawArguments(state.args, args));
}

function world(given: Given = {}) {
  const machine = fakeMachine(given);
  return { machine, context: contextOn(machine, { given }) };
}
