import type { KV } from '@nats-io/kv';
import { ZesterError } from '#base/errors.ts';
import { parseJid } from '#base/ids.ts';
import type { JobQuery, JobReturnsQuery, JobReturnsReply, JobSummary, StoredReturn } from '#wire/job.ts';

import { type Bucket, buckets } from '#wire/stores.ts';
import type { Board } from './board.ts';
import { decodeRecord, summaryOf, unpackPeels } from './record.ts';
import type { Returns } from './returns.ts';

/** Returns on one page: with a large report each, they must fit one message. */
const pageOfReturns = 50;
const pageBytes = 700_000;
const defaultJobs = 20;
const mostRefusals = 100;

/** Answers about jobs, from what is stored. */
export function createJobQueries({
  jobs,
  keys,
  board,
  returns,
}: {
  jobs: KV;
  /** Keys of a bucket, unsorted. */
  keys: (bucket: Bucket) => Promise<string[]>;
  board: Board;
  returns: Returns;
}) {
  const summary = async (jid: string): Promise<JobSummary | undefined> => {
    const entry = await jobs.get(jid);
    if (!entry) return undefined;
    const stored = summaryOf(decodeRecord(entry.value));
    const live = board.find(jid);
    if (live === undefined) return stored;
    const { returned, succeeded, refused } = live;
    return {
      ...stored,
      returned: returned.size,
      succeeded,
      ...(refused.size === 0 ? {} : { refused: [...refused.values()].slice(0, mostRefusals) }),
      openUntil: board.openUntil(live),
    };
  };

  return {
    /** Newest first: jids sort by time. */
    async list({ active, limit = defaultJobs, before, function: name }: JobQuery): Promise<JobSummary[]> {
      const found: JobSummary[] = [];
      for (const jid of (active ? [...board.jids] : await keys(buckets.jobs)).sort().reverse()) {
        if (before !== undefined && jid >= before) continue;
        const job = await summary(jid);
        if (!job || (name !== undefined && job.function !== name)) continue;
        if (active && job.state !== 'running') continue;
        found.push(job);
        if (found.length >= limit) break;
      }
      // A jid knows the second it was made; within one, the record knows better.
      return found.sort((a, b) => b.created - a.created);
    },

    async returns({ jid, after, limit = pageOfReturns }: JobReturnsQuery): Promise<JobReturnsReply> {
      const entry = await jobs.get(parseJid(jid));
      const job = await summary(jid);
      if (!entry || !job) throw unknown(jid);
      const peels = unpackPeels(decodeRecord(entry.value).peels).sort();
      const rest = after === undefined ? peels : peels.filter((peel) => peel > after);
      const page = rest.slice(0, Math.min(limit, pageOfReturns));
      const found = await returns.of(jid, page);
      const fitting = fit(found);
      const last = fitting.length < found.length ? fitting.at(-1)?.peel : page.at(-1);
      const next = last !== undefined && last !== peels.at(-1) ? { next: last } : {};
      return { job, ...(after === undefined ? { peels } : {}), returns: fitting, ...next };
    },
  };
}

/** As many as one message holds, and always one. */
function fit(items: readonly StoredReturn[]): StoredReturn[] {
  let size = 0;
  const fitting: StoredReturn[] = [];
  for (const item of items) {
    size += item.payload.length;
    if (fitting.length > 0 && size > pageBytes) break;
    fitting.push(item);
  }
  return fitting;
}

function unknown(jid: string): ZesterError {
  return new ZesterError('usage', 'JOB_UNKNOWN', `Cannot show "${jid}": there is no such job`, {
    hint: 'List them with: zester job list',
  });
}
