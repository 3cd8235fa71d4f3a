import { createHash } from 'node:crypto';
import { chmod, link, mkdir, readdir, readFile, readlink, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { ZesterError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { backoff, delay } from '#base/time.ts';
import type { Bus } from '#bus/bus.ts';
import { openRoot } from '#trust/orders.ts';
import { decode, encode } from '#wire/codec.ts';
import type { TrustBundle } from '#wire/enroll.ts';
import { rootKey, SignedRoot, type TreeFile, TreeIndex, TreeRoot } from '#wire/files.ts';
import { buckets } from '#wire/stores.ts';

/** The state tree on this machine: whole, verified, and swapped in one step. */
export interface StateFiles {
  /** Folder of the tree as it is now; empty before the first sync. */
  readonly folder: string;
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
  readonly log: Log;
}

const bucket = buckets.stateFiles.name;
const parallelFetches = 8;

export async function openStateFiles({ bus, cache, trust, log }: StateFilesOptions): Promise<StateFiles> {
  await mkdir(join(cache, 'empty'), { recursive: true, mode: 0o700 });
  let present = await presentTree(cache);
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
    const index = TreeIndex.parse(decode(bytes));
    const fetched = await stage(cache, root, index, present, fetchChunk);
    present = { root, index, folder: treeFolder(cache, root) };
    await dropOthers(cache, present.folder);
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
    get folder() {
      return present?.folder ?? join(cache, 'empty');
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
      const listening = bus.hearKey(bucket, rootKey, () => void insist());
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
  readonly folder: string;
}

function treeFolder(cache: string, root: TreeRoot): string {
  return join(cache, `tree-${root.tree.slice(0, 16)}`);
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
  await mkdir(staging, { recursive: true, mode: 0o700 });
  const had = new Map(present?.index.files.map((file) => [file.path, file]));
  const queue = [...index.files];
  let fetched = 0;

  const place = async (file: TreeFile) => {
    const target = join(staging, safePath(file.path));
    await mkdir(dirname(target), { recursive: true });
    const old = had.get(file.path);
    if (present && old && sameFile(old, file)) {
      await link(join(present.folder, file.path), target);
      return;
    }
    fetched++;
    const chunks: Uint8Array[] = [];
    for (const hash of file.chunks) chunks.push(await fetchChunk(hash));
    await writeFile(target, Buffer.concat(chunks), { mode: file.executable ? 0o700 : 0o600 });
    await chmod(target, file.executable ? 0o700 : 0o600);
  };
  const worker = async () => {
    for (let file = queue.pop(); file !== undefined; file = queue.pop()) await place(file);
  };
  await Promise.all(Array.from({ length: parallelFetches }, worker));

  await writeFile(join(staging, '.zester-tree'), encode({ root, index }), { mode: 0o600 });
  await rm(folder, { recursive: true, force: true });
  await rename(staging, folder);
  const beside = join(cache, 'current.new');
  await rm(beside, { force: true });
  await symlink(folder, beside);
  await rename(beside, join(cache, 'current'));
  return fetched;
}

async function presentTree(cache: string): Promise<Present | undefined> {
  try {
    const folder = await readlink(join(cache, 'current'));
    const { root, index } = decode(await readFile(join(folder, '.zester-tree'))) as { root: unknown; index: unknown };
    return { root: TreeRoot.parse(root), index: TreeIndex.parse(index), folder };
  } catch {
    // Nothing sound is here: the next sync brings all of it.
    return undefined;
  }
}

async function dropOthers(cache: string, keep: string): Promise<void> {
  const names = await readdir(cache);
  const stale = names.filter((name) => name.startsWith('tree-') && join(cache, name) !== keep);
  // A run may still read the tree it started with; links keep shared files alive, and a run is short.
  await Promise.all(stale.slice(0, -1).map((name) => rm(join(cache, name), { recursive: true, force: true })));
}

function sameFile(a: TreeFile, b: TreeFile): boolean {
  return a.executable === b.executable && a.size === b.size && a.chunks.join() === b.chunks.join();
}

function safePath(path: string): string {
  if (!path.startsWith('/') && normalize(path) === path && !path.startsWith('..')) return path;
  throw new ZesterError('denied', 'TREE_PATH_UNSAFE', `Cannot take the state tree: "${path}" leads out of it`);
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
