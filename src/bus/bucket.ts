import type { KV, KvEntry } from '@nats-io/kv';
import { isTaken, outsideError } from './outside.ts';

export interface StoredValue {
  readonly value: Uint8Array;
  readonly revision: number;
}

export interface StoredEntry extends StoredValue {
  readonly key: string;
}

export interface StoredChange {
  readonly key: string;
  /** Undefined when the key was deleted. */
  readonly value: Uint8Array | undefined;
  readonly revision: number;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/**
 * A key-value bucket, opened. Who loses a race is told by the result; whatever else goes wrong is thrown as one of our
 * errors (`STORE_SILENT`, `STORE_FULL` …).
 */
export interface KvBucket {
  /** What the key holds; undefined when it holds nothing, or nothing any more. */
  get(key: string): Promise<StoredValue | undefined>;
  /** Whatever was there before. */
  put(key: string, value: Uint8Array): Promise<number>;
  /** The revision, or undefined when the key is there already. */
  create(key: string, value: Uint8Array): Promise<number | undefined>;
  /** The revision, or undefined when somebody else changed it first. */
  update(key: string, value: Uint8Array, revision: number): Promise<number | undefined>;
  delete(key: string): Promise<void>;
  /** Deletes it, and what it held before. */
  purge(key: string): Promise<void>;
  /** What the key held before and holds now, as far as the store remembers, newest first. */
  history(key: string): Promise<readonly Uint8Array[]>;
  /** What the bucket holds now, without what was deleted. */
  current(): AsyncGenerator<StoredEntry>;
  /** Calls back for every key, then for every change; resolves when all keys there are were told. */
  watch(heard: (change: StoredChange) => void): Promise<Disposable>;
}

/** A store that says it has more, and then says nothing for so long, has nothing more to say. */
const silenceMs = 15_000;

export function openBucket(kv: KV): KvBucket {
  return {
    async get(key) {
      const entry = await told(kv.get(key));
      return entry?.operation === 'PUT' ? { value: entry.value, revision: entry.revision } : undefined;
    },
    put: (key, value) => told(kv.put(key, value)),
    create: (key, value) => unlessTaken(kv.create(key, value)),
    update: (key, value, revision) => unlessTaken(kv.update(key, value, revision)),
    delete: (key) => told(kv.delete(key)),
    purge: (key) => told(kv.purge(key)),
    async history(key) {
      const values: Uint8Array[] = [];
      for await (const { operation, value, delta } of await told(kv.history({ key }))) {
        if (operation === 'PUT') values.unshift(value);
        if (delta === 0) break;
      }
      return values;
    },
    async *current() {
      if (await isEmpty(kv)) return;
      const watching = await told(kv.watch());
      let timer = setTimeout(() => watching.stop(), silenceMs);
      try {
        for await (const entry of watching) {
          clearTimeout(timer);
          timer = setTimeout(() => watching.stop(), silenceMs);
          const { key, value, revision } = entry;
          if (entry.operation === 'PUT') yield { key, value, revision };
          if (entry.delta === 0) return;
        }
      } finally {
        clearTimeout(timer);
        watching.stop();
      }
    },
    async watch(heard) {
      const watching = await told(kv.watch());
      const all = Promise.withResolvers<void>();
      const follow = async () => {
        // An empty bucket says nothing at all, not even that this was everything.
        if (await isEmpty(kv)) all.resolve();
        for await (const entry of watching) {
          heard(changeOf(entry));
          if (entry.delta === 0) all.resolve();
        }
      };
      follow().catch((error) => all.reject(outsideError(error)));
      await all.promise;
      return { [Symbol.dispose]: () => watching.stop() };
    },
  };
}

function changeOf({ key, operation, value, revision, created }: KvEntry): StoredChange {
  return { key, value: operation === 'PUT' ? value : undefined, revision, at: created.getTime() };
}

async function isEmpty(kv: KV): Promise<boolean> {
  const { values } = await told(kv.status());
  return values === 0;
}

async function unlessTaken(write: Promise<number>): Promise<number | undefined> {
  try {
    return await write;
  } catch (error) {
    if (isTaken(error)) return undefined;
    throw outsideError(error);
  }
}

async function told<Value>(work: Promise<Value>): Promise<Value> {
  try {
    return await work;
  } catch (error) {
    throw outsideError(error);
  }
}
