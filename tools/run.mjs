#!/usr/bin/env node
/**
 * Entry of every npm script: `node tools/run.mjs [--nats] <file.ts> [arguments]`.
 *
 * A fresh clone needs Node and npm, nothing else: dependencies are installed when they are missing or older than the
 * lock, Bun comes with them, and with `--nats` a nats-server is found or built. Then Bun runs the file: its arguments,
 * output, signals and exit code pass through. What happens on the way is said on standard error.
 */
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

// Modules are loaded after this check, so that an old Node says this and not a syntax error.
const [major] = process.versions.node.split('.').map(Number);
if (major < 20) fail(`Zester needs Node 20 or newer; this is ${process.version}`, 'Install a current Node');

const { ensureDependencies, Problem } = await import('./dependencies.mjs');
const { ensureNatsServer } = await import('./nats.mjs');

const given = process.argv.slice(2);
const needsNats = given[0] === '--nats';
const [file, ...args] = needsNats ? given.slice(1) : given;
if (file === undefined) fail('Cannot run nothing: no file was named', 'Use "npm run" to see the scripts there are');

try {
  const bun = await ensureDependencies(root);
  const environment = { ...process.env };
  if (needsNats) environment.NATS_SERVER = await ensureNatsServer(root);
  run(bun, [resolve(root, file), ...args], environment);
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  fail(error.message, error.hint);
}

function run(bun, argv, env) {
  const child = spawn(bun, argv, { stdio: 'inherit', env });
  // A terminal sends Ctrl-C to the whole group, so the child has it already: passing it on would make it two.
  process.on('SIGINT', () => process.stdin.isTTY || child.kill('SIGINT'));
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(`Cannot start Bun: ${error.message}`, 'Remove node_modules and run this again'));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
}

function fail(message, hint) {
  process.stderr.write(`error: ${message}\n  hint: ${hint}\n`);
  process.exit(1);
}
