import { type JetStreamManager, jetstream, jetstreamManager, type StreamConfig } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { isError, ZesterError } from '#base/errors.ts';
import { type Bucket, buckets, keptSubject, returnsStream } from '#wire/stores.ts';
import { type KvBucket, openBucket } from './bucket.ts';
import type { Bus } from './bus.ts';
import { outsideError } from './outside.ts';
import { openStream } from './stream.ts';

/** The stores of one environment, opened. Only masters have the rights for this. */
export interface Stores {
  readonly manager: JetStreamManager;
  kv(bucket: Bucket): KvBucket;
  /** As they were found when they were opened. */
  readonly opening: readonly StoreSeen[];
  /** Makes what is missing, and says of each store when it was made: a later time than before is another store. */
  look(): Promise<readonly StoreSeen[]>;
  /** Keys of a bucket that have a value, unsorted; one request, however many there are. */
  keys(bucket: Bucket): Promise<string[]>;
}

export interface StoreSeen {
  /** As `wire/stores.ts` names it. */
  readonly store: string;
  /** By the server's clock. */
  readonly made: string;
  /** It was not there, and is now. */
  readonly isNew: boolean;
}

export interface StoreOptions {
  /** Copies of everything kept; 0 takes what the cluster can give, at most three. */
  readonly replicas?: number;
}

const nanos = 1_000_000;
const dedupeMs = 120_000;

/**
 * Creates what is missing and updates what differs, all at once: on a new cluster each store waits for an election
 * of its own, and in turn they would take minutes.
 */
export async function openStores(bus: Bus, { replicas = 0 }: StoreOptions = {}): Promise<Stores> {
  const manager = await jetstreamManager(bus.connection, { checkAPI: false });
  const copies = replicas || Math.min(3, Math.max(1, clusterSize(bus)));
  // Asynchronous persistence of one stream came with 2.12, and is for a single copy.
  const asynchronous = copies === 1 && atLeast(bus, 2, 12);
  const wanted = [
    returnsConfig(copies, asynchronous),
    ...Object.values(buckets).map((each) => bucketConfig(each, copies, asynchronous)),
  ];
  const look = async ({ reshape = false } = {}): Promise<readonly StoreSeen[]> => {
    const results = await Promise.allSettled(wanted.map((config) => ensure(manager, config, reshape)));
    const failed = results.flatMap((result, index) =>
      result.status === 'rejected' ? [`${wanted[index]?.name}: ${(result.reason as Error).message}`] : [],
    );
    if (failed.length === 0) return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    throw new ZesterError('unreachable', 'STORES_UNAVAILABLE', `Cannot open the stores: ${failed.join('; ')}`, {
      hint: 'Check that JetStream is enabled on the NATS servers and has room',
    });
  };
  const opening = await look({ reshape: true });

  const kvm = new Kvm(jetstream(bus.connection));
  const opened = new Map<string, KvBucket>();
  for (const { name } of Object.values(buckets)) opened.set(name, openBucket(await kvm.open(name, { bindOnly: true })));
  return {
    manager,
    opening,
    look: () => look(),
    async keys({ name }) {
      const prefix = `$KV.${name}.`;
      const subjects = await openStream(bus, manager, `KV_${name}`).subjects(`${prefix}>`);
      return subjects.map((subject) => subject.slice(prefix.length));
    },
    kv: ({ name }) => {
      const kv = opened.get(name);
      if (kv) return kv;
      throw new ZesterError('bug', 'BUCKET_UNKNOWN', `Cannot open the bucket "${name}": it is not declared`);
    },
  };
}

type Wanted = Partial<StreamConfig> & { readonly name: string };

function bucketConfig(
  { name, history, ttlMs, storage, summary, peelWrites }: Bucket,
  copies: number,
  asynchronous: boolean,
): Wanted {
  return {
    name: `KV_${name}`,
    description: summary,
    subjects: [`$KV.${name}.>`],
    retention: 'limits',
    storage: storage === 'memory' ? 'memory' : 'file',
    num_replicas: copies,
    max_msgs_per_subject: history,
    max_age: ttlMs * nanos,
    discard: 'new',
    // A rollup drops every other message of the stream: whoever may only write its own key must not be able to ask for it.
    allow_rollup_hdrs: !peelWrites,
    // A peel chooses where an acknowledgement goes, so it gets none: it hears that its key is kept.
    ...(peelWrites
      ? {
          no_ack: true,
          republish: { src: `$KV.${name}.*`, dest: keptSubject({ name }, '{{wildcard(1)}}'), headers_only: true },
        }
      : {}),
    deny_delete: true,
    allow_direct: true,
    duplicate_window: dedupeMs * nanos,
    ...(storage === 'spooled' && asynchronous ? { persist_mode: 'async' } : {}),
  } as Wanted;
}

function returnsConfig(copies: number, asynchronous: boolean): Wanted {
  return {
    name: returnsStream.name,
    description: 'Every return, stored once, then republished to its listeners',
    subjects: [...returnsStream.subjects],
    retention: 'limits',
    storage: 'file',
    num_replicas: copies,
    max_age: returnsStream.maxAgeMs * nanos,
    // The second message on a subject is refused: a return is written once, whatever is sent again.
    max_msgs_per_subject: 1,
    discard: 'new',
    discard_new_per_subject: true,
    allow_direct: true,
    duplicate_window: dedupeMs * nanos,
    no_ack: true,
    max_msg_size: returnsStream.maxMessageBytes,
    republish: { src: returnsStream.republish.from, dest: returnsStream.republish.to },
    ...(asynchronous ? { persist_mode: 'async' } : {}),
  } as Wanted;
}

async function ensure(manager: JetStreamManager, config: Wanted, reshape: boolean): Promise<StoreSeen> {
  const store = config.name.replace(/^KV_/, '');
  const existing = await manager.streams.info(config.name).catch((error) => {
    if (isError(outsideError(error), 'STORE_MISSING')) return undefined;
    throw error;
  });
  if (existing === undefined) {
    const { created } = await manager.streams.add(config as Parameters<typeof manager.streams.add>[0]);
    return { store, made: String(created), isNew: true };
  }
  // What an operator changed on the server by hand (age, size) stays: only the shape is ours.
  const { max_age: _age, persist_mode: _mode, ...shape } = config as Wanted & { persist_mode?: string };
  const differs = Object.entries(shape).some(
    ([key, value]) => JSON.stringify(existing.config[key as keyof StreamConfig]) !== JSON.stringify(value),
  );
  if (differs && reshape) await manager.streams.update(config.name, shape);
  return { store, made: String(existing.created), isNew: false };
}

function clusterSize(bus: Bus): number {
  const { info } = bus.connection;
  return info?.cluster === undefined ? 1 : Math.max(1, new Set(info.connect_urls ?? []).size);
}

function atLeast(bus: Bus, major: number, minor: number): boolean {
  const [a = 0, b = 0] = (bus.connection.info?.version ?? '').split('.').map(Number);
  return a > major || (a === major && b >= minor);
}
