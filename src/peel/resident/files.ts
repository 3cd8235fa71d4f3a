import { createHash } from 'node:crypto';
import { chmod, link, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as z from 'zod/mini';
import { isSystemError } from '#base/disk.ts';
import { ZesterError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { backoff, delay } from '#base/time.ts';
import type { Bus } from '#bus/bus.ts';
import { foldersOf as pathsAbove } from '#tree/tree.ts';
import { openRoot } from '#trust/orders.ts';
import { decode, encode } from '#wire/codec.ts';
import type { TrustBundle } from '#wire/enroll.ts';
import { chunkBytes, rootKey, SignedRoot, type TreeFile, TreeIndex, TreeRoot } from '#wire/files.ts';
import { buckets } from '#wire/stores.ts';
import { defaultTreeOptions } from '#wire/tree-options.ts';
import type { LocalTree } from '../shared/tree.ts';
import { openIndex } from './tree-index.ts';

/** The state tree on this machine: whole, verified, and swapped in one step. */
export interface StateFiles {
  /** The tree as it is now; empty before the first sync. */
  readonly tree: LocalTree;
  readonly revision: number;
  /** Fetches what differs from the published tree; collapses calls that come meanwhile. */
  sync(): Promise<void>;
  /** Syncs now and at every publish, again and again until it works; until the signal. */
  follow(signal: AbortSignal): void;
}

export interface StateFilesOptions {
  readonly bus: Bus;
  /** Folder of this peel's copies. */
  readonly cache: string;
  readonly trust: () => TrustBundle;
  /** Trees that runs read: they stay, also when a newer one is there. */
  readonly inUse?: () => readonly LocalTree[];
  readonly log: Log;
}

const bucket = buckets.stateFiles.name;
const parallelFetches = 8;
/** How a copy lies on the disk: one of another layout is not used. */
const layout = 2;

const Kept = z.object({ layout: z.literal(layout), root: TreeRoot, index: TreeIndex });

export async function openStateFiles(options: StateFilesOptions): Promise<StateFiles> {
  const { bus, cache, trust, inUse = () => [], log } = options;
  await mkdir(join(cache, 'empty'), { recursive: true, mode: 0o700 });
  let present = await presentTree(cache, log);
  let syncing: Promise<void> | undefined;
  let again = false;

  const fetchChunk = async (hash: string): Promise<Uint8Array> => {
    const entry = await bus.read(bucket, hash);
    if (entry && sha256(entry.value) === hash) return entry.value;
    throw new ZesterError(
      'unreachable',
      'CHUNK_MISSING',
      `Cannot fetch the state tree: chunk "${hash.slice(0, 12)}" is ${entry ? 'damaged' : 'gone'}`,
    );
  };

  const syncOnce = async () => {
    const entry = await bus.read(bucket, rootKey);
    if (!entry) return;
    const root = openRoot(SignedRoot.parse(decode(entry.value)), { trust: trust(), now: Date.now() });
    if (root.tree === present?.root.tree) return;
    if (present && root.revision <= present.root.revision) {
      throw new ZesterError(
        'denied',
        'TREE_ROLLED_BACK',
        `Cannot take state tree ${root.revision}: this peel has seen ${present.root.revision}`,
      );
    }
    const parts = await Promise.all(root.index.map(fetchChunk));
    const bytes = Buffer.concat(parts);
    if (sha256(bytes) !== root.tree)
      throw new ZesterError('denied', 'TREE_DAMAGED', 'Cannot take the state tree: its index does not match its root');
    const index = openIndex(bytes);
    const fetched = await stage(cache, root, index, present, fetchChunk);
    present = { root, index, folder: treeFolder(cache, root) };
    await dropOthers(cache, [present.folder, ...inUse().flatMap(foldersOf)]);
    log.info('State tree synced', { files: index.files.length, fetched, revision: root.revision });
  };

  const sync = async (): Promise<void> => {
    if (syncing !== undefined) {
      again = true;
      return syncing;
    }
    syncing = (async () => {
      do {
        again = false;
        await syncOnce();
      } while (again);
    })().finally(() => {
      syncing = undefined;
    });
    return syncing;
  };

  return {
    get tree() {
      return present ? treeIn(present) : { folders: { base: [join(cache, 'empty')] }, options: defaultTreeOptions };
    },
    get revision() {
      return present?.root.revision ?? 0;
    },
    sync,
    follow(signal) {
      const waits = backoff({ firstMs: 1_000 });
      const insist = async () => {
        while (!signal.aborted && bus.state === 'connected') {
          try {
            await sync();
            return waits.reset();
          } catch (error) {
            log.warn('State tree not synced yet', { error });
            await delay(waits.next(), signal);
          }
        }
      };
      const listening = bus.watchKey(bucket, rootKey, () => void insist());
      bus.onState((state) => {
        if (state === 'connected') void insist();
      });
      signal.addEventListener('abort', () => listening.close(), { once: true });
    },
  };
}

interface Present {
  readonly root: TreeRoot;
  readonly index: TreeIndex;
  /** Holds a folder for each environment. */
  readonly folder: string;
}

function treeFolder(cache: string, root: TreeRoot): string {
  return join(cache, `tree-${root.tree.slice(0, 16)}`);
}

function treeIn({ folder, index: { environments, options } }: Present): LocalTree {
  return { folders: Object.fromEntries(environments.map((env) => [env, [join(folder, env)]])), options };
}

function foldersOf({ folders }: LocalTree): readonly string[] {
  return Object.values(folders).flatMap((all) => all.map(dirname));
}

/** Writes the whole tree beside the present one, then swaps the link that names it. Returns how many files were fetched. */
async function stage(
  cache: string,
  root: TreeRoot,
  index: TreeIndex,
  present: Present | undefined,
  fetchChunk: (hash: string) => Promise<Uint8Array>,
): Promise<number> {
  const folder = treeFolder(cache, root);
  const staging = `${folder}.new`;
  await rm(staging, { recursive: true, force: true });
  for (const env of index.environments) await mkdir(join(staging, env), { recursive: true, mode: 0o700 });
  const had = new Map(present?.index.files.map((file) => [likeness(file), join(present.folder, file.env, file.path)]));
  const links = new Set(index.links.map(({ env, path }) => join(env, path)));
  // Whatever is reached through a link of the tree lies where that leads.
  const isBelowLink = ({ env, path }: TreeFile) =>
    [...pathsAbove(path), path].some((each) => links.has(join(env, each)));
  const own = links.size === 0 ? index.files : index.files.filter((file) => !isBelowLink(file));
  const queue = [...Map.groupBy(own, likeness)];
  let fetched = 0;

  const place = async (file: TreeFile, from: string | undefined): Promise<string> => {
    const target = join(staging, file.env, file.path);
    await mkdir(dirname(target), { recursive: true });
    if (from !== undefined && (await isLinked(from, target))) return target;
    fetched++;
    const chunks: Uint8Array[] = [];
    for (const hash of file.chunks) chunks.push(await fetchChunk(hash));
    await writeFile(target, Buffer.concat(chunks), { mode: file.executable ? 0o700 : 0o600 });
    await chmod(target, file.executable ? 0o700 : 0o600);
    return target;
  };
  const worker = async () => {
    for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
      const [alike, files] = next;
      let from = had.get(alike);
      for (const file of files) from = await place(file, from);
    }
  };
  await Promise.all(Array.from({ length: parallelFetches }, worker));
  for (const { env, path } of index.emptyFolders) await mkdir(join(staging, env, path), { recursive: true });
  for (const { env, path, target } of index.links) {
    await mkdir(dirname(join(staging, env, path)), { recursive: true });
    await symlink(target, join(staging, env, path));
  }

  await writeFile(join(staging, '.zester-tree'), encode({ layout, root, index }), { mode: 0o600 });
  await rm(folder, { recursive: true, force: true });
  await rename(staging, folder);
  const beside = join(cache, 'current.new');
  await rm(beside, { force: true });
  await symlink(folder, beside);
  await rename(beside, join(cache, 'current'));
  return fetched;
}

/** False when the file is gone, or has all the links it can have: then it is fetched. */
async function isLinked(from: string, target: string): Promise<boolean> {
  try {
    await link(from, target);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EMLINK') return false;
    throw error;
  }
}

/**
 * The copy is not brought to the disk file by file, which takes long: it is looked at before it is believed. What a power
 * cut left empty, or the disk damaged, would be applied otherwise.
 */
async function presentTree(cache: string, log: Log): Promise<Present | undefined> {
  try {
    const folder = await readlink(join(cache, 'current'));
    const { root, index } = Kept.parse(decode(await readFile(join(folder, '.zester-tree'))));
    const present = { root, index, folder };
    for (const file of index.files) await checkFile(present, file);
    return present;
  } catch (error) {
    // The next sync brings all of it.
    if (!isSystemError(error, 'ENOENT'))
      log.warn('State tree not sound on this disk, and fetched anew', { path: cache, error });
    return undefined;
  }
}

async function checkFile({ folder }: Present, { env, path, size, chunks }: TreeFile): Promise<void> {
  const content = await readFile(join(folder, env, path));
  const isWhole = content.length === size && chunks.every((hash, index) => sha256(chunkOf(content, index)) === hash);
  if (isWhole) return;
  throw new ZesterError(
    'machine',
    'TREE_COPY_DAMAGED',
    `Cannot use the copy of "${path}": it is not what was published`,
  );
}

function chunkOf(content: Buffer, index: number): Buffer {
  return content.subarray(index * chunkBytes, (index + 1) * chunkBytes);
}

async function dropOthers(cache: string, keep: readonly string[]): Promise<void> {
  const names = await readdir(cache);
  const stale = names.filter((name) => name.startsWith('tree-') && !keep.includes(join(cache, name)));
  await Promise.all(stale.map((name) => rm(join(cache, name), { recursive: true, force: true })));
}

/** Equal for files that one copy on the disk can stand for: a path often has the same content in several environments. */
function likeness({ path, executable, size, chunks }: TreeFile): string {
  return JSON.stringify([path, executable, size, chunks]);
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
