import assert from 'node:assert/strict';
import { test } from 'node:test';
import { functionHomes, stateHomes } from './homes.ts';
import { lazyRegistry } from './lazy-registry.ts';
import { registry } from './registry.ts';

test('every state and function is loaded from its own file, and is the one of the registry', () => {
  for (const kind of ['states', 'functions'] as const) {
    for (const [name, each] of registry[kind]) assert.equal(lazyRegistry[kind].get(name), each, name);
  }
  assert.deepEqual(Object.keys(stateHomes), [...registry.states.keys()]);
  assert.deepEqual(Object.keys(functionHomes), [...registry.functions.keys()]);
});

test('who looks through it sees all of it', () => {
  assert.deepEqual([...lazyRegistry.states.keys()], [...registry.states.keys()]);
  assert.equal(lazyRegistry.functions.size, registry.functions.size);
  assert.equal(lazyRegistry.states.get('file.managd'), undefined);
  assert.equal(lazyRegistry.functions.has('constructor'), false);
});
