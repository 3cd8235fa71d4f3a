import { asError, ZesterError } from '#base/errors.ts';
import type { Bucket } from '#wire/stores.ts';
import type { BadRecords } from './bad-records.ts';
import type { KvBucket } from './bucket.ts';

/** What the records of one bucket must be. */
export interface RecordKind<Value> {
  readonly bucket: Bucket;
  /** The record, judged whole: its form, its limits, and that it belongs under this key. Throws what is wrong with it. */
  read(key: string, bytes: Uint8Array): Value;
}

export interface Stored<Value> {
  readonly value: Value;
  readonly revision: number;
}

export interface KeptEntry<Value> extends Stored<Value> {
  readonly key: string;
}

/** The records of one bucket, read through their kind: a bad one is set aside, reported, and costs nobody else. */
export interface Records<Value> {
  /** The record; undefined when it is a bad one. */
  accept(key: string, bytes: Uint8Array): Value | undefined;
  /** A key whose record went away is no bad one any more. */
  forget(key: string): void;
  /** What the store has now; undefined when it has nothing. Throws `RECORD_BAD`. */
  find(key: string): Promise<Stored<Value> | undefined>;
  /** All good ones. */
  current(): AsyncGenerator<KeptEntry<Value>>;
}

export function openRecords<Value>(kv: KvBucket, { bucket: { name }, read }: RecordKind<Value>, bad: BadRecords) {
  const accept = (key: string, bytes: Uint8Array): Value | undefined => {
    try {
      const value = read(key, bytes);
      bad.clear(name, key);
      return value;
    } catch (error) {
      bad.add({ bucket: name, key, reason: asError(error).message });
      return undefined;
    }
  };
  const records: Records<Value> = {
    accept,
    forget: (key) => bad.clear(name, key),
    async find(key) {
      const stored = await kv.get(key);
      if (stored === undefined) return undefined;
      const value = accept(key, stored.value);
      if (value === undefined) throw recordBad(name, key);
      return { value, revision: stored.revision };
    },
    async *current() {
      for await (const { key, value: bytes, revision } of kv.current()) {
        const value = accept(key, bytes);
        if (value !== undefined) yield { key, value, revision };
      }
    },
  };
  return records;
}

export function recordBad(bucket: string, key: string): ZesterError {
  return new ZesterError(
    'machine',
    'RECORD_BAD',
    `Cannot use "${key}" of the store "${bucket}": the record is damaged`,
    {
      hint: 'See what is wrong with it, and with others, with: zester doctor',
    },
  );
}
