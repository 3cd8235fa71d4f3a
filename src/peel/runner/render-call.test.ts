import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '#base/time.ts';
import type { Registry } from '#kit/function.ts';
import { spawnCalls } from './render-call.ts';

const registry: Registry = { states: new Map(), functions: new Map() };

function callsWith(command: readonly [string, ...string[]], leftMs: number) {
  const request = {
    jid: 'j',
    function: 'state.apply',
    args: {},
    test: false,
    // The clock counts fractions of milliseconds, and a process cannot be given one.
    dueAt: Math.floor(systemClock.monotonic()) + leftMs + 0.25,
    timeoutMs: leftMs,
    peel: 'web-01',
    facts: {},
    settings: {},
    tree: { folders: {}, options: {} },
  };
  return spawnCalls(command, registry, request as never);
}

test('a call is given what is left of the job, and its reply comes back', () => {
  const reply = Buffer.from([0x81, 0xa5, ...Buffer.from('value'), 0x07]).toString('base64');

  assert.equal(callsWith(['sh', '-c', `echo ${reply} | base64 -d`], 60_000).call('cmd.which', ['sh'], {}), 7);
});

test('a call that outlives the job is ended with it', () => {
  assert.throws(
    () => callsWith(['sleep', '60'], 50).call('cmd.which', ['sh'], {}),
    /the timeout of 50ms passed while a template called "cmd.which"/,
  );
});
