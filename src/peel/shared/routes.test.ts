import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateFunctions } from '#engine/state-functions.ts';
import { registry } from '#modules/registry.ts';
import { callFunctions, readFunctions, routeOf } from './routes.ts';

test('the resident peel knows exactly the functions that change nothing, and those that act without states', () => {
  const all = [...registry.functions.values(), ...stateFunctions.values()];
  const reads = all.filter(({ changes }) => !changes).map(({ name }) => name);
  const acts = [...registry.functions.values()].filter(({ changes }) => changes).map(({ name }) => name);

  assert.deepEqual([...readFunctions].sort(), reads.sort());
  assert.deepEqual([...callFunctions].sort(), acts.sort());
});

test('only what applies states waits its turn and locks the machine', () => {
  const route = (called: string, args = {}, isTest = false) => {
    const { lane, locks } = routeOf({ function: called, args, test: isTest });
    return `${lane}${locks ? ' locked' : ''}`;
  };

  assert.equal(route('state.apply'), 'run locked');
  assert.equal(route('pkg.installed'), 'run locked');
  assert.equal(route('state.apply', {}, true), 'read');
  assert.equal(route('state.apply', { test: 'True' }), 'read');
  assert.equal(route('state.plan'), 'read');
  assert.equal(route('state.apply', { concurrent: true }), 'call');
  assert.equal(route('cmd.run'), 'call');
  assert.equal(route('cmd.run', {}, true), 'call');
  assert.equal(route('test.ping'), 'read');
});

test('queue says behind how many runs to wait', () => {
  const waits = (args: Readonly<Record<string, unknown>>) =>
    routeOf({ function: 'state.apply', args, test: false }).mayWait;

  assert.deepEqual(
    [{}, { queue: true }, { queue: false }, { queue: 'False' }, { queue: 2 }, { queue: '1' }].map(waits),
    [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY, 0, 0, 2, 1],
  );
});
