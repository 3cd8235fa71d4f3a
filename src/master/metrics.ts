import type { Bugs } from '#base/bugs.ts';
import type { Metric } from '#base/health.ts';
import type { EnrollmentOffice } from './enroll/index.ts';
import type { Master } from './master.ts';

/** Every name has its value from what runs; labels come from closed sets only. */
export function masterMetrics(
  { fleet, presence, activeJobs, late, clocks, keeper, masters, sweep, counts, bad, troubles }: Master,
  { crowd, bugs }: Pick<EnrollmentOffice, 'crowd'> & { readonly bugs: Bugs | undefined },
): readonly Metric[] {
  const plain = (value: () => number) => () => [{ value: value() }];
  return [
    { name: 'zester_peels', help: 'Peels that have published facts', type: 'gauge', values: plain(() => fleet.size) },
    {
      name: 'zester_connected_peels',
      help: 'Peels that beat within the last seconds',
      type: 'gauge',
      values: plain(() => presence.online),
    },
    {
      name: 'zester_masters',
      help: 'Masters that are alive, as this one sees it',
      type: 'gauge',
      values: plain(() => masters.alive.length),
    },
    {
      name: 'zester_active_jobs',
      help: 'Jobs that have not ended',
      type: 'gauge',
      values: plain(() => activeJobs.size),
    },
    {
      name: 'zester_dispatches',
      help: 'Requests to start a job, refused ones included',
      type: 'counter',
      values: plain(() => counts.dispatched),
    },
    {
      name: 'zester_tree_publishes',
      help: 'State trees published',
      type: 'counter',
      values: plain(() => counts.published),
    },
    {
      name: 'zester_returns_swept',
      help: 'Stored messages that no job asked for, removed',
      type: 'counter',
      values: plain(() => sweep.counts.messages),
    },
    {
      name: 'zester_returns_swept_bytes',
      help: 'Bytes of those',
      type: 'counter',
      values: plain(() => sweep.counts.bytes),
    },
    {
      name: 'zester_flooding_peels',
      help: 'Peels that store so much nobody asked for that all of it is removed',
      type: 'gauge',
      values: plain(() => sweep.flooding.length),
    },
    {
      name: 'zester_bad_records',
      help: 'Records that could not be believed, and are left out',
      type: 'gauge',
      values: () => [...bad.counts].map(([bucket, value]) => ({ labels: { bucket }, value })),
    },
    {
      name: 'zester_peels_over_limits',
      help: 'Peels whose facts are over a limit',
      type: 'gauge',
      values: plain(() => fleet.over.size),
    },
    {
      name: 'zester_fact_columns',
      help: 'Columns of the index of facts',
      type: 'gauge',
      values: plain(() => fleet.columns.used),
    },
    {
      name: 'zester_requests_unanswered',
      help: 'Requests that could not be answered, and answers that were a bug, by code',
      type: 'counter',
      values: () => [...troubles.counts].map(([code, value]) => ({ labels: { code }, value })),
    },
    {
      name: 'zester_bugs',
      help: 'Errors that nobody caught',
      type: 'counter',
      values: plain(() => bugs?.count ?? 0),
    },
    {
      name: 'zester_connections_cut',
      help: 'Connections cut because their identity held too many',
      type: 'counter',
      values: plain(() => crowd.cut),
    },
    {
      name: 'zester_late_returns',
      help: 'Returns that came after their job was closed, and were counted by this master',
      type: 'counter',
      values: plain(() => late.counted),
    },
    {
      name: 'zester_peels_clock_off',
      help: 'Peels whose clock is more than ten seconds off',
      type: 'gauge',
      values: plain(() => clocks.off),
    },
    {
      name: 'zester_clock_skew_most_seconds',
      help: 'How far the clock of a peel is off, at most',
      type: 'gauge',
      values: plain(() => clocks.mostMs / 1_000),
    },
    {
      name: 'zester_peels_doubled',
      help: 'Identities under which two machines beat',
      type: 'gauge',
      values: plain(() => presence.doubled),
    },
    {
      name: 'zester_stores_recreated',
      help: 'Stores that this master found gone',
      type: 'counter',
      values: plain(() => keeper.counts.recreated),
    },
    {
      name: 'zester_store_full',
      help: 'Jobs refused because a store was full',
      type: 'counter',
      values: plain(() => keeper.counts.full),
    },
    {
      name: 'zester_tree_refusals',
      help: 'Times the state tree could not be published, and the last one stayed',
      type: 'counter',
      values: plain(() => counts.unpublished),
    },
    {
      name: 'zester_jobs',
      help: 'Jobs ended by this master, by how',
      type: 'counter',
      values: () => Object.entries(activeJobs.finished).map(([state, value]) => ({ labels: { state }, value })),
    },
  ];
}
