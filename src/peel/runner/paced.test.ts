import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '#base/time.ts';
import { paced } from './paced.ts';

test('the first is told at once, of those that follow the latest', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const told: number[] = [];
  const { put } = paced<number>(
    1,
    (value) => {
      told.push(value);
      if (value === 99) resolve();
    },
    stopped(),
  );

  for (let value = 0; value < 100; value++) put(value);
  assert.deepEqual(told, [0]);
  await promise;

  assert.deepEqual(told, [0, 99]);
});

test('after the end nothing is told', async () => {
  const told: number[] = [];
  const { put, end } = paced<number>(0.1, (value) => told.push(value), stopped());
  put(0);
  put(1);

  end();
  await new Promise((resolve) => setTimeout(resolve, 1));

  assert.deepEqual(told, [0]);
});

/** No time passes between what is put. */
function stopped() {
  return { ...systemClock, monotonic: () => 0 };
}
