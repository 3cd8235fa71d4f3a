import { type FSWatcher, watch } from 'node:fs';
import { isError, ZesterError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { type Bounds, boundsOf, defaultMaxFileBytes } from '#tree/bounds.ts';
import { overlaidFiles, overlaidShape } from '#tree/overlay.ts';
import { treeLarge } from '#tree/problems.ts';
import { readTreeFile } from '#tree/read.ts';
import type { TreeShape } from '#tree/tree.ts';
import { walk } from '#tree/walk.ts';
import type { Folders } from '#wire/environments.ts';
import type { TreeFolder, TreeLink } from '#wire/files.ts';
import { protectedFolders, refuseProtectedFolders } from './protected.ts';

export interface SourceFile {
  readonly env: string;
  /** Forward slashes, relative. */
  readonly path: string;
  readonly executable: boolean;
  readonly content: Uint8Array;
}

/** All that is in the folders. */
export interface SourceContents {
  readonly files: readonly SourceFile[];
  readonly folders: readonly TreeFolder[];
  readonly links: readonly TreeLink[];
}

/** The folders that authors edit. */
export interface SourceTree {
  /** Names of all environments, as their options have them. */
  readonly environments: readonly string[];
  /**
   * All files, sorted by environment and path, and what is beside them. An absent folder is an empty one. Throws the first
   * thing that may not be published: nothing is left out without a word.
   */
  read(): Promise<SourceContents>;
  /** Calls a while after the last of several edits, and at an interval in case an edit went unseen. */
  onEdit(callback: () => void, options: { readonly intervalMs: number }): Disposable;
}

/** What may be published, beside what lies in the folders. */
export interface TreeRules {
  /** Folders that links may lead into. */
  readonly linkDirs: readonly string[];
  /** Folders of which nothing is ever published, whatever leads there. */
  readonly protectedDirs: readonly string[];
  readonly maxFileBytes: number;
  readonly maxBytes: number;
  readonly maxFiles: number;
}

export const defaultRules: TreeRules = {
  linkDirs: [],
  protectedDirs: [],
  maxFileBytes: defaultMaxFileBytes,
  maxBytes: 1024 ** 3,
  maxFiles: 100_000,
};

type FoundFile = Omit<SourceFile, 'env'>;

interface Layer extends TreeShape {
  readonly files: readonly FoundFile[];
}

/** Editors write a file in several steps. */
const settleMs = 200;

/** Other work has its turn after this long. */
const turnMs = 10;

export function sourceTree(folders: Folders, log: Log, rules: TreeRules = defaultRules): SourceTree {
  const environments = Object.keys(folders);
  return {
    environments,
    async read() {
      const files: SourceFile[] = [];
      const folderList: TreeFolder[] = [];
      const links: TreeLink[] = [];
      refuseProtectedFolders(folders, rules);
      const { protectedAs, checkContent } = protectedFolders(rules.protectedDirs);
      const reading = reader(rules, checkContent);
      for (const env of environments) {
        const all = folders[env] ?? [];
        const bounds = boundsOf(all, { ...rules, protectedAs });
        const layers: Layer[] = [];
        for (const folder of all) layers.push(await reading.layer(folder, bounds));
        for (const file of overlaidFiles(layers.map((layer) => layer.files))) files.push({ env, ...file });
        const shape = overlaidShape(layers.map((layer) => ({ ...layer, paths: layer.files.map(({ path }) => path) })));
        for (const path of shape.folders) folderList.push({ env, path });
        for (const [path, target] of shape.links) links.push({ env, path, target });
      }
      reading.finish();
      return { files, folders: folderList, links };
    },
    onEdit(callback, { intervalMs }) {
      let timer: NodeJS.Timeout | undefined;
      const soon = () => {
        clearTimeout(timer);
        timer = setTimeout(callback, settleMs);
      };
      const watchers = [...new Set(Object.values(folders).flat())].map((folder) => watched(folder, soon, log));
      const interval = setInterval(callback, intervalMs);
      return {
        [Symbol.dispose]() {
          for (const watcher of watchers) watcher?.close();
          clearTimeout(timer);
          clearInterval(interval);
        },
      };
    },
  };
}

function watched(folder: string, callback: () => void, log: Log): FSWatcher | undefined {
  const complain = (error: unknown) => log.warn('State folder is not watched', { path: folder, error });
  try {
    const watcher = watch(folder, { recursive: true }, callback);
    watcher.on('error', complain);
    return watcher;
  } catch (error) {
    complain(error);
    return undefined;
  }
}

/** Reads folders one after another, and counts what all of them have. */
function reader({ maxBytes, maxFiles }: TreeRules, checkContent: (path: string, content: Uint8Array) => void) {
  const problems: { readonly path: string; readonly error: ZesterError }[] = [];
  let [bytes, count] = [0, 0];
  return {
    async layer(folder: string, bounds: Bounds): Promise<Layer> {
      const found: FoundFile[] = [];
      const folders: string[] = [];
      const links = new Map<string, string>();
      let turn = performance.now();
      for (const met of walk(folder, bounds)) {
        if (met.kind === 'problem') problems.push(met);
        if (met.kind === 'folder') folders.push(met.path);
        if (met.kind === 'link') links.set(met.path, met.target);
        if (met.kind === 'file') {
          const { path, file } = met;
          try {
            const read = readTreeFile(file, path, bounds);
            if (read === undefined) continue;
            checkContent(path, read.content);
            found.push({ path, ...read });
            [bytes, count] = [bytes + read.content.length, count + 1];
          } catch (error) {
            if (!isError(error)) throw error;
            problems.push({ path, error });
          }
          if (bytes > maxBytes) throw treeLarge('more', `its files have more than ${maxBytes} bytes together`);
          if (count > maxFiles) throw treeLarge('more', `it has more than ${maxFiles} files`);
        }
        if (performance.now() - turn < turnMs) continue;
        await new Promise((resolve) => setImmediate(resolve));
        turn = performance.now();
      }
      return { files: found, folders, links };
    },
    /** Throws the first problem, with how many others there are. */
    finish(): void {
      const [first, ...others] = problems.toSorted((a, b) => (a.path < b.path ? -1 : 1));
      if (first === undefined) return;
      if (others.length === 0) throw first.error;
      const { family, code, message, hint, cause } = first.error;
      const more = `${message}; and ${others.length} more`;
      const paths = others.slice(0, 20).map(({ error }) => error.message);
      throw new ZesterError(family, code, more, { hint, cause, details: { more: paths.join('\n') } });
    },
  };
}
