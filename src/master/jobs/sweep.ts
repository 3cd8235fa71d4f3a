import type { Log } from '#base/log.ts';
import type { Bus } from '#bus/bus.ts';
import type { Records } from '#bus/records.ts';
import type { KeptStream } from '#bus/stream.ts';
import { addressOf, subjectOf } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';
import { type JobRecord, maxChunks } from '#wire/job.ts';
import { unpackPeels } from './record.ts';

/**
 * Takes out of the stream what no job asked for. A peel may write on any subject that carries its id, and no server
 * limits how much: so whatever is stored for an invented job, for another peel's, or beyond what one return may have is
 * purged as soon as it is heard.
 */
export interface Sweep extends Disposable {
  /** Something was stored that may be nobody's answer. */
  consider(stored: Stored): void;
  readonly counts: { readonly messages: number; readonly bytes: number };
  /** Peels that wrote so much of it lately that all they stored was purged. */
  readonly flooding: readonly string[];
}

export interface Stored {
  readonly jid: string;
  readonly peel: string;
  readonly bytes: number;
  /** Of a chunk. */
  readonly index?: string;
}

export interface SweepOptions {
  readonly bus: Bus;
  readonly returns: Pick<KeptStream, 'purge'>;
  readonly jobs: Records<JobRecord>;
  /** Whether a job that this master follows asks the peel; undefined when it follows no such job. */
  readonly asks: (jid: string, peel: string) => boolean | undefined;
  /** One master is enough; any will do. */
  readonly isChosen: () => boolean;
  readonly log: Log;
}

const everyMs = 250;
/** More strays than this in a while are a flood: then nothing is looked up, and all that the peel stored goes. */
const floodAt = 64;
/** That while; a flood is over when nothing of it came for so long. */
const calmMs = 10_000;
const manyAt = 4;
const jobsRemembered = 256;

export function openSweep({ bus, returns, jobs, asks, isChosen, log }: SweepOptions): Sweep {
  const counts = { messages: 0, bytes: 0 };
  /** By peel, the subjects of what nobody asked it for. */
  const strays = new Map<string, Set<string>>();
  const floods = new Map<string, number>();
  const lately = new Map<string, number>();
  const asked = rememberAsked(jobs);

  const isExpected = async ({ jid, peel, index }: Stored): Promise<boolean> => {
    if (index !== undefined && !(Number(index) < maxChunks)) return false;
    return asks(jid, peel) ?? (await asked(jid)).has(peel);
  };

  const consider = async (stored: Stored) => {
    const { peel, bytes } = stored;
    const own = strays.get(peel) ?? new Set<string>();
    if (!isFlood(peel) && (await isExpected(stored))) return;
    strays.set(peel, own.add(subjectOfStored(stored)));
    lately.set(peel, (lately.get(peel) ?? 0) + 1);
    counts.messages++;
    counts.bytes += bytes;
  };

  const isFlood = (peel: string) => floods.has(peel) || (lately.get(peel) ?? 0) > floodAt;

  const sweep = async (peel: string, own: ReadonlySet<string>) => {
    if (isFlood(peel)) {
      if (!floods.has(peel)) log.error('Peel floods the returns', { peel_id: peel, count: own.size, hint: floodHint });
      floods.set(peel, performance.now());
    } else log.warn('Returns nobody asked for were removed', { peel_id: peel, count: own.size });
    for (const filter of floods.has(peel) ? all({ peel }) : grouped(peel, own)) {
      await returns.purge(filter);
    }
  };

  let sweeping = false;
  const sweepAll = async () => {
    const all = [...strays];
    strays.clear();
    if (!isChosen()) return;
    for (const [peel, own] of all) {
      try {
        await sweep(peel, own);
      } catch (error) {
        log.warn('Returns not swept yet', { peel_id: peel, error });
        strays.set(peel, new Set([...own, ...(strays.get(peel) ?? [])]));
      }
    }
  };
  const timer = setInterval(() => {
    for (const [peel, at] of floods) if (performance.now() - at > calmMs) floods.delete(peel);
    if (sweeping || strays.size === 0) return;
    sweeping = true;
    void sweepAll().finally(() => {
      sweeping = false;
    });
  }, everyMs);
  const forget = setInterval(() => lately.clear(), calmMs);

  const take = (stored: Stored) =>
    void consider(stored).catch((error) => log.warn('Return not judged', { jid: stored.jid, error }));
  const listening = bus.subscribe(channels.returnedChunk, {}, ({ jid, peel, index }, payload) =>
    take({ jid, peel, index, bytes: payload.length }),
  );
  return {
    counts,
    get flooding() {
      return [...floods.keys()];
    },
    consider: take,
    [Symbol.dispose]() {
      clearInterval(timer);
      clearInterval(forget);
      listening.close();
    },
  };
}

/** All that is stored for these. */
function all(address: { readonly peel: string; readonly jid?: string }): readonly string[] {
  return [subjectOf(channels.return, address), subjectOf(channels.chunk, address)];
}

/** Purging costs a round trip each: where a job has many strays, all that the peel stored for it goes at once. */
function grouped(peel: string, own: ReadonlySet<string>): readonly string[] {
  const byJob = Map.groupBy(own, (subject) => addressOf(channels.return, subject).jid);
  return [...byJob].flatMap(([jid, subjects]) => (subjects.length > manyAt ? all({ jid, peel }) : subjects));
}

function subjectOfStored({ jid, peel, index }: Stored): string {
  return index === undefined
    ? subjectOf(channels.return, { jid, peel })
    : subjectOf(channels.chunk, { jid, peel, index });
}

const floodHint = 'It stores returns of jobs it was not asked; look at the machine, or revoke it';

/** Whom a job asked, from its record, for jobs that have ended; nobody when there is none. */
function rememberAsked(jobs: Records<JobRecord>): (jid: string) => Promise<ReadonlySet<string>> {
  const known = new Map<string, Promise<ReadonlySet<string>>>();
  const read = async (jid: string) => {
    const stored = await jobs.find(jid);
    return new Set(stored === undefined ? [] : unpackPeels(stored.value.peels));
  };
  return (jid) => {
    const found = known.get(jid) ?? read(jid);
    known.delete(jid);
    known.set(jid, found);
    // A job may be stored after somebody guessed at it: that there is none is not remembered, nor is a failure.
    found.then(
      (peels) => peels.size === 0 && known.delete(jid),
      () => known.delete(jid),
    );
    if (known.size > jobsRemembered) known.delete(known.keys().next().value ?? '');
    return found;
  };
}
