import type { JobSummary } from '#wire/job.ts';
import { exitOf, interrupted } from './exit.ts';
import { finishedEvent, plainResult, showCounts, showTroubles } from './job.ts';
import type { PeelResult } from './result.ts';
import type { Style } from './style.ts';
import { plainSummary } from './summary.ts';
import { count } from './table.ts';
import { tallyOf } from './tally.ts';

/** A job that was waited for. */
export interface FollowedJob {
  readonly job: JobSummary;
  readonly results: readonly PeelResult[];
  /** True when the person left before the end. */
  readonly left: boolean;
}

export function showFollowed({ job, results, left }: FollowedJob, style: Style): string {
  if (left) return `Job ${job.jid} is still running: ${job.returned} of ${count(job.targets, 'peel')} answered\n`;
  const tally = tallyOf(results);
  const took = job.finished === undefined ? {} : { ms: job.finished - job.created };
  const counts = showCounts(tally, { isPlan: job.test, ...took }, style);
  return `Job ${job.jid} is ${job.state}\n${showTroubles(tally, style)}${counts}`;
}

export function plainFollowed({ job, results }: FollowedJob): unknown {
  return { ...plainSummary(job), returns: results.map((each) => plainResult(job.jid, each)) };
}

export function followedEvent(followed: FollowedJob): object {
  const { job, results, left } = followed;
  const ms = Math.max(0, (job.finished ?? Date.now()) - job.created);
  const ended = left ? 'left' : 'done';
  return finishedEvent({ jid: job.jid, ended, tally: tallyOf(results), ms }, exitOfFollowed(followed));
}

export function exitOfFollowed({ results, left }: FollowedJob): number {
  if (left) return interrupted;
  const tally = tallyOf(results);
  return exitOf({ failed: tally.peels('failed'), unreachable: tally.peels('unreachable') });
}
