import { toHuman } from '#base/ids.ts';
import { durationText } from '#base/time.ts';
import type { JobSummary } from '#wire/job.ts';
import { type PeelResult, refusedOf, resultOf } from './report/result.ts';
import { type StoredPage, storedPages } from './returns.ts';
import type { Session } from './session.ts';

export interface Answer {
  readonly job: JobSummary;
  readonly result: PeelResult;
}

/** What became of every peel of a job, as it is stored: those that answered first. Throws `JOB_UNKNOWN`. */
export async function* answersOf(jid: string, session: Session): AsyncGenerator<Answer> {
  const answered = new Set<string>();
  let last: StoredPage | undefined;
  for await (const page of storedPages(jid, session)) {
    for (const returned of page.returns) {
      answered.add(returned.peel);
      yield { job: page.job, result: resultOf(returned) };
    }
    last = page;
  }
  if (last === undefined) return;
  const { job } = last;
  for (const refusal of job.refused ?? []) {
    if (answered.has(refusal.peel)) continue;
    answered.add(refusal.peel);
    yield { job, result: refusedOf(refusal) };
  }
  for (const peel of await last.peels()) {
    if (!answered.has(peel)) yield { job, result: { peel: toHuman(peel), ...silenceIn(job) } };
  }
}

/** Why a peel counts as unreachable that said nothing for so long. */
export function noReturnWithin(timeoutMs: number): string {
  return `no return within the timeout of ${durationText(timeoutMs)} (--timeout)`;
}

/** What to say of peels that have not answered; while a job runs nobody here knows whether they are at work or away. */
function silenceIn({ state, created, deadline }: JobSummary): Pick<PeelResult, 'status' | 'reason'> {
  switch (state) {
    case 'running':
      return { status: 'pending', reason: noReturnYet };
    case 'killed':
      return {
        status: 'unreachable',
        reason: 'no word that it stopped: it is told when it is back, and refuses the job later',
      };
    default:
      return { status: 'unreachable', reason: noReturnWithin(deadline - created) };
  }
}

export const noReturnYet = 'no return yet';
