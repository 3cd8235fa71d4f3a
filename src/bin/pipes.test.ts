import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, mkdirSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

type Program = 'zester' | 'zester-master' | 'zester-peel';

const megabytes = 1024 * 1024;
/** Programs are started from their sources: on a busy machine that takes a while. */
const timeout = 120_000;
/** Their errors are more than a pipe holds. */
const manyFiles = 300;
const pipeBytes = 65_536;

/** A folder with things that make programs print a lot. */
function workshop() {
  const path = mkdtempSync(join(tmpdir(), 'zester-pipes-'));
  return {
    at: (name: string) => join(path, name),
    config(bytes: number, key: string) {
      const file = join(path, 'config.yaml');
      writeFileSync(file, `${key}: ${'x'.repeat(bytes)}\n`);
      return file;
    },
    brokenTree() {
      const folder = join(path, 'states');
      mkdirSync(folder);
      for (let at = 0; at < manyFiles; at++)
        writeFileSync(join(folder, `${'long-'.repeat(40)}${at}.zy`), 'a: test.nope\n');
      return folder;
    },
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}

function start(program: Program, argv: readonly string[], stdout: 'pipe' | number = 'pipe'): ChildProcess {
  const entry = fileURLToPath(new URL(`./${program}.ts`, import.meta.url));
  return spawn(process.execPath, [entry, ...argv], { stdio: ['ignore', stdout, 'pipe'] });
}

/** What comes out of a stream when its reader takes a piece, turns to other things, and comes back. */
async function slowly(stream: NodeJS.ReadableStream | null): Promise<{ bytes: number; sha256: string; head: string }> {
  const hash = createHash('sha256');
  let bytes = 0;
  let head = '';
  for await (const chunk of stream ?? []) {
    const piece = chunk as Buffer;
    if (head.length < 200) head += piece.toString();
    hash.update(piece);
    bytes += piece.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { bytes, sha256: hash.digest('hex'), head };
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve) => child.once('exit', resolve));
}

async function ended(child: ChildProcess) {
  const [code, out, err] = await Promise.all([exitOf(child), slowly(child.stdout), slowly(child.stderr)]);
  return { code, out, err };
}

test('50 MB reach a slow reader whole, as JSON', { timeout }, async () => {
  using desk = workshop();
  const config = desk.config(50 * megabytes, 'creds');

  const { code, out, err } = await ended(start('zester', ['config', 'show', '--config', config, '--json']));

  assert.deepEqual([code, err.bytes], [0, 0]);
  assert.ok(out.bytes > 50 * megabytes, `${out.bytes} bytes came`);
});

test('what a pipe is given is what a file is given, as text, JSON and YAML', { timeout }, async () => {
  using desk = workshop();
  for (const format of ['text', 'json', 'yaml']) {
    const argv = ['config', 'show', '--config', desk.config(megabytes, 'creds'), '--format', format];
    const file = desk.at(`${format}.out`);

    const piped = await ended(start('zester', argv));
    const filed = await exitOf(start('zester', argv, openSync(file, 'w')));

    const { sha256, bytes } = await slowly(createReadStream(file));
    assert.deepEqual([piped.code, filed], [0, 0]);
    assert.ok(bytes > megabytes);
    assert.equal(piped.out.sha256, sha256, format);
  }
});

test('the programs of peel and master print everything, too, on both of their outputs', { timeout }, async () => {
  using desk = workshop();
  const tree = desk.brokenTree();

  const daemons = [
    ['zester-master', 'auth_dir'],
    ['zester-peel', 'data_dir'],
  ] as const;
  for (const [program, key] of daemons) {
    const options = desk.config(megabytes, key);
    const { code, out } = await ended(start(program, ['--check-config', `--config=${options}`]));
    assert.equal(code, 0, program);
    assert.ok(out.bytes > megabytes, `${program}: ${out.bytes} bytes came`);
  }
  const text = await ended(start('zester-peel', ['check', '--states', tree]));
  const json = await ended(start('zester-peel', ['check', '--states', tree, '--json']));

  assert.deepEqual([text.code, json.code], [64, 64]);
  assert.ok(text.err.bytes > pipeBytes, `${text.err.bytes} bytes came`);
  assert.ok(json.out.bytes > pipeBytes, `${json.out.bytes} bytes came`);
});

test('a reader that leaves ends a program quietly, with the code it had without one', { timeout }, async () => {
  using desk = workshop();
  const config = desk.config(5 * megabytes, 'creds');
  const programs = [
    ['zester', ['config', 'show', '--config', config, '--json'], 0],
    ['zester-peel', ['check', '--states', desk.brokenTree(), '--json'], 64],
  ] as const;
  for (const [program, argv, code] of programs) {
    const child = start(program, argv);
    const err = slowly(child.stderr);
    child.stdout?.once('data', () => child.stdout?.destroy());

    assert.equal(await exitOf(child), code, program);
    assert.deepEqual((await err).head, '', program);
  }
});

test('an output that cannot be written is told, and no success', {
  skip: existsSync('/dev/full') ? false : 'this system has no /dev/full',
  timeout,
}, async () => {
  const programs = [
    ['zester', ['doc', '--json']],
    ['zester-master', ['--help']],
    ['zester-peel', ['check', '--help']],
  ] as const;
  for (const [program, argv] of programs) {
    const child = start(program, argv, openSync('/dev/full', 'w'));
    const [code, err] = await Promise.all([exitOf(child), slowly(child.stderr)]);

    assert.equal(code, 1, program);
    assert.match(err.head, /OUTPUT_UNWRITABLE/, program);
    assert.match(err.head, /Cannot write to standard output: no space left on device/, program);
  }
});
