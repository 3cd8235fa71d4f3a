/**
 * What JetStream keeps. `durable` stores sync every write (few writes, all kept); `spooled` ones persist
 * asynchronously because the sender's own spool is their write-ahead log; `memory` ones may be lost.
 */
export interface Bucket {
  readonly name: string;
  /** The one form its keys have; `{peel}` is the peel's own id when a peel reads or writes. */
  readonly key: string;
  readonly history: number;
  /** Milliseconds; 0 keeps for ever. */
  readonly ttlMs: number;
  readonly storage: 'durable' | 'spooled' | 'memory';
  /** Peels read single keys by direct get, and hear of changes on the key's subject; never by a consumer. */
  readonly peelReads: boolean;
  readonly peelWrites: boolean;
  readonly summary: string;
}

const day = 86_400_000;

export const buckets = {
  facts: {
    name: 'facts',
    key: '{peel}',
    history: 1,
    ttlMs: 0,
    storage: 'durable',
    peelReads: false,
    peelWrites: true,
    summary: 'What each peel is',
  },
  volatileFacts: {
    name: 'facts-volatile',
    key: '{peel}',
    history: 1,
    ttlMs: day,
    storage: 'memory',
    peelReads: false,
    peelWrites: true,
    summary: 'Readings that change by themselves: memory, disk, load',
  },
  presence: {
    name: 'presence',
    key: '{peel}',
    history: 1,
    ttlMs: 0,
    storage: 'spooled',
    peelReads: false,
    peelWrites: false,
    summary: 'Last known presence, written when it changes',
  },
  stateFiles: {
    name: 'state-files',
    key: '{chunk}',
    history: 1,
    ttlMs: 0,
    storage: 'durable',
    peelReads: true,
    peelWrites: false,
    summary: 'The state tree: chunks by their SHA-256, and the signed root',
  },
  trust: {
    name: 'trust',
    key: '{document}',
    history: 5,
    ttlMs: 0,
    storage: 'durable',
    peelReads: true,
    peelWrites: false,
    summary: 'The master keys peels trust, signed by one they already trust',
  },
  jobs: {
    name: 'jobs',
    key: '{jid}',
    history: 1,
    ttlMs: 7 * day,
    storage: 'durable',
    peelReads: false,
    peelWrites: false,
    summary: 'The intent of every job, and how it ended',
  },
  activeJobs: {
    name: 'jobs-active',
    key: '{jid}',
    history: 1,
    ttlMs: 7 * day,
    storage: 'durable',
    peelReads: false,
    peelWrites: false,
    summary: 'The jobs that have not ended: what a master that starts has to look after',
  },
  enrollments: {
    name: 'enrollments',
    key: '{enrollment}',
    history: 5,
    ttlMs: 0,
    storage: 'durable',
    peelReads: false,
    peelWrites: false,
    summary: 'Who asked to join, and what became of it',
  },
} as const satisfies Readonly<Record<string, Bucket>>;

/** The stream of returns: each is stored once, then republished to whoever listens. */
export const returnsStream = {
  name: 'job-returns',
  subjects: ['zester.return.*.*', 'zester.return.*.*.*'],
  maxAgeMs: 7 * day,
  /** A chunk with its headers, and no more. */
  maxMessageBytes: 640 * 1_024,
  republish: { from: 'zester.return.>', to: 'zester.returned.>' },
} as const;

/** Where the server says that it stored a key a peel wrote; see the channel `kept`. */
export function keptSubject(bucket: Pick<Bucket, 'name'>, peel: string): string {
  return `zester.kept.${bucket.name}.${peel}`;
}
