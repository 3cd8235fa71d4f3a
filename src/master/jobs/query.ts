import { ZesterError } from '#base/errors.ts';
import { firstJidOf, isJid, isPeelId, parseJid } from '#base/ids.ts';
import type { BadRecords } from '#bus/bad-records.ts';
import { type Records, recordBad } from '#bus/records.ts';
import { encode } from '#wire/codec.ts';
import {
  isAskedFor,
  type JobPeelsReply,
  type JobQuery,
  type JobRecord,
  type JobRequestReply,
  type JobReturnsQuery,
  type JobReturnsReply,
  type JobSummary,
  type JobsReply,
} from '#wire/job.ts';
import { pageBytes, partBytes } from '#wire/limits.ts';
import { pageOf, placeAfter } from '#wire/page.ts';
import { type Bucket, buckets } from '#wire/stores.ts';
import type { ActiveJobs } from './active-jobs.ts';
import { shortRefusals, summaryOf, unpackPeels } from './record.ts';
import type { Returns } from './returns.ts';

const defaultJobs = 20;
/** Jobs that are looked at for one page: with a narrow filter the answer is a page without rows, and where to go on. */
const jobsPerPage = 1_000;
/** Records that are read at once. */
const together = 50;
/**
 * Returns that are looked at for one page, and their bytes. A single one is larger at most by what the stream takes in
 * one message, and that fits beside the summary and the first peels.
 */
const returnsPerPage = 500;
const returnsBytes = 400_000;
const peelsBytes = 200_000;

export interface JobQueryParts {
  readonly records: Records<JobRecord>;
  readonly bad: BadRecords;
  /** Keys of a bucket, unsorted. */
  readonly keys: (bucket: Bucket) => Promise<string[]>;
  readonly activeJobs: ActiveJobs;
  readonly returns: Returns;
}

/** Answers about jobs, from what is stored. */
export function createJobQueries({ records, bad, keys, activeJobs, returns }: JobQueryParts) {
  const summary = (record: JobRecord): JobSummary => {
    const stored = summaryOf(record);
    const live = activeJobs.find(record.jid);
    if (live === undefined) return stored;
    const { returned, succeeded, refused } = live;
    return {
      ...stored,
      returned: returned.size,
      succeeded,
      ...(refused.size === 0 ? {} : { refused: shortRefusals(refused.values()) }),
      openUntil: activeJobs.openUntil(live),
    };
  };
  const need = async (jid: string): Promise<JobRecord> => {
    const stored = await records.find(parseJid(jid));
    if (stored === undefined) throw unknown(jid);
    return stored.value;
  };
  const peelsOf = rememberPeels(bad);
  const answeredOf = rememberAnswered(returns);

  /** The job when it is asked for. A damaged record is no row: `doctor` names it. */
  const found = async (jid: string, query: JobQuery): Promise<JobSummary | undefined> => {
    if (!isJid(jid)) return undefined;
    const stored = await records.find(jid).catch((error: unknown) => {
      if (error instanceof ZesterError && error.code === 'RECORD_BAD') return undefined;
      throw error;
    });
    if (stored === undefined) return undefined;
    const job = summary(stored.value);
    return isAskedFor(job, query) && isFor(stored.value, query.target) ? job : undefined;
  };
  const isFor = (record: JobRecord, target: string | undefined): boolean => {
    if (target === undefined || record.target === target) return true;
    const peel = target.replaceAll('.', '_');
    try {
      return isPeelId(peel) && peelsOf(record).includes(peel);
    } catch (error) {
      if (error instanceof ZesterError && error.code === 'RECORD_BAD') return false;
      throw error;
    }
  };

  return {
    /** Newest first: jids sort by time. */
    async list(query: JobQuery): Promise<JobsReply> {
      const { active, limit = defaultJobs, before, since = 0, part = '' } = query;
      const floor = firstJidOf(since);
      const known = active ? [...activeJobs.jids] : await keys(buckets.jobs);
      const mayBe = (jid: string) => jid >= floor && (jid.startsWith(part) || jid.endsWith(part));
      const all = known.filter(mayBe).sort().reverse();
      const from = before === undefined ? 0 : all.findIndex((jid) => jid < before);
      const candidates = from < 0 ? [] : all.slice(from, from + jobsPerPage);
      const jobs: JobSummary[] = [];
      let last: string | undefined;
      let bytes = 0;
      look: for (let at = 0; at < candidates.length; at += together) {
        const some = candidates.slice(at, at + together);
        const read = await Promise.all(some.map((jid) => found(jid, query)));
        for (const [index, job] of read.entries()) {
          if (job) bytes += encode(job).length;
          if (bytes > pageBytes && jobs.length > 0) break look;
          last = some[index];
          if (job) jobs.push(job);
          if (jobs.length >= limit) break look;
        }
      }
      const isMore = jobs.length < limit && last !== undefined && last !== all.at(-1);
      // A jid knows the second it was made; within one, the record knows better.
      jobs.sort((a, b) => b.created - a.created);
      return { jobs, ...(isMore ? { next: last as string } : {}) };
    },

    async returns({ jid, after, limit = returnsPerPage }: JobReturnsQuery): Promise<JobReturnsReply> {
      const record = await need(jid);
      const peels = peelsOf(record);
      const start = after === undefined ? 0 : placeAfter(peels, String, after);
      const page = peels.slice(start, start + Math.min(limit, returnsPerPage));
      const answered = peels.length > together ? await answeredOf(jid, after === undefined) : undefined;
      const read = await returns.of(jid, answered ? page.filter((peel) => answered.has(peel)) : page);
      const { rows, next: cut } = pageOf(read, { keyOf: ({ peel }) => peel, maxBytes: returnsBytes });
      const last = cut ?? page.at(-1);
      const next = last !== undefined && last !== peels.at(-1) ? { next: last } : {};
      return { job: summary(record), ...(after === undefined ? firstPeels(peels) : {}), returns: [...rows], ...next };
    },

    async peels(jid: string, after: string | undefined): Promise<JobPeelsReply> {
      const peels = peelsOf(await need(jid));
      const rest = peels.slice(after === undefined ? 0 : placeAfter(peels, String, after));
      const { rows, next } = pageOf(rest, { keyOf: String });
      return { peels: [...rows], ...(next === undefined ? {} : { next }) };
    },

    async request(jid: string, part: number): Promise<JobRequestReply> {
      const { request } = await need(jid);
      const parts = Math.ceil(request.length / partBytes);
      return { part: request.slice(part * partBytes, (part + 1) * partBytes), parts };
    },
  };
}

function firstPeels(peels: readonly string[]): JobReturnsReply {
  const { rows, next } = pageOf(peels, { keyOf: String, maxBytes: peelsBytes });
  return { peels: [...rows], ...(next === undefined ? {} : { nextPeel: next }) };
}

const remembered = 4;

/** The peels of a job never change, and who shows a large one asks for them page by page. */
function rememberPeels(bad: BadRecords): (record: JobRecord) => readonly string[] {
  const known = new Map<string, { readonly packed: Uint8Array; readonly peels: readonly string[] }>();
  return ({ jid, peels: packed }) => {
    const before = known.get(jid);
    if (before !== undefined && Buffer.compare(before.packed, packed) === 0) return before.peels;
    try {
      const peels = unpackPeels(packed).sort();
      known.set(jid, { packed, peels });
      for (const [each] of known) if (known.size > remembered) known.delete(each);
      return peels;
    } catch (error) {
      bad.add({ bucket: buckets.jobs.name, key: jid, reason: (error as Error).message });
      throw recordBad(buckets.jobs.name, jid);
    }
  };
}

/** Who follows the pages of a job asks only for what is there; what came since the first page is for the next look. */
function rememberAnswered(returns: Returns): (jid: string, isFirst: boolean) => Promise<ReadonlySet<string>> {
  const known = new Map<string, Promise<ReadonlySet<string>>>();
  return (jid, isFirst) => {
    const before = isFirst ? undefined : known.get(jid);
    if (before !== undefined) return before;
    const answered = returns.answered(jid);
    answered.catch(() => known.delete(jid));
    known.delete(jid);
    known.set(jid, answered);
    for (const each of known.keys()) if (known.size > remembered) known.delete(each);
    return answered;
  };
}

function unknown(jid: string): ZesterError {
  return new ZesterError('usage', 'JOB_UNKNOWN', `Cannot show "${jid}": there is no such job`, {
    hint: 'List them with: zester job list',
  });
}
