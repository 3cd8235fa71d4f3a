import { ZesterError } from '#base/errors.ts';
import { parseJid } from '#base/ids.ts';
import type { Log } from '#base/log.ts';
import { type Clock, delay, startWatch } from '#base/time.ts';
import type { Bus } from '#bus/bus.ts';
import { storeContended } from '#bus/outside.ts';
import type { Records } from '#bus/records.ts';
import { signKill, type Verified } from '#trust/orders.ts';
import type { SigningKey } from '#trust/signing.ts';
import { channels } from '#wire/channels.ts';
import type { JobRecord, KillReply, KillRequest, SignedKill, SignedRequest } from '#wire/job.ts';
import { pageBytes } from '#wire/limits.ts';
import { pageOf } from '#wire/page.ts';
import type { ActiveJobs } from './active-jobs.ts';
import { unpackPeels } from './record.ts';
import { openAfterMs, pendingOf, type Tracked, trackedOf } from './tracked.ts';

export interface KillOptions {
  readonly bus: Bus;
  readonly records: Records<JobRecord>;
  readonly activeJobs: ActiveJobs;
  readonly master: string;
  readonly verify: (signed: SignedRequest) => Verified<KillRequest>;
  readonly tell: (job: Tracked, peels: readonly string[]) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Peels end their work at once; one that needs longer is named as silent. */
const waitMs = 3_000;
const pollMs = 50;
const tries = 5;

/** Sends the kill of a job to some of its peels. */
export function createTellKilled({ bus, key, clock }: { bus: Bus; key: () => SigningKey; clock: Clock }) {
  return ({ record: { jid, killedBy = '', deadline } }: Tracked, peels: readonly string[]) => {
    const order: SignedKill = signKill({ v: 1, jid, operator: killedBy, issuedAt: clock.now(), deadline }, key());
    for (const peel of peels) bus.publish(channels.kill, { peel }, order);
  };
}

/**
 * Stops a job: the decision is written into its record first, where every master finds it; from then on no order of it
 * is sent. Every peel that has not answered is told; those that are away keep the job open, and are told as soon as
 * they are back, by whichever master sees them, until the deadline refuses the job by itself.
 */
export function createKill({ bus, records, activeJobs, master, verify, tell, clock, log }: KillOptions) {
  /** The open job with the kill in its record; a job that was closed, but may still run somewhere, is open again. */
  const decide = async (jid: string, operator: string): Promise<Tracked> => {
    for (let attempt = 1; ; attempt++) {
      const job = (await activeJobs.adopt(jid)) ?? (await reopened(jid));
      const { finished: _finished, silent: _silent, ...record } = job.record;
      const killed = { ...record, killedBy: record.killedBy ?? operator, owner: master, state: 'running' } as const;
      if (await activeJobs.amend(job, killed)) return activeJobs.track(job.record, job.revision);
      if (attempt >= tries) throw storeContended();
    }
  };

  const reopened = async (jid: string): Promise<Tracked> => {
    const stored = await records.find(jid);
    if (stored === undefined) throw unknown(jid);
    const { value: record, revision } = stored;
    const targets = unpackPeels(record.peels).length;
    const mayRun = clock.now() <= record.deadline + openAfterMs({ ...record, killedBy: '-' }, 0);
    const answered = (record.returned ?? 0) + (record.refused?.length ?? 0);
    if (answered >= targets || record.killedBy !== undefined || !mayRun) throw ended(record, targets - answered);
    return trackedOf(record, revision, clock);
  };

  return async function kill(signed: SignedRequest): Promise<KillReply> {
    const { request, operator } = verify(signed);
    const jid = parseJid(request.jid);
    log.info('Kill request received', { jid, operator: operator.name });
    const job = await decide(jid, operator.name);
    await activeJobs.recount(job);
    const asked = pendingOf(job);
    await bus.flush();
    tell(job, asked);
    const watch = startWatch(clock);
    while (pendingOf(job).length > 0 && watch.elapsed() < waitMs) await delay(pollMs);
    await activeJobs.settle(job);
    const silent = pendingOf(job).sort();
    const isSilent = new Set(silent);
    const until = silent.length === 0 ? {} : { until: activeJobs.openUntil(job) };
    const stopped = asked.filter((peel) => !isSilent.has(peel)).sort();
    return { jid, state: silent.length === 0 ? 'killed' : 'running', ...named(stopped, silent), ...until };
  };
}

/** The first of each, as many as one reply holds, and how many more there are. */
function named(stopped: readonly string[], silent: readonly string[]): KillReply {
  const options = { keyOf: String, maxBytes: pageBytes / 2 };
  const [some, others] = [pageOf(stopped, options).rows, pageOf(silent, options).rows];
  const more = { stopped: stopped.length - some.length, silent: silent.length - others.length };
  return { stopped: [...some], silent: [...others], ...(more.stopped + more.silent > 0 ? { more } : {}) };
}

function unknown(jid: string): ZesterError {
  return new ZesterError('usage', 'JOB_UNKNOWN', `Cannot stop "${jid}": there is no such job`, {
    hint: 'List them with: zester job list',
  });
}

function ended({ jid, state, targets }: JobRecord, silent: number): ZesterError {
  const rest = silent > 0 ? `; ${silent} of them never answered, and refuse it by now` : '';
  return new ZesterError(
    'usage',
    'JOB_ENDED',
    `Cannot stop "${jid}": it ended as ${state}, on ${targets} peels${rest}`,
  );
}
