import { isError } from '#base/errors.ts';
import { delay } from '#base/time.ts';
import { channels } from '#wire/channels.ts';
import { errorBody } from '#wire/error.ts';
import type { JobReturnsReply, Return, StoredReturn } from '#wire/job.ts';
import { maxKeysAsked } from '#wire/peel.ts';
import { pages } from './pages.ts';
import type { Session } from './session.ts';

type StoredSummary = NonNullable<JobReturnsReply['job']>;

export interface StoredPage {
  readonly job: StoredSummary;
  /** By the names of their peels, over all pages. */
  readonly returns: readonly Return[];
  /** All peels of the job; they are asked for when somebody wants them. */
  peels(): Promise<string[]>;
}

/** The job with its returns as they are stored, one page of them at a time. */
export async function* storedPages(jid: string, session: Session): AsyncGenerator<StoredPage> {
  const open = returnOpener(jid, session);
  let first: JobReturnsReply | undefined;
  const following = pages({
    ask: (after) => session.ask(channels.jobReturns, { jid, ...(after === undefined ? {} : { after }) }, 10_000),
    // Peels that have not answered are looked at as well: such a page is empty, and there is one for each of them.
    rows: () => 1,
  });
  for await (const page of following) {
    first ??= page;
    const { job, peels = [], nextPeel } = first;
    yield {
      job: job as StoredSummary,
      returns: await Promise.all((page.returns ?? []).map(open)),
      peels: () => askedPeels({ jid, peels, nextPeel }, session),
    };
  }
}

export interface StoredJob {
  readonly job: StoredSummary;
  readonly peels: string[];
  readonly returns: Return[];
}

/** All of it at once: for jobs of few peels, or when every return is needed. */
export async function storedJob(jid: string, session: Session): Promise<StoredJob> {
  const returns: Return[] = [];
  let last: StoredPage | undefined;
  for await (const page of storedPages(jid, session)) {
    returns.push(...page.returns);
    last = page;
  }
  return { job: last?.job as StoredSummary, peels: (await last?.peels()) ?? [], returns };
}

/** All peels of a job: of many a reply names the first, and where to go on. */
export async function askedPeels(
  { jid, peels, nextPeel }: { jid: string; peels: readonly string[]; nextPeel?: string | undefined },
  session: Session,
): Promise<string[]> {
  const all = [...peels];
  if (nextPeel === undefined) return all;
  const following = pages({
    ask: (after = nextPeel) => session.ask(channels.jobPeels, { jid, after }, 10_000),
    rows: (page) => page.peels?.length ?? 0,
  });
  for await (const page of following) for (const peel of page.peels ?? []) all.push(peel);
  return all;
}

/** Opens what peels stored for a job. */
export type OpenReturn = (stored: StoredReturn) => Promise<Return>;

/**
 * Believes a return when the peel's enrolled key signed it; what is not is told as that peel's refusal, and spoils
 * nobody else's. Masters are asked for keys in groups, once for each peel.
 */
export function returnOpener(jid: string, session: Session): OpenReturn {
  const keysOf = keyring(session);
  return async ({ peel, payload }) => {
    try {
      const { openReturn } = await import('#trust/peel-signatures.ts');
      return await complete(openReturn(payload, { jid, peel, keys: await keysOf(peel) }), session);
    } catch (error) {
      return { v: 1, jid, peel, status: 'refused', success: false, error: errorBody(error), startedAt: 0, ms: 0 };
    }
  };
}

/** A large return travels in chunks: puts them together again, as its head says that they are. */
async function complete(returned: Return, session: Session): Promise<Return> {
  const { rest, ...head } = returned;
  if (rest === undefined) return returned;
  const { joinRest } = await import('#trust/peel-signatures.ts');
  const chunks: Uint8Array[] = [];
  for (let index = 0; index < rest.chunks; index++) {
    const { chunk } = await session.ask(channels.jobChunk, { jid: head.jid, peel: head.peel, index }, 10_000);
    if (chunk === undefined) break;
    chunks.push(chunk);
  }
  return { ...head, ...joinRest(returned, chunks) };
}

const tries = 5;
const againMs = 500;

/** A broker that goes away in between must not make a return of a peel that did its work one that nobody believes. */
async function patiently<Reply>(ask: () => Promise<Reply>): Promise<Reply> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (attempt >= tries || !isError(error) || error.family !== 'unreachable') throw error;
      await delay(againMs);
    }
  }
}

/** The enrolled keys of peels. Those asked about in one turn travel in one question. */
function keyring(session: Session): (peel: string) => Promise<readonly string[]> {
  const known = new Map<string, Promise<readonly string[]>>();
  let waiting: Map<string, PromiseWithResolvers<readonly string[]>> | undefined;

  const ask = async (group: NonNullable<typeof waiting>) => {
    waiting = undefined;
    const all = [...group.keys()];
    for (let start = 0; start < all.length; start += maxKeysAsked) {
      const peels = all.slice(start, start + maxKeysAsked);
      try {
        const { keys = [] } = await patiently(() => session.ask(channels.peelKeys, { peels }, 10_000));
        for (const [index, peel] of peels.entries()) group.get(peel)?.resolve(keys[index] ?? []);
      } catch (error) {
        for (const peel of peels) group.get(peel)?.reject(error);
      }
    }
  };
  return (peel) => {
    const asked = known.get(peel);
    if (asked !== undefined) return asked;
    if (waiting === undefined) {
      const group = new Map<string, PromiseWithResolvers<readonly string[]>>();
      waiting = group;
      setTimeout(() => void ask(group), 0);
    }
    const answer = Promise.withResolvers<readonly string[]>();
    waiting.set(peel, answer);
    known.set(peel, answer.promise);
    return answer.promise;
  };
}
