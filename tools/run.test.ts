import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { root } from './source.ts';

const folder = mkdtempSync(join(tmpdir(), 'zester-run-'));
after(() => rmSync(folder, { recursive: true }));

function script(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  chmodSync(file, 0o755);
  return file;
}

function run(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync('node', ['tools/run.mjs', ...args], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, ...env },
  });
}

const natsOf = (version: string) => script(`nats-${version}`, `#!/bin/sh\necho nats-server: v${version}\n`);

test('arguments and the exit code pass through', () => {
  const file = script('echo.ts', 'console.log(JSON.stringify(process.argv.slice(2))); process.exitCode = 7;');

  const { status, stdout } = run([file, '--json', 'two words']);

  assert.equal(status, 7);
  assert.deepEqual(JSON.parse(stdout), ['--json', 'two words']);
});

test('a signal reaches the child, and its answer comes back', async () => {
  const file = script(
    'wait.ts',
    "process.on('SIGTERM', () => process.exit(9)); setInterval(() => {}, 1_000); console.log('ready');",
  );
  const child = spawn('node', ['tools/run.mjs', file], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  await once(child.stdout, 'data');

  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');

  assert.equal(code, 9);
});

test('a child that a signal ends is a failure', () => {
  const file = script('die.ts', "process.kill(process.pid, 'SIGKILL');");

  assert.equal(run([file]).status, 137);
});

test('the nats-server that is named is used, or refused with what to do', () => {
  const file = script('named.ts', 'console.log(process.env.NATS_SERVER);');
  const good = natsOf('2.10.1');

  assert.equal(run(['--nats', file], { NATS_SERVER: good }).stdout.trim(), good);

  const old = run(['--nats', file], { NATS_SERVER: natsOf('2.9.25') });
  const absent = run(['--nats', file], { NATS_SERVER: join(folder, 'nothing') });

  assert.equal(old.status, 1);
  assert.match(old.stderr, /it is 2\.9, and 2\.10 is needed\n {2}hint: /);
  assert.equal(absent.status, 1);
  assert.match(absent.stderr, /it does not run\n {2}hint: /);
});
