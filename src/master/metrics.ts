import type { Metric } from '#base/health.ts';
import type { EnrollmentOffice } from './enroll/index.ts';
import type { Master } from './master.ts';

/** Every name has its value from what runs; labels come from closed sets only. */
export function masterMetrics(
  { fleet, presence, board, masters, sweep, counts }: Master,
  { crowd }: Pick<EnrollmentOffice, 'crowd'>,
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
    { name: 'zester_active_jobs', help: 'Jobs that have not ended', type: 'gauge', values: plain(() => board.size) },
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
      name: 'zester_connections_cut',
      help: 'Connections cut because their identity held too many',
      type: 'counter',
      values: plain(() => crowd.cut),
    },
    {
      name: 'zester_jobs',
      help: 'Jobs ended by this master, by how',
      type: 'counter',
      values: () => Object.entries(board.finished).map(([state, value]) => ({ labels: { state }, value })),
    },
  ];
}
