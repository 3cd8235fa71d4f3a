import { ZesterError } from '#base/errors.ts';
import type { Stopwatch } from '#base/time.ts';
import type { Ending } from '#machine/processes/end.ts';
import { endingDetails, endingText } from '#machine/processes/words.ts';
import type { OpenedOrder } from '#trust/orders.ts';
import type { ErrorBody } from '#wire/error.ts';

/** A job that did not start because somebody ended it first. */
export function killedFirst(when: string): ErrorBody {
  return { family: 'machine', code: 'JOB_KILLED', message: `Cannot run the job: it was killed ${when}` };
}

export function busy(waiting: number): ZesterError {
  return new ZesterError('machine', 'PEEL_BUSY', `Cannot queue the job: ${waiting} are waiting already`, {
    hint: 'Wait, or end one of them with "zester job kill"',
  });
}

/** What has the lane's attention, as far as is known. */
export interface AtWork {
  readonly order: OpenedOrder;
  readonly watch: Stopwatch;
}

export function inProgress(work: AtWork | undefined, depth: number): ZesterError {
  const waiting = depth > 1 ? `, ${depth - 1} ${depth === 2 ? 'waits' : 'wait'} for it` : '';
  const { request, operator } = work?.order ?? {};
  const what = request === undefined ? 'another run' : `"${request.function}" of job ${request.jid}`;
  const since = work === undefined ? {} : { since: new Date(work.watch.startedAt).toISOString() };
  return new ZesterError(
    'machine',
    'RUN_IN_PROGRESS',
    `Cannot start the run: ${what} is at work on this machine${waiting}`,
    {
      details: { ...since, ...(operator === undefined ? {} : { operator: operator.name }) },
      hint: `Leave "queue" out to wait for it, or end it with: zester job kill ${request?.jid ?? '<jid>'}`,
    },
  );
}

export function stopping(): ZesterError {
  return new ZesterError('machine', 'PEEL_STOPPING', 'Cannot run the job: the peel is stopping', {
    hint: 'Ask again in a moment',
  });
}

/** With what became of the processes it had started, where that was looked at. */
export function interrupted(jid: string, ending: Ending | undefined): ZesterError {
  const found = ending === undefined ? '' : `, and ${endingText(ending)}`;
  return new ZesterError(
    'machine',
    'JOB_INTERRUPTED',
    `Cannot tell how "${jid}" ended: the peel was stopped while it ran${found}`,
    {
      details: ending && endingDetails(ending),
      hint: 'Look at the machine before running it again',
    },
  );
}

export function mayHaveRun(jid: string, lostUntil: number): ZesterError {
  return new ZesterError(
    'machine',
    'JOB_MAYBE_RUN',
    `Cannot run "${jid}": it may have run before, the disk of this machine lost a part of what was accepted`,
    {
      details: { until: new Date(lostUntil).toISOString() },
      hint: 'Look at the machine, then start the job anew; jobs that are started after "until" are run',
    },
  );
}
