import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { after, describe, test } from 'node:test';
import { delay } from '#base/time.ts';
import { commandsContract } from './commands.contract.ts';
import { realCommands } from './commands.ts';
import { fakeMachine } from './fake.ts';
import { realFiles } from './files.ts';
import { cgroupsIn, ownCgroups } from './processes/cgroup.ts';
import { allProcesses, environmentOf, findProcess, type Process } from './processes/table.ts';

const fake = fakeMachine({ files: { '/work': { directory: true } } });
commandsContract('fake', { commands: fake.commands, files: fake.files, folder: '/work', home: '/root' });

const folder = await fs.mkdtemp(`${tmpdir()}/zester-commands-`);
after(() => fs.rm(folder, { recursive: true }));
commandsContract('processes', { commands: realCommands(), files: realFiles(), folder, home: userInfo().homedir });

describe('processes', () => {
  const commands = realCommands({ graceMs: 50 });
  const asRoot = { skip: process.getuid?.() === 0 ? false : 'only root may become another user' };

  test('both streams and the signal that ended it come back', async () => {
    const result = await commands.run(['sh', '-c', 'echo out; echo err >&2; kill -TERM $$']);

    assert.deepEqual(result, { code: 143, stdout: 'out\n', stderr: 'err\n', timedOut: false });
  });

  for (const [how, script] of Object.entries({
    'a child that ignores the request': 'trap "" TERM; (exec sleep 300) & echo $! > pid; wait; sleep 300',
    'a daemon in a session of its own': 'setsid sh -c "sleep 300 & echo \\$! > pid" & wait; sleep 300',
    'a child that is stopped': 'sleep 300 & echo $! > pid; kill -STOP $!; wait',
    'a shell that starts another whenever one ends':
      'trap "" TERM; echo $$ > pid; while :; do (trap "" TERM; exec sleep 300); done',
    'a few that start each other': 'f() { sleep 0.02; f & }; f; f; echo $$ > pid; sleep 300',
  })) {
    test(`a timeout ends what the command started: ${how}`, async () => {
      const cwd = await fs.mkdtemp(`${folder}/timeout-`);

      const result = await commands.run(['sh', '-c', script], { cwd, timeoutMs: 200, env: { WHOSE: cwd } });

      assert.equal(result.timedOut, true);
      assert.equal(result.left, undefined);
      assert.equal(findProcess(Number(await fs.readFile(`${cwd}/pid`, 'utf8'))), undefined);
      assert.deepEqual(livingOf(cwd), []);
    });
  }

  test('what a command leaves behind on purpose lives on when it ends by itself', async () => {
    const cwd = await fs.mkdtemp(`${folder}/daemon-`);

    await commands.run(['sh', '-c', 'nohup sleep 300 >/dev/null 2>&1 &'], {
      cwd,
      timeoutMs: 5_000,
      env: { WHOSE: cwd },
    });

    // It may only be on its way to be that program.
    await until(() => livingOf(cwd).some(({ name }) => name === 'sleep'));
    assert.equal(livingOf(cwd).length, 1);
    for (const { pid } of livingOf(cwd)) process.kill(pid);
  });

  const groups = ownCgroups();
  const withGroups = { skip: groups === undefined ? 'this machine has no cgroup v2 that can be written' : false };

  test('a group of its own ends even what hides its environment, and is gone afterwards', withGroups, async () => {
    const parent = groups?.make(`zester-test-${process.pid}`);
    const below = cgroupsIn(`${groups?.folder}/zester-test-${process.pid}`);
    const grouped = realCommands({ graceMs: 50, cgroups: () => below });
    const cwd = await fs.mkdtemp(`${folder}/hidden-`);
    const script = `env -i setsid sh -c 'sleep 301 & echo $! > pid'; sleep 300`;
    try {
      const result = await grouped.run(['sh', '-c', script], { cwd, timeoutMs: 200 });

      assert.equal(result.timedOut, true);
      assert.equal(findProcess(Number(await fs.readFile(`${cwd}/pid`, 'utf8'))), undefined);
      assert.deepEqual(below.list(''), []);

      await grouped.run(['sh', '-c', 'nohup sleep 300 >/dev/null 2>&1 & echo $! > pid'], { cwd, timeoutMs: 5_000 });

      const daemon = Number(await fs.readFile(`${cwd}/pid`, 'utf8'));
      assert.deepEqual([parent?.pids(), below.list('')], [[daemon], []]);
    } finally {
      parent?.kill();
      await until(() => parent?.remove() === true);
    }
  });

  test('a signal that aborts ends the command', async () => {
    const stop = new AbortController();
    const running = commands.run(['sh', '-c', 'echo started; sleep 300'], { signal: stop.signal });
    stop.abort();

    await assert.rejects(running, { code: 'COMMAND_ABORTED' });
    await assert.rejects(commands.run(['true'], { signal: stop.signal }), { code: 'COMMAND_ABORTED' });
  });

  test('a child left in the background does not hold the answer up', async () => {
    const result = await commands.run(['sh', '-c', 'sleep 300 & echo $!']);

    assert.equal(result.code, 0);
    process.kill(Number(result.stdout));
  });

  test('long output that people read loses its middle, with a note; what a program reads is whole or an error', async () => {
    const small = realCommands({ shownBytes: 10, wholeBytes: 10 });
    const printf = ['printf', '0123456789abc'] as const;

    const { stdout } = await small.run(printf, { output: 'shown' });

    assert.equal(stdout, '01234\n[3 of 13 bytes are left out here]\n89abc');
    await assert.rejects(small.run(printf), { code: 'COMMAND_OUTPUT_TOO_LONG' });
    await assert.rejects(small.run(['yes']), { code: 'COMMAND_OUTPUT_TOO_LONG' });
  });

  test('a command sees nothing that is the business of the agent', async () => {
    const own = { ZESTER_JOIN_TOKEN: 'zjt-secret', NATS_URL: 'tls://u:p@nats', NOTIFY_SOCKET: '/run/x', PROXY: 'kept' };
    Object.assign(process.env, own);
    try {
      const { stdout } = await commands.run(['env']);

      const names = Object.keys(own).filter((name) => new RegExp(`^${name}=`, 'm').test(stdout));
      assert.deepEqual(names, ['PROXY']);
    } finally {
      for (const name of Object.keys(own)) delete process.env[name];
    }
  });

  test('a program that does not read its input is no error', async () => {
    assert.equal((await commands.run(['true'], { input: 'x'.repeat(1_000_000) })).code, 0);
  });

  test('the environment, the working directory and the umask are as asked', async () => {
    const options = { env: { GREETING: 'hi there' }, cwd: folder, umask: 0o027 };

    const result = await commands.run(['sh', '-c', 'echo "$GREETING"; pwd; umask'], options);

    assert.equal(result.stdout, `hi there\n${folder}\n0027\n`);
  });

  test('a file that is no program is refused', async () => {
    await fs.writeFile(`${folder}/plain`, '');

    await assert.rejects(commands.run([`${folder}/plain`]), { code: 'COMMAND_DENIED' });
    await assert.rejects(commands.run([folder]), { code: 'COMMAND_DENIED' });
  });

  test('another user runs it, with that user’s groups, home and umask', asRoot, async () => {
    const script = 'id -un; id -gn; echo $HOME $USER; umask';

    const result = await commands.run(['sh', '-c', script], { user: 'nobody', umask: 0o077 });

    assert.match(result.stdout, /^nobody\n\w+\n\S+ nobody\n0077\n$/);
  });

  test('a group of its own stands in place of the user’s', asRoot, async () => {
    const script = 'id -un; id -gn; id -Gn';

    const alone = await commands.run(['sh', '-c', script], { group: 'daemon' });
    const both = await commands.run(['sh', '-c', script], { group: 'daemon', user: 'nobody' });

    assert.match(alone.stdout, /^root\ndaemon\ndaemon\b/);
    assert.match(both.stdout, /^nobody\ndaemon\ndaemon\b/);
  });

  test('a user may be named by its id', asRoot, async () => {
    assert.equal((await commands.run(['id', '-un'], { user: '65534' })).stdout, 'nobody\n');
  });

  test('a user whose home is not there starts at the root', asRoot, async () => {
    const { stdout } = await commands.run(['pwd'], { user: 'nobody' });

    assert.equal(stdout, '/\n');
  });

  test('an agent without a home gives its commands the one of its user', asRoot, async () => {
    const { HOME, USER, SHELL } = process.env;
    for (const name of ['HOME', 'USER', 'SHELL']) delete process.env[name];
    try {
      const { stdout } = await commands.run(['sh', '-c', 'echo $HOME $USER $SHELL']);

      assert.match(stdout, /^\/root root \/\S+\n$/);
    } finally {
      Object.assign(process.env, { HOME, USER, SHELL });
      for (const [name, value] of Object.entries({ HOME, USER, SHELL }))
        if (value === undefined) delete process.env[name];
    }
  });

  test('arguments survive the change of user and umask', asRoot, async () => {
    const result = await commands.run(['echo', '$HOME', "it's", '-n', '--'], { user: 'nobody', umask: 0o022 });

    assert.equal(result.stdout, "$HOME it's -n --\n");
  });
});

/** Processes that were started with this in their environment. */
function livingOf(whose: string): readonly Process[] {
  return allProcesses().filter(({ pid }) => environmentOf(pid).get('WHOSE') === whose);
}

async function until(holds: () => boolean): Promise<void> {
  const over = Date.now() + 5_000;
  while (!holds() && Date.now() < over) await delay(5);
  assert.ok(holds());
}
