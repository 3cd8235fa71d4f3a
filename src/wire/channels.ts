import { type Channel, channel, request } from './channel.ts';
import { DoctorReply } from './doctor.ts';
import { EnrollDecisionReply, EnrollmentsReply, EnrollQuery } from './enroll.ts';
import { RefsQuery, RefsReply } from './files.ts';
import {
  Ack,
  ChunkQuery,
  ChunkReply,
  DispatchReply,
  JobPeelsQuery,
  JobPeelsReply,
  JobQuery,
  JobRequestQuery,
  JobRequestReply,
  JobReturnsQuery,
  JobReturnsReply,
  JobStatus,
  JobsReply,
  KillReply,
  Progress,
  SignedKill,
  SignedOrder,
  SignedRequest,
  SignedReturn,
} from './job.ts';
import { moment, text } from './limits.ts';
import {
  Heartbeat,
  PeelKeysQuery,
  PeelKeysReply,
  PeelQuery,
  PeelReply,
  PeelsQuery,
  PeelsReply,
  PingReply,
  ResolveReply,
  ResolveRequest,
  SignedNotice,
} from './peel.ts';
import * as z from './schema.ts';

const nothing = z.object({});
const MasterHeartbeat = z.object({ v: z.int(), startedAt: moment, version: z.optional(text('name')) });

/** Every message path there is. The grants of each role and the protocol page are generated from this list. */
export const channels = {
  dispatch: request('zester.dispatch', SignedRequest, DispatchReply, {
    from: ['operator'],
    to: ['master'],
    summary: 'Start a job',
  }),
  resolve: request('zester.target.resolve', ResolveRequest, ResolveReply, {
    from: ['operator'],
    to: ['master'],
    summary: 'Which peels an expression chooses',
  }),
  ping: request('zester.ping', nothing, PingReply, {
    from: ['operator'],
    to: ['master'],
    summary: 'Is a master there, and what does it see',
  }),
  doctor: request('zester.doctor', nothing, DoctorReply, {
    from: ['operator'],
    to: ['master'],
    summary: 'What is wrong, and what to do about it',
  }),
  jobs: request('zester.job-query.list', JobQuery, JobsReply, {
    from: ['operator'],
    to: ['master'],
    summary: 'Jobs, newest first',
  }),
  jobReturns: request('zester.job-query.returns', JobReturnsQuery, JobReturnsReply, {
    from: ['operator'],
    to: ['master'],
    summary: 'A job with its returns, as they are stored',
  }),
  jobPeels: request('zester.job-query.peels', JobPeelsQuery, JobPeelsReply, {
    from: ['operator'],
    to: ['master'],
    summary: 'The peels a job asked',
  }),
  jobRequest: request('zester.job-query.request', JobRequestQuery, JobRequestReply, {
    from: ['operator'],
    to: ['master'],
    summary: 'What an operator asked for, with all of its arguments',
  }),
  jobChunk: request('zester.job-query.chunk', ChunkQuery, ChunkReply, {
    from: ['operator'],
    to: ['master'],
    summary: 'A part of a large return',
  }),
  jobKill: request('zester.job-kill', SignedRequest, KillReply, {
    from: ['operator'],
    to: ['master'],
    summary: 'Stop a job',
  }),
  peels: request('zester.peel-query.list', PeelsQuery, PeelsReply, {
    from: ['operator'],
    to: ['master'],
    summary: 'Peels with their presence',
  }),
  peel: request('zester.peel-query.show', PeelQuery, PeelReply, {
    from: ['operator'],
    to: ['master'],
    summary: 'One peel with its facts',
  }),
  peelKeys: request('zester.peel-query.keys', PeelKeysQuery, PeelKeysReply, {
    from: ['operator'],
    to: ['master'],
    summary: 'The enrolled keys that returns of these peels are signed with',
  }),
  stateRefs: request('zester.tree-query.refs', RefsQuery, RefsReply, {
    from: ['operator'],
    to: ['master'],
    summary: 'State files of the published tree',
  }),
  enrollments: request('zester.enroll-query.list', EnrollQuery, EnrollmentsReply, {
    from: ['operator'],
    to: ['master'],
    summary: 'Enrolments by state',
  }),
  enrollDecide: request('zester.enroll-decide', SignedRequest, EnrollDecisionReply, {
    from: ['operator'],
    to: ['master'],
    summary: 'Approve, reject, revoke; make and end join tokens',
  }),
  command: channel('zester.cmd.{peel}', SignedOrder, {
    from: ['master'],
    to: ['peel'],
    summary: 'A signed job for one peel',
  }),
  kill: channel('zester.kill.{peel}', SignedKill, {
    from: ['master'],
    to: ['peel'],
    summary: 'A signed order to stop a job',
  }),
  notice: channel('zester.notice.{peel}', SignedNotice, {
    from: ['master'],
    to: ['peel'],
    summary: 'A signed word about the peel itself: what is wanted of it, or that another machine has its id',
  }),
  ack: channel('zester.job.{jid}.ack.{peel}', Ack, {
    from: ['peel'],
    to: ['master'],
    summary: 'The job is in the ledger, or its end is',
  }),
  progress: channel('zester.job.{jid}.progress.{peel}', Progress, {
    from: ['peel'],
    to: ['operator'],
    summary: 'How far a running job is',
  }),
  return: channel('zester.return.{jid}.{peel}', SignedReturn, {
    from: ['peel'],
    to: [],
    summary: 'What a peel answers, signed; captured by the stream of returns, once',
  }),
  chunk: channel('zester.return.{jid}.{peel}.{index}', z.any(), {
    from: ['peel'],
    to: [],
    summary: 'A part of a large return, which names its hash; captured by the stream of returns',
  }),
  returned: channel('zester.returned.{jid}.{peel}', SignedReturn, {
    from: [],
    to: ['master', 'operator', 'peel'],
    summary: 'A return that is stored: the server republishes it from the stream',
  }),
  returnedChunk: channel('zester.returned.{jid}.{peel}.{index}', z.any(), {
    from: [],
    to: ['master', 'peel'],
    summary: 'A part that is stored',
  }),
  kept: channel('zester.kept.{bucket}.{peel}', z.any(), {
    from: [],
    to: ['peel'],
    summary: 'What a peel wrote is stored: the server republishes its headers',
  }),
  status: channel('zester.job.{jid}.status', JobStatus, {
    from: ['master'],
    to: ['operator', 'master'],
    summary: 'A job ended, or peels turned out to be unreachable',
  }),
  heartbeat: channel('zester.heartbeat.{peel}', Heartbeat, {
    from: ['peel'],
    to: ['master'],
    summary: 'I am here',
  }),
  masterHeartbeat: channel('zester.master.{master}', MasterHeartbeat, {
    from: ['master'],
    to: ['master'],
    summary: 'A master is alive',
  }),
} as const satisfies Readonly<Record<string, Channel>>;
