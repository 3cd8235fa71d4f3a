import { createHash } from 'node:crypto';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { isError } from '#base/errors.ts';
import { toHuman } from '#base/ids.ts';
import { delay } from '#base/time.ts';
import { channels } from '#wire/channels.ts';
import type { Candidate, CompletionSources } from './complete.ts';
import { findText, makeFolder, writePrivate } from './files.ts';
import { listJobs } from './jobs.ts';
import type { Session } from './session.ts';

/** How long somebody who pressed Tab waits for a fleet that says nothing. */
const patienceMs = 700;
/** What was read so recently is not asked for again. */
const freshMs = 30_000;
const mostPeels = 2_000;
const mostJobs = 20;
const mostRefs = 500;

/** What is known of a fleet from the last time somebody pressed Tab. */
interface Known {
  readonly at: number;
  readonly peels: readonly string[];
  /** False when there are more peels than were read. */
  readonly isAll: boolean;
}

/**
 * Asks the masters for what only they know, and remembers it. Whoever cannot be reached in time is not waited for: what
 * was known before is offered, however old, and nothing is said.
 */
export function completionSources(session: Session): CompletionSources {
  return {
    peels: (prefix) => silently([], () => peels(prefix, session)),
    jobs: () => silently([], () => withPatience(jobs(session), [])),
    async refs(prefix) {
      const asked = withPatience(session.ask(channels.stateRefs, { prefix, limit: mostRefs }, patienceMs), {
        refs: [],
      });
      return (await silently({ refs: [] }, () => asked)).refs ?? [];
    },
    contexts: () => silently([], async () => Object.keys((await session.contexts()).contexts)),
    async topics() {
      const { topics } = await import('./topics.ts');
      return topics.map(({ name, summary }) => ({ value: name, description: summary }));
    },
    reference: () => session.reference(),
  };
}

async function peels(prefix: string, session: Session): Promise<readonly string[]> {
  const file = await cacheFile(session);
  const known = readKnown(file);
  const isFresh = known !== undefined && session.clock.now() - known.at < freshMs;
  if (isFresh && known.isAll) return known.peels;
  const asked = withPatience(askPeels(prefix, session), undefined);
  const found = await silently(undefined, () => asked);
  if (found === undefined) return known?.peels ?? [];
  if (found.isAll && found.target === undefined)
    writeKnown(file, { at: session.clock.now(), peels: found.peels, isAll: true });
  return found.peels;
}

/** All peels; of a fleet that is too large for that, those whose ids begin so. */
async function askPeels(prefix: string, session: Session) {
  const target = /^[A-Za-z0-9][\w.-]*$/.test(prefix) ? `${prefix}*` : undefined;
  const ask = (wanted: string | undefined) =>
    session.ask(channels.peels, { limit: mostPeels, ...(wanted === undefined ? {} : { target: wanted }) }, patienceMs);
  const all = await ask(undefined);
  const isAll = all.next === undefined;
  const { peels: rows = [] } = isAll || target === undefined ? all : await ask(target);
  return { peels: rows.map(({ peel }) => toHuman(peel)), isAll, target: isAll ? undefined : target };
}

async function jobs(session: Session): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  for await (const some of listJobs({}, mostJobs, session)) {
    for (const { jid, function: called, target, state } of some)
      found.push({ value: jid, description: `${called} on ${target}: ${state}` });
  }
  return found;
}

/** A file for each fleet and operator: what one sees is nothing for another. */
async function cacheFile(session: Session): Promise<string> {
  const { servers, creds } = (await session.config()).values;
  const name = createHash('sha256')
    .update(JSON.stringify([servers, creds]))
    .digest('hex')
    .slice(0, 16);
  const { XDG_CACHE_HOME: caches = join(homedir(), '.cache') } = session.environment;
  return join(caches, 'zester', `peels-${name}.json`);
}

function readKnown(file: string): Known | undefined {
  try {
    const known = JSON.parse(findText(file) ?? '') as Known;
    return Array.isArray(known.peels) && typeof known.at === 'number' ? known : undefined;
  } catch {
    return undefined;
  }
}

function writeKnown(file: string, known: Known): void {
  makeFolder(join(file, '..'));
  writePrivate(file, JSON.stringify(known));
}

async function withPatience<T>(work: Promise<T>, otherwise: T): Promise<T> {
  // What comes too late, or fails then, is nobody's.
  work.catch(() => {});
  return Promise.race([work, delay(patienceMs).then(() => otherwise)]);
}

/** Nobody who presses Tab wants to read an error: without configuration, credentials or a master there is nothing to offer. */
async function silently<T>(otherwise: T, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isError(error)) return otherwise;
    throw error;
  }
}
