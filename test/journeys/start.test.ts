import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { test } from 'node:test';
import { findNatsServer } from '../../tools/nats-server.ts';
import { freePort } from '../../tools/port.ts';
import { until } from '../harness/fleet.ts';

const root = join(import.meta.dirname, '../..');

test('the first ten minutes go as their page says', { timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zester-start-'));
  // After the shell, which waits for the daemons: they write until they have ended.
  using _removed = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  const programs = programFolder(join(folder, 'programs'));
  const page = readFileSync(join(root, 'docs/start/README.md'), 'utf8');
  const blocks = [...page.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block);
  const [bus, door] = [await freePort(), await freePort()];
  // What is the reader's own is the test's own.
  const own = (text: string) =>
    text
      .replaceAll(/\b4222\b/g, String(bus))
      .replaceAll(/\b8443\b/g, String(door))
      .replaceAll(/(?<!\w)\/tmp\b/g, folder);
  const ownPorts = `s/\\b4222\\b/${bus}/; s/\\b8443\\b/${door}/`;
  const madeFiles = 'auth/nats-server.conf master.yaml peel.yaml $HOME/.zester/config.yaml';
  await using shell = startShell(folder, programs);

  for (const block of blocks) {
    // The page's reader waits for a daemon to be there; so does this one, for what may be said again.
    const isRepeatable = /^zester (?!init)/m.test(block) && !/&\s*$/m.test(block);
    let said = await shell.run(own(block));
    if (isRepeatable) {
      await until(
        async () => {
          if (said.code !== 0) said = await shell.run(own(block));
          return said.code === 0;
        },
        block,
        60_000,
      );
    }
    assert.equal(said.code, 0, `${block}\n${said.text}`);
    // What it wrote has ports as well.
    if (/^zester init/m.test(block)) await shell.run(`sed -i '${ownPorts}' ${madeFiles}`);
    if (/state\.apply hello --test/.test(block)) assert.match(said.text, /hello-zester\.txt/);
    if (/^zester job list/m.test(block)) assert.match(said.text, /state\.apply/);
  }
});

test('what "zester init" says to start works as it is said, also below a folder with spaces', {
  timeout: 120_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'zester init '));
  using _removed = { [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  const [bus, door] = [await freePort(), await freePort()];
  await using shell = startShell(folder, programFolder(join(folder, 'programs')));
  const made = await shell.run("zester init --dir 'my fleet' --json");
  const { steps } = JSON.parse(made.text.replace(/ended with.*/s, '')) as { steps: { line: string }[] };
  const [server = '', master = '', token = '', peel = '', ping = ''] = steps.map(({ line }) => line);
  const files = '"my fleet/auth/nats-server.conf" "my fleet"/*.yaml "$HOME/.zester/config.yaml"';
  await shell.run(`sed -i 's/\\b4222\\b/${bus}/; s/\\b8443\\b/${door}/' ${files}; cp "my fleet/peel.yaml" .`);
  const works = (line: string) => until(async () => (await shell.run(line)).code === 0, line, 60_000);

  for (const line of [server, master]) await works(line);
  await works('zester ping');
  await works(token);
  // What a machine has at its usual places.
  const own = '--id web-01 --auth-dir peel/auth --data-dir peel --states-cache peel/states --health-addr=';
  await works(peel.replace('zester-peel', `zester-peel ${own}`));

  await works(ping);
});

/** The programs by their names, from the sources. */
function programFolder(folder: string): string {
  mkdirSync(folder);
  for (const name of ['zester', 'zester-master', 'zester-peel']) {
    writeFileSync(
      join(folder, name),
      `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'src/bin', name)}.ts' "$@"\n`,
    );
    chmodSync(join(folder, name), 0o755);
  }
  return [folder, dirname(findNatsServer()), process.env.PATH].join(delimiter);
}

interface Said {
  readonly code: number;
  readonly text: string;
}

/** One shell for the whole page, as a reader has; what it started ends with it. */
function startShell(cwd: string, path: string): AsyncDisposable & { run(block: string): Promise<Said> } {
  const child = spawn('bash', ['--noprofile', '--norc'], {
    cwd,
    env: { PATH: path, HOME: cwd, LANG: 'C' },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let text = '';
  const take = (part: Buffer) => {
    text += part.toString();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  child.stdin.write("set -mE\ntrap 'failed=1' ERR\ntrap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n");
  return {
    async run(block) {
      text = '';
      child.stdin.write(`failed=0\n{ ${block.trimEnd()}\n} </dev/null; echo "ended with $failed ."\n`);
      await until(() => /ended with \d+ \./.test(text), `this ends:\n${block}\n${text}`, 120_000);
      return { code: Number(/ended with (\d+) \./.exec(text)?.[1]), text };
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await until(() => child.exitCode !== null || child.signalCode !== null, 'the shell has ended', 30_000).catch(
        () => {
          process.kill(-(child.pid as number), 'SIGKILL');
        },
      );
    },
  };
}
