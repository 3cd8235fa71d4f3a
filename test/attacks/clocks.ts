import assert from 'node:assert/strict';
import { rateLimit } from '#master/enroll/limits.ts';
import { steppedClock } from '../harness/clock.ts';
import { dispatch, testBus, testMaster, testPeel, until } from '../harness/fleet.ts';
import { testNats } from '../harness/nats.ts';
import type { Attack } from './attack.ts';

const hour = 3_600_000;
const ways = [
  ['forwards', hour],
  ['back', -hour],
] as const;

/** Sets the clocks of master and peel while a job is at work. */
async function stepDuringJob(by: number): Promise<void> {
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
}

export const attacks: readonly Attack[] = [
  ...ways.map(
    ([way, by]): Attack => ({
      promise: 'B15',
      name: `the clocks of master and peel are set ${way} by an hour during a job: nothing ends early, nobody is gone`,
      quick: true,
      run: () => stepDuringJob(by),
    }),
  ),
  {
    promise: 'B15',
    name: 'the clock of a master is set back by an hour: nobody is kept from enrolling',
    quick: true,
    async run() {
      const clock = steppedClock();
      const limit = rateLimit({ burst: 3, perSecond: 1, clock });
      limit.take('192.0.2.1');

      clock.step(-hour);

      assert.equal(limit.take('192.0.2.1'), 0);
      assert.equal(limit.take('192.0.2.1'), 0);
      assert.ok(limit.take('192.0.2.1') > 0, 'nor does it give more than there is');
      clock.step(2 * hour);
      assert.ok(limit.take('192.0.2.1') > 0);
    },
  },
];
