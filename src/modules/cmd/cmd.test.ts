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
  const given = { tree: { 'setup.sh': 'echo hi\n' } };

  const details = await applied(script, { source: 'zester://setup.sh' }, given);

  assert.equal(details.stdout, 'hi');
});

describe('a script', () => {
  const given = { tree: { 'bin/s.sh': '#!/bin/sh\necho "$1" "$2"\n' } };

  for (const [title, args] of Object.entries({
    'as a list are taken word for word': { source: 'zester://bin/s.sh', args: ["it's", '$HOME'] },
    'in one text are taken apart by a shell': { source: 'zester://bin/s.sh', args: `"it's" '$HOME'` },
    'may stand behind its name': { name: `zester://bin/s.sh "it's" '$HOME'` },
    'may stand behind a name of its own': { name: `s.sh "it's" '$HOME'`, source: 'zester://bin/s.sh' },
  })) {
    test(`arguments ${title}`, async () => {
      const { machine, context } = world(given);
      const plan = await build(script, args).plan(context);

      await plan.apply();

      assert.match(machine.calls[0] ?? '', /(^\/bin\/sh \/tmp\/\S+s\.sh it's \$HOME|"\$@" "it's" '\$HOME')/);
    });
  }

  test('has words in its name that are no arguments, and leaves no file behind', async () => {
    const { machine, context } = world(given);

    await (await build(script, { name: 'set up the app', source: 'zester://bin/s.sh' }).plan(context)).apply();

    assert.match(machine.calls[0] ?? '', /^\/bin\/sh \/tmp\/\S+-s\.sh$/);
    assert.deepEqual(await machine.files.list('/tmp'), []);
  });

  test('does not lie where others could read it', async () => {
    const { machine, context } = world({ ...given, users: { deploy: {} } });
    const seen: unknown[] = [];
    const run: typeof machine.commands.run = async (argv, options) => {
      seen.push(await machine.files.stat(argv[1] ?? ''));
      return machine.commands.run(argv, options);
    };
    const looking = { ...context, commands: { ...machine.commands, run } };

    await (await build(script, { source: 'zester://bin/s.sh', runas: 'deploy' }).plan(looking)).apply();

    const [file] = seen as { readonly mode: number; readonly uid: number }[];
    assert.deepEqual([file?.mode, file?.uid], [0o700, 1000]);
  });
});

describe('a command may', () => {
  test('be left behind', async () => {
    const { machine, context } = world({ commands: { [behind('serve')]: { stdout: '4711\n' } } });

    const details = await (await build(run, { command: 'serve', bg: true }).plan(context)).apply();

    assert.deepEqual([details.stdout, machine.calls], ['4711', [behind('serve')]]);
  });

  test('have a terminal, whose line ends are not shown', async () => {
    const line = "script --quiet --return --command '/bin/sh' '-c' 'echo it'\\''s' /dev/null";

    const details = await applied(
      run,
      { command: "echo it's", use_vt: true },
      { commands: { [line]: { stdout: 'a\r\nb\r\n' } } },
    );

    assert.equal(details.stdout, 'a\nb');
  });

  test('not have a terminal where there is no program for it', async () => {
    await assert.rejects(applied(run, { command: 'true', use_vt: true }), (error) =>
      isError(error, 'COMMAND_TERMINAL_MISSING'),
    );
  });

  test('succeed by what it prints', async () => {
    const given = { commands: { sync: { code: 3, stdout: 'up to date\n', stderr: 'nothing to do\n' } } };

    await applied(run, { command: 'sync', success_stdout: ['up to date'] }, given);
    await applied(run, { command: 'sync', success_stderr: ['nothing to do'] }, given);
    await applied(run, { command: 'sync', success_retcodes: [3] }, given);
    await assert.rejects(applied(run, { command: 'sync' }, given), (error) => isError(error, 'COMMAND_FAILED'));
  });

  test('be a template itself', async () => {
    const { machine, context } = world({ facts: { role: 'web' } });

    await (await build(run, { command: 'echo {{ facts.role }}', template: 'jinja' }).plan(context)).apply();

    assert.deepEqual(machine.calls, ['/bin/sh -c echo web']);
  });

  test('be asked beforehand whether it would change something', async () => {
    const { machine, context } = world({ commands: { 'sync --dry': { stdout: 'changed=no\n' } } });

    const { changes } = await build(run, { command: 'sync', stateful: [{ test_name: 'sync --dry' }] }).plan(context);

    assert.deepEqual([changes, machine.calls], [{}, ['/bin/sh -c sync --dry']]);
  });
});

test('a template gets the output of a command that fails, a job does not', async () => {
  const { context } = world({ commands: { 'id nobody-here': { stderr: 'no such user\n', code: 1 } } });
  const raw = rawArguments(runFunction.args, { cmd: 'id nobody-here' });

  assert.equal(await runFunction.run(raw, { ...context, rendering: true }), 'no such user');
  await assert.rejects(runFunction.run(raw, context), (error) => isError(error, 'COMMAND_FAILED'));
});

function behind(command: string): string {
  return `/bin/sh -c exec 3<&0; "$@" <&3 3<&- >/dev/null 2>&1 & echo $! sh /bin/sh -c ${command}`;
}

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
