import { ZesterError } from '#base/errors.ts';
import { isJid, type Jid, parseJid } from '#base/ids.ts';
import type { JobSummary } from '#wire/job.ts';
import { listJobs } from './jobs.ts';
import type { Session } from './session.ts';

/** Letters of an id that are enough to look for it. */
const fewest = 4;

/**
 * The job that a person names: by its id, by the beginning or the end of one, or `last` for the newest of their own.
 * Throws `JID_INVALID`, `JID_UNKNOWN`, `JID_AMBIGUOUS`, `JOBS_NONE`.
 */
export async function findJid(written: string, session: Session): Promise<Jid> {
  if (isJid(written)) return written;
  if (written === 'last') return lastJid(session);
  if (!/^[0-9A-Za-z]{1,26}$/.test(written)) return parseJid(written);
  if (written.length < fewest) throw tooShort(written);
  const [first, second, ...more] = await some({ part: written }, 10, session);
  if (first === undefined) throw unknown(written);
  if (second !== undefined) throw ambiguous(written, [first, second, ...more]);
  return parseJid(first.jid);
}

async function lastJid(session: Session): Promise<Jid> {
  const { readUserJwt } = await import('#trust/jwt.ts');
  const { name } = readUserJwt((await session.credentials()).jwt);
  const [job] = await some({ operator: name }, 1, session);
  if (job !== undefined) return parseJid(job.jid);
  throw new ZesterError('usage', 'JOBS_NONE', `Cannot find the last job: "${name}" has none that is kept`, {
    hint: 'See everybody’s with: zester job list',
  });
}

async function some(query: Parameters<typeof listJobs>[0], limit: number, session: Session): Promise<JobSummary[]> {
  const found: JobSummary[] = [];
  for await (const jobs of listJobs(query, limit, session)) found.push(...jobs);
  return found;
}

function tooShort(written: string): ZesterError {
  return new ZesterError(
    'usage',
    'JID_SHORT',
    `Cannot use "${written}" as a job id: ${fewest} letters are the fewest`,
    {
      hint: 'Give more of its beginning or end, or "last" for your newest job',
    },
  );
}

function unknown(written: string): ZesterError {
  return new ZesterError('usage', 'JID_UNKNOWN', `Cannot find the job "${written}": no id begins or ends so`, {
    hint: 'List them with "zester job list"; "last" is your newest one',
  });
}

function ambiguous(written: string, jobs: readonly JobSummary[]): ZesterError {
  const shown = jobs.slice(0, 5).map(({ jid, function: called, target }) => `${jid} (${called} on ${target})`);
  return new ZesterError(
    'usage',
    'JID_AMBIGUOUS',
    `Cannot tell which job "${written}" is: several ids begin or end so`,
    {
      hint: `Give more letters: ${shown.join(', ')}${jobs.length > 5 ? ', …' : ''}`,
    },
  );
}
