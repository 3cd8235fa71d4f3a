import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchInstances } from './instances.ts';

const machine = 'm';

test('a restart is one process after the other, whatever straggles', () => {
  const instances = watchInstances();
  instances.heard('web', { run: 'a', machine }, 0);

  assert.equal(instances.heard('web', { run: 'b', machine }, 1_000), 'new');
  assert.equal(instances.heard('web', { run: 'a', machine }, 1_500), 'holder');
  assert.equal(instances.runOf('web'), 'b');
  assert.equal(instances.isSame('web', 500), false, 'its predecessor may still have that job');
  assert.deepEqual(instances.settle(12_000), [{ peel: 'web' }]);
  assert.equal(instances.isSame('web', 500), true);
  assert.equal(instances.doubled, 0);
});

test('of two that go on, the first is kept; the second is welcome when it is alone', () => {
  const instances = watchInstances();
  instances.heard('web', { run: 'a', machine }, 0);
  instances.heard('web', { run: 'b', machine }, 1_000);

  const verdict = instances.heard('web', { run: 'a', machine }, 4_000);

  assert.equal(typeof verdict === 'object' && `${verdict.kept.run} ${verdict.refused.run}`, 'a b');
  assert.equal(instances.runOf('web'), 'a');
  assert.equal(instances.heard('web', { run: 'b', machine }, 5_000), 'refused');
  assert.equal(instances.isSame('web', 2_000), false, 'the other may have that job');
  instances.heard('web', { run: 'b', machine }, 13_500);
  assert.deepEqual(
    instances.settle(13_600).map(({ welcome }) => welcome?.run),
    ['b'],
  );
  assert.equal(instances.runOf('web'), 'b');
});

test('a goodbye makes way for a successor at once', () => {
  const instances = watchInstances();
  instances.heard('web', { run: 'a', machine }, 0);

  assert.equal(instances.left('web', 'a'), true);
  assert.equal(instances.heard('web', { run: 'b', machine }, 100), 'new');
  assert.equal(instances.isSame('web', 0), true);
});
