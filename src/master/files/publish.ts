import type { Log } from '#base/log.ts';
import type { Clock } from '#base/time.ts';
import type { BadRecords } from '#bus/bad-records.ts';
import type { KvBucket } from '#bus/bucket.ts';
import { storeContended } from '#bus/outside.ts';
import { signRoot } from '#trust/orders.ts';
import type { SigningKey } from '#trust/signing.ts';
import { encode } from '#wire/codec.ts';
import type { TrustBundle } from '#wire/enroll.ts';
import { chunkBytes, rootKey, type TreeFile, type TreeIndex, type TreeRoot, treeVersion } from '#wire/files.ts';
import type { TreeOptions } from '#wire/tree-options.ts';
import { emptyFolders, faithfulLinks } from './links.ts';
import { openPublished, sha256 } from './published.ts';
import type { SourceTree } from './source-tree.ts';

export interface PublishOptions {
  readonly kv: KvBucket;
  readonly tree: SourceTree;
  /** What peels are told beside the files. */
  readonly treeOptions: TreeOptions;
  readonly key: () => SigningKey;
  /** Whose roots count. */
  readonly trust: () => TrustBundle;
  readonly bad: BadRecords;
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

/** Chunks that no tree names any more are dropped some publishes later: a slow peel may still be fetching. */
const rootsKept = 3;

/**
 * Publishes all environments as content: new chunks first, then the one signed root that names them all. Nobody sees
 * it half done; an unchanged tree costs one read, and what environments share is stored once.
 */
export function createPublisher(options: PublishOptions) {
  const { kv, tree, treeOptions, key, publisher, clock, log } = options;
  const published = openPublished(options);
  const recent: ReadonlySet<string>[] = [];
  /** The tree of our own folders as it was when we last looked. */
  let lastOwn: string | undefined;
  /** The one of ours that was last left alone because another master's is newer. */
  let leftAlone: string | undefined;

  /** What is stored is looked at once in this life: peels refuse a damaged chunk, and only a master can put it back. */
  let isMended = false;
  const mendOnce = async (chunks: ReadonlyMap<string, Uint8Array>) => {
    if (isMended) return;
    const mended = await published.mend(chunks);
    isMended = true;
    if (mended > 0) log.warn('Damaged chunks of the state tree put back', { chunks: mended });
  };

  return {
    current: published.current,
    async publish(): Promise<Published> {
      const contents = await tree.read();
      const chunks = new Map<string, Uint8Array>();
      const files = contents.files.map(({ env, path, executable, content }): TreeFile => {
        return { env, path, executable, size: content.length, chunks: addChunks(chunks, content) };
      });
      const environments = [...tree.environments];
      const links = [...faithfulLinks(contents.links, files)];
      const empty = [...emptyFolders(contents.folders, files, links)];
      const index = encode({
        v: treeVersion,
        environments,
        options: treeOptions,
        files,
        links,
        emptyFolders: empty,
      } satisfies TreeIndex);
      const treeHash = sha256(index);
      const bytes = files.reduce((sum, { size }) => sum + size, 0);
      const indexChunks = addChunks(chunks, index);
      const before = await published.current();
      const wasEdited = lastOwn !== undefined && lastOwn !== treeHash;
      lastOwn = treeHash;
      // Peels believe a root only while its key is valid: after a rotation the same tree is signed again.
      if (before?.root?.tree === treeHash && before.signedBy === key().id) {
        await mendOnce(chunks);
        return { changed: false, files: files.length, bytes, chunksWritten: 0 };
      }

      // Folders that differ from what another master published are an old copy, until somebody edits them.
      if (before?.root && before.root.publisher !== publisher && !wasEdited) {
        if (leftAlone !== treeHash)
          log.warn('State tree differs from the published one', {
            publisher: before.root.publisher,
            hint: 'Give all masters the same files and options; an edit of a file here publishes this tree',
          });
        leftAlone = treeHash;
        return { changed: false, files: files.length, bytes, chunksWritten: 0 };
      }

      const known = before?.root ? await published.chunksOf(before.root) : new Set<string>();
      const fresh = [...chunks].filter(([hash]) => !known.has(hash));
      await Promise.all(fresh.map(([hash, chunk]) => kv.put(hash, chunk)));
      await mendOnce(new Map([...chunks].filter(([hash]) => known.has(hash))));

      const root: TreeRoot = {
        v: 1,
        revision: Math.max(clock.now(), (before?.root?.revision ?? 0) + 1),
        tree: treeHash,
        index: indexChunks,
        files: files.length,
        bytes,
        publishedAt: clock.now(),
        publisher,
      };
      const signed = encode(signRoot(root, key()));
      const written = await (before ? kv.update(rootKey, signed, before.revision) : kv.create(rootKey, signed));
      if (written === undefined) throw storeContended();
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

async function dropUnused(
  kv: KvBucket,
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
