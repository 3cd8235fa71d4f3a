import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isError } from '#base/errors.ts';
import type { Commands, Files } from './machine.ts';

const code = (expected: string) => (error: unknown) => isError(error, expected) || assert.fail(String(error));

/** What every commands port promises; `folder` is writable and holds nothing, `home` is that of the user it works as. */
export function commandsContract(
  title: string,
  {
    commands,
    files,
    folder,
    home,
  }: { readonly commands: Commands; readonly files: Files; readonly folder: string; readonly home: string },
): void {
  describe(`commands: ${title}`, () => {
    test('an exit code is an answer, not an error', async () => {
      assert.deepEqual(await commands.run(['true']), { code: 0, stdout: '', stderr: '', timedOut: false });
      assert.equal((await commands.run(['false'])).code, 1);
      assert.equal((await commands.run(['sh', '-c', 'exit 7'])).code, 7);
    });

    test('output comes back as text', async () => {
      assert.equal((await commands.run(['echo', 'a', 'b c'])).stdout, 'a b c\n');
      assert.equal((await commands.run(['printf', '%s-', 'x', 'y'])).stdout.slice(0, 2), 'x-');
    });

    test('arguments are not read by a shell', async () => {
      assert.equal((await commands.run(['echo', '$HOME;', '*', '"'])).stdout, '$HOME; * "\n');
    });

    test('a program that does not exist is refused, and a shell says 127', async () => {
      await assert.rejects(commands.run(['no-such-program', '-x']), code('COMMAND_UNKNOWN'));
      await assert.rejects(commands.run(['/no/such/program']), code('COMMAND_UNKNOWN'));
      assert.equal((await commands.run(['sh', '-c', 'no-such-program'])).code, 127);
    });

    test('a working directory or a user that does not exist is refused', async () => {
      await assert.rejects(commands.run(['true'], { cwd: `${folder}/no` }), code('COMMAND_DIRECTORY_UNKNOWN'));
      await assert.rejects(commands.run(['true'], { user: 'no-such-user' }), code('USER_UNKNOWN'));
      await assert.rejects(commands.run(['true'], { group: 'no-such-group' }), code('GROUP_UNKNOWN'));
    });

    test('a command starts at home', async () => {
      assert.equal((await commands.run(['sh', '-c', 'pwd'])).stdout, `${home}\n`);
    });

    test('guards look at files', async () => {
      await files.write(`${folder}/file`, new TextEncoder().encode('x'));

      const answers = [];
      for (const flag of ['-e', '-f', '-d']) {
        answers.push((await commands.run(['test', flag, `${folder}/file`])).code);
        answers.push((await commands.run(['sh', '-c', `[ ${flag} ${folder} ]`])).code);
      }
      assert.deepEqual(answers, [0, 0, 0, 1, 1, 0]);
      assert.equal((await commands.run(['test', '!', '-e', `${folder}/no`])).code, 0);
    });

    test('a shell joins commands, and writes files', async () => {
      const script = `test -e ${folder}/no || echo "a  b" > out && cat out; false`;

      const result = await commands.run(['sh', '-c', script], { cwd: folder });

      assert.deepEqual([result.code, result.stdout], [1, 'a  b\n']);
      assert.ok(await files.stat(`${folder}/out`));
    });

    test('input reaches the program', async () => {
      assert.equal((await commands.run(['cat'], { input: 'hello' })).stdout, 'hello');
      assert.equal((await commands.run(['cat'], { input: new TextEncoder().encode('bytes') })).stdout, 'bytes');
    });

    test('which finds programs on the path', async () => {
      assert.match((await commands.which('sh')) ?? '', /^\/.*\/sh$/);
      assert.equal(await commands.which('no-such-program'), undefined);
    });
  });
}
