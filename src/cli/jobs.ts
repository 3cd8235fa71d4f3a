import { ZesterError } from '#base/errors.ts';
import { channels } from '#wire/channels.ts';
import { isAskedFor, type JobQuery, type JobRequest, type JobSummary } from '#wire/job.ts';
import { joinParts, pages } from './pages.ts';
import type { Session } from './session.ts';

/** Jobs, newest first, page by page, until there are as many as wanted. */
export async function* listJobs(
  query: Omit<JobQuery, 'limit'>,
  limit: number,
  session: Session,
): AsyncGenerator<readonly JobSummary[]> {
  if (limit < 1) {
    throw new ZesterError('usage', 'LIMIT_INVALID', `Cannot list ${limit} jobs: there is nothing to list`, {
      hint: 'Give --limit a number from 1 on',
    });
  }
  let left = limit;
  const following = pages({
    ask: (before) =>
      session.ask(channels.jobs, { ...query, limit: left, ...(before === undefined ? {} : { before }) }, 10_000),
    rows: ({ jobs = [] }) => jobs.length,
    descending: true,
  });
  for await (const { jobs = [] } of following) {
    // A master of an earlier version passes by what it does not know.
    const some = jobs.filter((each) => isAskedFor(each, query)).slice(0, left);
    left -= some.length;
    yield some;
    if (left <= 0) return;
  }
}

/** The job with all of its arguments: a summary has them short. */
export async function wholeRequest(job: JobSummary, session: Session): Promise<JobSummary> {
  if (job.requestBytes === undefined) return job;
  const { jid } = job;
  const ask = (part: number) => session.ask(channels.jobRequest, { jid, part }, 10_000);
  const bytes = await joinParts(await ask(0), ask);
  const { decode } = await import('#wire/codec.ts');
  const { args, id, target } = decode(bytes) as JobRequest;
  const { requestBytes: _, ...rest } = job;
  return { ...rest, args, target, ...(id === undefined ? {} : { id }) };
}
