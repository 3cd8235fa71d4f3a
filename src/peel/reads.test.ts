import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stateFunctions } from '#engine/state-functions.ts';
import { registry } from '#modules/registry.ts';
import { readFunctions } from './reads.ts';

test('the resident peel knows exactly the functions that change nothing', () => {
  const reads = [...registry.functions.values()].filter(({ changes }) => !changes).map(({ name }) => name);
  const shows = [...stateFunctions.keys()].filter((name) => name.startsWith('state.show_'));

  assert.deepEqual([...readFunctions].sort(), [...reads, ...shows].sort());
});
