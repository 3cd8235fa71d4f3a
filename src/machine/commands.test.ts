import assert from 'node:assert/strict';
import * as fs from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { after, describe, test } from 'node:test';
import { commandsContract } from './commands.contract.ts';
import { realCommands } from './commands.ts';
import { fakeMachine } from './fake.ts';
import { realFiles } from './files.ts';

const fake = fakeMachine({ files: { '/work': { directory: true } } });
commandsContract('fake', { commands: fake.commands, files: fake.files, folder: '/work' });

const folder = await fs.mkdtemp(`${tmpdir()}/zester-commands-`);
after(() => fs.rm(folder, { recursive: true }));
commandsContract('processes', { commands: realCommands(), files: realFiles(), folder });

describe('processes', () => {
  const commands = realCommands({ graceMs: 50 });
  const asRoot = { skip: process.getuid?.() === 0 ? false : 'only root may become another user' };

  test('both streams and the signal that ended it come back', async () => {
    const result = await commands.run(['sh', '-c', 'echo out; echo err >&2; kill -TERM $$']);

    assert.deepEqual(result, { code: 143, stdout: 'out\n', stderr: 'err\n', timedOut: false });
  });

  test('a timeout ends the whole process group, children that ignore the request included', async () => {
    const script = `trap "" TERM; (trap "" TERM; sleep 300) & echo $! > ${folder}/child; wait; sleep 300`;

    const result = await commands.run(['sh', '-c', script], { timeoutMs: 100 });

    assert.equal(result.timedOut, true);
    const child = (await fs.readFile(`${folder}/child`, 'utf8')).trim();
    assert.ok(await isGone(child));
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

  test('long output is cut, with a note', async () => {
    const small = realCommands({ outputLimit: 10 });

    assert.equal((await small.run(['printf', '0123456789abc'])).stdout, '0123456789\n[3 more bytes were cut]\n');
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

  test('arguments survive the change of user and umask', asRoot, async () => {
    const result = await commands.run(['echo', '$HOME', "it's", '-n', '--'], { user: 'nobody', umask: 0o022 });

    assert.equal(result.stdout, "$HOME it's -n --\n");
  });
});

/** Gone, or a zombie that nobody has reaped yet. */
async function isGone(pid: string): Promise<boolean> {
  const stat = await fs.readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat === undefined || / [ZX] /.test(stat);
}
