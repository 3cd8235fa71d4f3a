import { channels } from '#wire/channels.ts';
import type { JobReturnsReply, Return } from '#wire/job.ts';
import type { Session } from './session.ts';

/** The job with all of its returns as they are stored, page by page. */
export async function storedJob(
  jid: string,
  session: Session,
): Promise<{
  readonly job: NonNullable<JobReturnsReply['job']>;
  readonly peels: string[];
  readonly returns: Return[];
}> {
  const first = await session.ask(channels.jobReturns, { jid }, 10_000);
  const returns = [...(first.returns ?? [])];
  for (let { next } = first; next !== undefined; ) {
    const page = await session.ask(channels.jobReturns, { jid, after: next }, 10_000);
    returns.push(...(page.returns ?? []));
    next = page.next;
  }
  return { job: first.job as NonNullable<JobReturnsReply['job']>, peels: first.peels ?? [], returns };
}

export async function storedReturns(jid: string, session: Session): Promise<Return[]> {
  return (await storedJob(jid, session)).returns;
}

/** A large return travels in parts: puts them together again. */
export async function completeReturn(returned: Return, session: Session): Promise<Return> {
  const { jid, peel, chunks } = returned;
  if (chunks === undefined || returned.value !== undefined || returned.report !== undefined) return returned;
  const parts: Uint8Array[] = [];
  for (let index = 0; index < chunks; index++) {
    const { chunk } = await session.ask(channels.jobChunk, { jid, peel, index }, 10_000);
    if (chunk) parts.push(chunk);
  }
  const { decode } = await import('#wire/codec.ts');
  const joined = Buffer.concat(parts);
  // It came in parts because it is large: the limit of one message is not its limit.
  const whole = decode(joined, { maxBytes: joined.length }) as Pick<Return, 'value' | 'report'>;
  return { ...returned, ...whole };
}
