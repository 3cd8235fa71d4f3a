import assert from 'node:assert/strict';
import { test } from 'node:test';
import { steppedClock } from '../harness/clock.ts';
import { dispatch, testBus, testMaster, testPeel, until } from '../harness/fleet.ts';
import { testNats } from '../harness/nats.ts';

const hour = 3_600_000;

for (const [way, by] of [
  ['forwards', hour],
  ['back', -hour],
] as const) {
  test(`clocks set ${way} by an hour during a job end nothing early, and take nobody for gone`, async () => {
    const clocks = { master: steppedClock(), peel: steppedClock() };
    await using nats = await testNats();
    await using master = await testMaster(nats, { clock: clocks.master });
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const run = async () => {
      await released;
      return { success: true, value: 'ran to its end' };
    };
    await using peel = await testPeel(nats, { id: 'web-01', run, clock: clocks.peel, heartbeatMs: 100 });
    const alice = nats.credentials.operator('alice');
    await using bus = await testBus(nats, alice, 'alice', false);
    await until(() => master.master.fleet.size === 1 && master.master.presence.online === 1, 'the peel is known');
    const startedAt = performance.now();
    const asked = await dispatch(nats, bus, alice, { target: '*', function: 'cmd.run', timeoutMs: 20_000 });
    await until(() => peel.peel.inbox.busy === 1, 'the job runs');

    clocks.master.step(by);
    clocks.peel.step(by);
    const before = clocks.master.measured;
    await until(() => clocks.master.measured > before + 30, 'the master looked at the job and at the peels again');

    assert.equal(asked.statuses.length, 0);
    assert.equal(peel.peel.inbox.busy, 1);
    assert.equal(master.master.presence.online, 1);
    release();
    await asked.done;
    const answer = asked.returns.get('web-01');
    assert.deepEqual([answer?.status, answer?.value, answer?.late], ['done', 'ran to its end', undefined]);
    const took = performance.now() - startedAt;
    assert.ok(answer && answer.ms >= 0 && answer.ms <= took + 1, `${answer?.ms} of ${took} ms`);
    assert.equal(asked.statuses.at(-1)?.state, 'complete');
  });
}
