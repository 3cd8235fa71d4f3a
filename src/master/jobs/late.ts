import type { Log } from '#base/log.ts';
import { delay } from '#base/time.ts';
import type { KvBucket } from '#bus/bucket.ts';
import { storeContended } from '#bus/outside.ts';
import type { Records } from '#bus/records.ts';
import type { JobRecord } from '#wire/job.ts';
import { encodeRecord, unpackPeels, withNames } from './record.ts';
import type { Returns } from './returns.ts';
import { stateOf } from './tracked.ts';

/** What came after a job was closed still counts: its record is computed again from what is stored. */
export interface Late extends Disposable {
  /** A return was stored for a job that nobody waits for any more. */
  note(jid: string): void;
  /** Returns that changed a closed record. */
  readonly counted: number;
}

/** Peels that come back together return together. */
const gatherMs = 200;
/** Returns for jobs that never were must not fill the memory; a later look at the store finds what was dropped. */
const mostWaiting = 1_000;
const tries = 5;

export interface LateParts {
  readonly jobs: KvBucket;
  readonly records: Records<JobRecord>;
  readonly returns: Returns;
  readonly log: Log;
}

export function followLate({ jobs, records, returns, log }: LateParts): Late {
  const waiting = new Set<string>();
  const stopped = new AbortController();
  let counted = 0;
  let working = false;

  const work = async () => {
    working = true;
    while (waiting.size > 0) {
      await delay(gatherMs, stopped.signal);
      if (stopped.signal.aborted) break;
      for (const jid of [...waiting]) {
        waiting.delete(jid);
        await update(jid).catch((error) => log.warn('Late return not counted yet', { jid, error }));
      }
    }
    working = false;
  };

  /** Of several masters one wins; the others see that nothing is left to do. */
  const update = async (jid: string): Promise<void> => {
    for (let attempt = 1; ; attempt++) {
      const stored = await records.find(jid);
      if (stored === undefined) return;
      const { value: record, revision } = stored;
      if (record.state === 'running' || (record.returned ?? 0) >= record.targets) return;
      const counts = await countStored(record, returns);
      const more = counts.returned - (record.returned ?? 0);
      if (more <= 0) return;
      const written = await jobs.update(jid, encodeRecord(withLate(record, counts, more)), revision);
      if (written === undefined) {
        if (attempt >= tries) throw storeContended();
        continue;
      }
      counted += more;
      log.info('Late returns counted', { jid, count: more });
      return;
    }
  };

  return {
    note(jid) {
      if (waiting.size >= mostWaiting) return;
      waiting.add(jid);
      if (!working) void work();
    },
    get counted() {
      return counted;
    },
    [Symbol.dispose]: () => stopped.abort(),
  };
}

interface Stored {
  readonly returned: number;
  readonly succeeded: number;
  readonly silent: readonly string[];
}

async function countStored({ jid, peels: packed }: JobRecord, returns: Returns): Promise<Stored> {
  const silent = new Set(unpackPeels(packed));
  let [returned, succeeded] = [0, 0];
  for await (const { peel, payload } of returns.stored(jid)) {
    if (!silent.delete(peel)) continue;
    returned++;
    if (isSuccess(() => returns.open(jid, peel, payload).success)) succeeded++;
  }
  return { returned, succeeded, silent: [...silent] };
}

/** What its peel did not sign is no success; it is in the place of the return all the same. */
function isSuccess(open: () => boolean): boolean {
  try {
    return open();
  } catch {
    return false;
  }
}

function withLate(record: JobRecord, { returned, succeeded, silent }: Stored, more: number): JobRecord {
  const { silent: _before, refused: refusals = [], ...rest } = record;
  const isSilent = new Set(silent);
  // Who refused and answered all the same has answered.
  const refused = refusals.filter(({ peel }) => isSilent.has(peel));
  const counts = { targets: record.targets, returned, refused: refused.length, succeeded };
  const state = record.state === 'killed' ? 'killed' : stateOf(counts);
  return withNames({ ...rest, returned, succeeded, late: (record.late ?? 0) + more, state }, { silent, refused });
}
