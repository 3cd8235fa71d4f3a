import assert from 'node:assert/strict';
import { test } from 'node:test';
import { channels } from '#wire/channels.ts';
import type { JobState, JobSummary } from '#wire/job.ts';
import { type PeelResult, resultOf } from '../report/result.ts';
import { plainStyle } from '../report/style.ts';
import { tallyOf } from '../report/tally.ts';
import type { Session } from '../session.ts';
import { jobShow } from './job-show.ts';

const jid = '2xYkQbZ1fGm5n8pR0sT3uVwXyZa';
const peels = ['web-01', 'web-02', 'web-03'];

const job = (state: JobState, more: Partial<JobSummary> = {}): JobSummary => ({
  jid,
  function: 'state.apply',
  args: {},
  target: '*',
  targets: peels.length,
  state,
  test: false,
  operator: 'alice',
  created: 0,
  deadline: 60_000,
  returned: 0,
  succeeded: 0,
  ...more,
});

const killed = (peel: string): PeelResult =>
  resultOf({ v: 1, jid, peel, status: 'killed', success: false, startedAt: 1, ms: 4 });

test('a job counts the answers that are shown with it, not those it had when it was closed', () => {
  const results = peels.map(killed);
  const value = { job: job('killed', { killedBy: 'alice' }), tally: tallyOf(results), results };

  assert.match(jobShow.show(value, plainStyle), /^State: +killed by alice, 3 of 3 returned$/m);
  assert.match(jobShow.show(value, plainStyle), /^3 peels: 0 succeeded, 0 changed, 3 failed, 0 unreachable$/m);
  const { returned, returns } = jobShow.plain(value) as { returned: number; returns: unknown[] };
  assert.deepEqual([returned, returns.length], [3, 3]);
});

test('peels that have not answered are pending while their job runs, and unreachable when it is over', async () => {
  const statusOf = async (state: JobState) => {
    const session = {
      format: 'json',
      style: plainStyle,
      write: () => {},
      ask: async (channel: unknown) => (channel === channels.jobReturns ? { job: job(state), peels, returns: [] } : {}),
    } as unknown as Session;
    const { results } = (await jobShow.run({ jid, full: false }, session)) as { results: PeelResult[] };
    return new Set(results.map(({ status }) => status));
  };

  assert.deepEqual(await statusOf('running'), new Set(['pending']));
  assert.deepEqual(await statusOf('timeout'), new Set(['unreachable']));
  assert.deepEqual(await statusOf('killed'), new Set(['unreachable']));
});
