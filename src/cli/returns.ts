import { channels } from '#wire/channels.ts';
import { errorBody } from '#wire/error.ts';
import type { JobReturnsReply, Return, StoredReturn } from '#wire/job.ts';
import { maxKeysAsked } from '#wire/peel.ts';
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
  const stored = [...(first.returns ?? [])];
  for (let { next } = first; next !== undefined; ) {
    const after = next;
    const page = await session.ask(channels.jobReturns, { jid, after }, 10_000);
    stored.push(...(page.returns ?? []));
    next = page.next !== undefined && page.next > after ? page.next : undefined;
  }
  const open = returnOpener(jid, session);
  const returns = await Promise.all(stored.map(open));
  return { job: first.job as NonNullable<JobReturnsReply['job']>, peels: first.peels ?? [], returns };
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
        const { keys = [] } = await session.ask(channels.peelKeys, { peels }, 10_000);
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
