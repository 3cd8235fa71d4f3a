import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileLate } from './compile-late.ts';

test('what was wished of the runtime is not passed on to what this process starts', () => {
  process.env.BUN_JSC_thresholdForJITSoon = '2000';

  compileLate();

  assert.equal(process.env.BUN_JSC_thresholdForJITSoon, undefined);
});
