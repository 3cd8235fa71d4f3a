import { createHash } from 'node:crypto';
import type { KV } from '@nats-io/kv';
import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import { signRoot } from '#trust/orders.ts';
import type { SigningKey } from '#trust/signing.ts';
import { decode, encode } from '#wire/codec.ts';
import {
  chunkBytes,
  rootKey,
  SignedRoot,
  type TreeFile,
  TreeIndex,
  type TreeOptions,
  TreeRoot,
  treeVersion,
} from '#wire/files.ts';
import type { SourceTree } from './source-tree.ts';

export interface PublishOptions {
  readonly kv: KV;
  readonly tree: SourceTree;
  /** What peels are told beside the files. */
  readonly treeOptions: TreeOptions;
  readonly key: () => SigningKey;
  /** Host name of this master. */
  readonly publisher: string;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Published {
  readonly changed: boolean;
  readonly files: number;
  readonly bytes: number;
  readonly chunksWritten: number;
}

interface Current {
  readonly root: TreeRoot;
  /** Id of the key that signed it. */
  readonly signedBy: string;
  readonly revision: number;
}

/** Chunks that no tree names any more are dropped some publishes later: a slow peel may still be fetching. */
const rootsKept = 3;

/**
 * Publishes all environments as content: new chunks first, then the one signed root that names them all. Nobody sees
 * it half done; an unchanged tree costs one read, and what environments share is stored once.
 */
export function createPublisher({ kv, tree, treeOptions, key, publisher, clock, log }: PublishOptions) {
  const recent: ReadonlySet<string>[] = [];
  /** The tree of our own folders as it was when we last looked. */
  let lastOwn: string | undefined;
  /** The one of ours that was last left alone because another master's is newer. */
  let leftAlone: string | undefined;

  const current = async (): Promise<Current | undefined> => {
    const entry = await kv.get(rootKey);
    if (entry?.operation !== 'PUT') return undefined;
    const { root, key: signedBy } = SignedRoot.parse(decode(entry.value));
    return { root: TreeRoot.parse(decode(root)), signedBy, revision: entry.revision };
  };

  return {
    current,
    async publish(): Promise<Published> {
      const contents = await tree.read();
      const chunks = new Map<string, Uint8Array>();
      const files = contents.map(({ env, path, executable, content }): TreeFile => {
        return { env, path, executable, size: content.length, chunks: addChunks(chunks, content) };
      });
      const environments = [...tree.environments];
      const index = encode({ v: treeVersion, environments, options: treeOptions, files } satisfies TreeIndex);
      const treeHash = sha256(index);
      const bytes = files.reduce((sum, { size }) => sum + size, 0);
      const before = await current();
      const wasEdited = lastOwn !== undefined && lastOwn !== treeHash;
      lastOwn = treeHash;
      // Peels believe a root only while its key is valid: after a rotation the same tree is signed again.
      if (before?.root.tree === treeHash && before.signedBy === key().id)
        return { changed: false, files: files.length, bytes, chunksWritten: 0 };

      // Folders that differ from what another master published are an old copy, until somebody edits them.
      if (before && before.root.publisher !== publisher && !wasEdited) {
        if (leftAlone !== treeHash)
          log.warn('State tree differs from the published one', {
            publisher: before.root.publisher,
            hint: 'Give all masters the same files and options; an edit of a file here publishes this tree',
          });
        leftAlone = treeHash;
        return { changed: false, files: files.length, bytes, chunksWritten: 0 };
      }

      const indexChunks = addChunks(chunks, index);
      const known = before ? await chunksOf(kv, before.root) : new Set<string>();
      const fresh = [...chunks].filter(([hash]) => !known.has(hash));
      await Promise.all(fresh.map(([hash, chunk]) => kv.put(hash, chunk)));

      const root: TreeRoot = {
        v: 1,
        revision: Math.max(clock.now(), (before?.root.revision ?? 0) + 1),
        tree: treeHash,
        index: indexChunks,
        files: files.length,
        bytes,
        publishedAt: clock.now(),
        publisher,
      };
      const signed = encode(signRoot(root, key()));
      if (before) await kv.update(rootKey, signed, before.revision);
      else await kv.create(rootKey, signed);
      log.info('State tree published', { environments, files: files.length, bytes, chunks: fresh.length });
      await dropUnused(kv, recent, known, new Set(chunks.keys()));
      return { changed: true, files: files.length, bytes, chunksWritten: fresh.length };
    },
  };
}

function addChunks(chunks: Map<string, Uint8Array>, content: Uint8Array): string[] {
  const hashes: string[] = [];
  for (let start = 0; start < content.length || start === 0; start += chunkBytes) {
    const chunk = content.subarray(start, start + chunkBytes);
    const hash = sha256(chunk);
    chunks.set(hash, chunk);
    hashes.push(hash);
  }
  return hashes;
}

async function chunksOf(kv: KV, root: TreeRoot): Promise<Set<string>> {
  const parts = await Promise.all(root.index.map(async (hash) => (await kv.get(hash))?.value));
  if (parts.some((part) => part === undefined)) return new Set();
  const index = TreeIndex.parse(decode(Buffer.concat(parts.filter((part) => part !== undefined))));
  return new Set([...root.index, ...index.files.flatMap((file) => file.chunks)]);
}

async function dropUnused(
  kv: KV,
  recent: ReadonlySet<string>[],
  before: ReadonlySet<string>,
  now: ReadonlySet<string>,
): Promise<void> {
  recent.push(before);
  if (recent.length <= rootsKept) return;
  const oldest = recent.shift() ?? new Set<string>();
  const used = new Set([...now, ...recent.flatMap((each) => [...each])]);
  await Promise.all([...oldest].filter((hash) => !used.has(hash)).map((hash) => kv.purge(hash)));
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
