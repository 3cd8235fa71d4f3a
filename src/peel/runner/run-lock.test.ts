import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { isError } from '#base/errors.ts';
import { openRunLock } from './run-lock.ts';

const signal = new AbortController().signal;

function lockPath(): { readonly path: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'zester-lock-'));
  return { path: join(folder, 'runs', 'lock'), [Symbol.dispose]: () => rmSync(folder, { recursive: true }) };
}

test('a run that may not wait is told who is at work', async () => {
  using at = lockPath();
  const first = await openRunLock(at.path).take({ jid: 'A', function: 'state.apply' }, { wait: false, signal });

  const second = openRunLock(at.path).take({ jid: 'B', function: 'state.apply' }, { wait: false, signal });
  await assert.rejects(second, (error) => {
    assert.ok(isError(error, 'RUN_IN_PROGRESS'));
    assert.match(error.message, /"state.apply" of job A/);
    return true;
  });

  first[Symbol.dispose]();
  const third = await openRunLock(at.path).take({ jid: 'C', function: 'state.apply' }, { wait: false, signal });
  third[Symbol.dispose]();
});

test('a run that waits goes on when the other is done, and stops waiting when it is stopped', async () => {
  using at = lockPath();
  const first = await openRunLock(at.path).take({ jid: 'A', function: 'state.apply' }, { wait: true, signal });
  const stop = new AbortController();
  const waiting = openRunLock(at.path).take({ jid: 'B', function: 'state.apply' }, { wait: true, signal });
  const stopped = openRunLock(at.path).take({ jid: 'C', function: 'state.apply' }, { wait: true, signal: stop.signal });

  stop.abort();
  await assert.rejects(stopped, (error) => isError(error, 'WAIT_CANCELED'));
  first[Symbol.dispose]();

  (await waiting)[Symbol.dispose]();
});

test('the lock of a process that was killed is free', async () => {
  using at = lockPath();
  const script = `
    import { openRunLock } from ${JSON.stringify(join(import.meta.dirname, 'run-lock.ts'))};
    await openRunLock(${JSON.stringify(at.path)}).take({ jid: 'A', function: 'state.apply' }, { wait: false, signal: new AbortController().signal });
    console.log('held');
    setInterval(() => {}, 1_000);
  `;
  const other = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(other.stdout, 'data');
  const lock = openRunLock(at.path);
  await assert.rejects(lock.take({ jid: 'B', function: 'state.apply' }, { wait: false, signal }), (error) =>
    isError(error, 'RUN_IN_PROGRESS'),
  );

  other.kill('SIGKILL');
  await once(other, 'exit');

  (await lock.take({ jid: 'B', function: 'state.apply' }, { wait: false, signal }))[Symbol.dispose]();
});
