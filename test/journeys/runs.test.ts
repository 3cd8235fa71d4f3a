import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dispatch, jobRequest, testBus, testMaster, testPeel, until } from '../harness/fleet.ts';
import { testNats } from '../harness/nats.ts';

test('while a run is at work, commands and plans get through, and another run waits or is refused', async () => {
  await using nats = await testNats();
  await using master = await testMaster(nats);
  const release = Promise.withResolvers<void>();
  const started: string[] = [];
  await using peel = await testPeel(nats, {
    id: 'web-01',
    run: async ({ function: called, test: isTest }) => {
      started.push(`${called}${isTest ? ' test' : ''}`);
      if (called === 'state.highstate') await release.promise;
      return { success: true, value: called };
    },
  });
  const alice = nats.credentials.operator('alice');
  await using bus = await testBus(nats, alice, 'alice', false);
  await until(() => master.master.fleet.size === 1, 'the peel is known');
  const ask = (called: string, wish: Partial<ReturnType<typeof jobRequest>> = {}) =>
    dispatch(nats, bus, alice, { target: 'web-01', function: called, ...wish });

  const { jid } = jobRequest({ target: 'web-01', function: 'state.highstate' });
  const hanging = await ask('state.highstate', { jid });
  await until(() => started.includes('state.highstate'), 'the run is at work');
  const command = await ask('cmd.run', { id: 'ps aux' });
  const plan = await ask('state.apply', { id: 'web', test: true });
  const refused = await ask('state.apply', { id: 'web', args: { queue: false } });
  await Promise.all([command.done, plan.done, refused.done]);
  const waiting = await ask('state.apply', { id: 'web' });
  await until(() => peel.peel.inbox.busy === 2, 'the second run waits');
  const surplus = await ask('state.apply', { id: 'web', args: { queue: 1 } });
  await surplus.done;

  assert.equal(command.returns.get('web-01')?.value, 'cmd.run');
  assert.equal(plan.returns.get('web-01')?.value, 'state.apply');
  for (const each of [refused, surplus]) {
    const returned = each.returns.get('web-01');
    assert.equal(returned?.status, 'refused');
    assert.equal(returned?.error?.code, 'RUN_IN_PROGRESS');
    assert.match(returned?.error?.message ?? '', new RegExp(`"state.highstate" of job ${jid}`));
    assert.equal(returned?.error?.details?.operator, 'alice');
  }
  assert.equal(started.includes('state.apply'), false, 'the second run has not begun');

  release.resolve();
  await Promise.all([hanging.done, waiting.done]);
  assert.equal(waiting.returns.get('web-01')?.value, 'state.apply');
});
