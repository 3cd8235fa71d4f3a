import type { KV } from '@nats-io/kv';

/** What enrolment needs of a bucket: compare-and-set, and hearing of changes. */
export interface EnrollmentStore {
  get(key: string): Promise<StoredValue | undefined>;
  /** The revision, or undefined when the key is there already. */
  create(key: string, value: Uint8Array): Promise<number | undefined>;
  /** The revision, or undefined when somebody else changed it first. */
  update(key: string, value: Uint8Array, revision: number): Promise<number | undefined>;
  delete(key: string): Promise<void>;
  /** What the key held before and holds now, as far as the store remembers, newest first. */
  history(key: string): Promise<readonly Uint8Array[]>;
  /** Calls back for every key, then for every change; resolves when all keys there are were told. */
  watch(heard: (change: StoredChange) => void): Promise<Disposable>;
}

export interface StoredValue {
  readonly value: Uint8Array;
  readonly revision: number;
}

export interface StoredChange {
  readonly key: string;
  /** Undefined when the key was deleted. */
  readonly value: Uint8Array | undefined;
  readonly revision: number;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** The store over a JetStream bucket. */
export function enrollmentStore(kv: KV): EnrollmentStore {
  return {
    async get(key) {
      const entry = await kv.get(key);
      return entry?.operation === 'PUT' ? { value: entry.value, revision: entry.revision } : undefined;
    },
    create: (key, value) => unlessConflict(kv.create(key, value)),
    update: (key, value, revision) => unlessConflict(kv.update(key, value, revision)),
    delete: (key) => kv.delete(key),
    async history(key) {
      const values: Uint8Array[] = [];
      for await (const { operation, value, delta } of await kv.history({ key })) {
        if (operation === 'PUT') values.unshift(value);
        if (delta === 0) break;
      }
      return values;
    },
    async watch(heard) {
      const watching = await kv.watch();
      const told = Promise.withResolvers<void>();
      const follow = async () => {
        // An empty bucket says nothing at all, not even that this was everything.
        const { values } = await kv.status();
        if (values === 0) told.resolve();
        for await (const { key, operation, value, revision, delta, created } of watching) {
          heard({ key, value: operation === 'PUT' ? value : undefined, revision, at: created.getTime() });
          if (delta === 0) told.resolve();
        }
      };
      follow().catch(told.reject);
      await told.promise;
      return { [Symbol.dispose]: () => watching.stop() };
    },
  };
}

const wrongLastSequence = 10071;

async function unlessConflict(write: Promise<number>): Promise<number | undefined> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === wrongLastSequence) return undefined;
    throw error;
  }
}
