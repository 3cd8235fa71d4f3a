import { createHash } from 'node:crypto';
import { ZesterError } from '#base/errors.ts';
import type { BadRecords } from '#bus/bad-records.ts';
import type { KvBucket } from '#bus/bucket.ts';
import { verify } from '#trust/signing.ts';
import { decodeAs } from '#wire/codec.ts';
import type { TrustBundle } from '#wire/enroll.ts';
import { rootKey, SignedRoot, TreeIndex, TreeRoot } from '#wire/files.ts';
import { buckets } from '#wire/stores.ts';

/** What lies under the root's key: a tree, or something that is to be replaced by one. */
export interface Current {
  /** Undefined when it is damaged, or no master signed it: then it names no tree at all. */
  readonly root: TreeRoot | undefined;
  /** Id of the key that signed it. */
  readonly signedBy: string | undefined;
  readonly revision: number;
}

export interface PublishedParts {
  readonly kv: KvBucket;
  readonly trust: () => TrustBundle;
  readonly bad: BadRecords;
}

const { name: bucket } = buckets.stateFiles;
const together = 16;

/** The published tree as it is stored, judged as peels judge it: what they would refuse does not count here either. */
export function openPublished({ kv, trust, bad }: PublishedParts) {
  const judged = async <Value>(key: string, read: () => Value): Promise<Value | undefined> => {
    try {
      const value = read();
      bad.clear(bucket, key);
      return value;
    } catch (error) {
      bad.add({ bucket, key, reason: (error as Error).message, instead: 'the tree is published anew' });
      return undefined;
    }
  };

  /** A chunk whose content is what its key says. */
  const chunk = async (hash: string): Promise<Uint8Array | undefined> => {
    const entry = await kv.get(hash);
    if (entry === undefined) return undefined;
    return judged(hash, () => {
      if (sha256(entry.value) === hash) return entry.value;
      throw new ZesterError('machine', 'CHUNK_DAMAGED', 'Cannot use the chunk: its content is not what its key says');
    });
  };

  const indexOf = async (root: TreeRoot): Promise<TreeIndex | undefined> => {
    const parts = await Promise.all(root.index.map(chunk));
    if (parts.some((part) => part === undefined)) return undefined;
    return judged(root.tree, () =>
      decodeAs(TreeIndex, Buffer.concat(parts as Uint8Array[]), 'tree index', { maxBytes: indexBytes }),
    );
  };

  return {
    /** What a tree is made of; undefined when it cannot be read. */
    indexOf,

    async current(): Promise<Current | undefined> {
      const entry = await kv.get(rootKey);
      if (entry === undefined) return undefined;
      const signed = await judged(rootKey, () => openRoot(entry.value, trust()));
      return { root: signed?.root, signedBy: signed?.key, revision: entry.revision };
    },

    /** All that a tree is made of; empty when its index cannot be read. */
    async chunksOf(root: TreeRoot): Promise<Set<string>> {
      const index = await indexOf(root);
      return index === undefined ? new Set() : new Set([...root.index, ...index.files.flatMap((file) => file.chunks)]);
    },

    /** Puts back those that are missing or damaged; returns how many. */
    async mend(chunks: ReadonlyMap<string, Uint8Array>): Promise<number> {
      const all = [...chunks];
      let mended = 0;
      for (let at = 0; at < all.length; at += together) {
        const some = all.slice(at, at + together);
        await Promise.all(
          some.map(async ([hash, content]) => {
            if ((await chunk(hash)) !== undefined) return;
            await kv.put(hash, content);
            bad.clear(bucket, hash);
            mended++;
          }),
        );
      }
      return mended;
    },
  };
}

/** A tree of a million files has an index of this size. */
const indexBytes = 256 * 1024 * 1024;

/** Its time is not looked at: a root that outlived its key is signed again by whoever publishes. */
function openRoot(bytes: Uint8Array, trust: TrustBundle): { readonly root: TreeRoot; readonly key: string } {
  const { root, key: id, signature } = decodeAs(SignedRoot, bytes, rootKey);
  const key = trust.keys.find((each) => each.id === id);
  if (key !== undefined && verify('tree.root', root, signature, key.key)) {
    return { root: decodeAs(TreeRoot, root, rootKey), key: id };
  }
  throw new ZesterError('denied', 'ROOT_UNSIGNED', 'Cannot use the root of the state tree: no key we know signed it');
}

export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
