import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { join } from 'node:path';
import type { Host } from './host.ts';

/** What stands at a path, as far as a run can be told by it. */
export interface Entry {
  readonly type: 'file' | 'dir' | 'link' | 'fifo' | 'dev' | 'socket';
  readonly mode: string;
  readonly uid: number;
  readonly gid: number;
  readonly sha256?: string;
  readonly target?: string;
  /** Of files: tells also one that was written again as it was. */
  readonly writtenAt?: number;
}

/** What a host has changed so far: `undefined` where something was taken away. */
export type Changes = ReadonlyMap<string, Entry | undefined>;

export interface Difference {
  readonly path: string;
  readonly from: Entry | undefined;
  readonly to: Entry | undefined;
}

/** Reads all a host has changed since it started, without what lies below the paths to leave out. */
export function changesOf(host: Host, { leaveOut = [] }: { readonly leaveOut?: readonly string[] } = {}): Changes {
  const found = new Map<string, Entry | undefined>();
  const walk = (folder: string, place: string) => {
    for (const name of fs.readdirSync(folder)) {
      const path = join(place, name);
      if (leaveOut.includes(path)) continue;
      const entry = entryAt(join(folder, name));
      if (entry === 'missing') continue;
      found.set(path, entry === 'hole' ? undefined : entry);
      if (entry !== 'hole' && entry.type === 'dir') walk(join(folder, name), path);
    }
  };
  for (const { place, changes } of host.layers) walk(changes, place);
  return found;
}

/** What became other between two looks at the same host, by path. A folder that only holds something new has not changed. */
export function differencesBetween(host: Host, before: Changes, after: Changes): readonly Difference[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path) => {
    const from = before.has(path) ? before.get(path) : originalAt(host, path);
    const to = after.get(path);
    return isSame(from, to) ? [] : [{ path, from, to }];
  });
}

/** A difference as one line: `/etc/motd: file 644 → file 600`. */
export function differenceText({ path, from, to }: Difference): string {
  const told = (entry: Entry | undefined) =>
    entry === undefined
      ? 'nothing'
      : [entry.type, entry.mode, `${entry.uid}:${entry.gid}`, entry.target, entry.sha256?.slice(0, 8)]
          .filter(Boolean)
          .join(' ');
  const [was, is] = [told(from), told(to)];
  return was === is ? `${path}: written again as it was` : `${path}: ${was} → ${is}`;
}

/** What the tree below a host has at a path. */
function originalAt(host: Host, path: string): Entry | undefined {
  const layer = host.layers
    .toSorted((a, b) => b.place.length - a.place.length)
    .find(({ place }) => isBelow(path, place));
  if (layer === undefined) return undefined;
  const entry = entryAt(join(layer.lower, path.slice(layer.place === '/' ? 0 : layer.place.length)));
  return typeof entry === 'string' ? undefined : entry;
}

function isBelow(path: string, place: string): boolean {
  return place === '/' || path === place || path.startsWith(`${place}/`);
}

function isSame(a: Entry | undefined, b: Entry | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const keys = ['type', 'mode', 'uid', 'gid', 'sha256', 'target', 'writtenAt'] as const;
  return keys.every((key) => a[key] === b[key]);
}

/** `hole` is what overlayfs leaves in place of what was removed; `missing`, what went while we were looking. */
function entryAt(path: string): Entry | 'hole' | 'missing' {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 'missing';
  if (stat.isCharacterDevice() && stat.rdev === 0) return 'hole';
  const common = { mode: (stat.mode & 0o7777).toString(8), uid: stat.uid, gid: stat.gid };
  if (stat.isDirectory()) return { type: 'dir', ...common };
  if (stat.isSymbolicLink()) return { type: 'link', ...common, target: fs.readlinkSync(path) };
  if (stat.isFIFO()) return { type: 'fifo', ...common };
  if (stat.isSocket()) return { type: 'socket', ...common };
  if (!stat.isFile()) return { type: 'dev', ...common };
  const sha256 = contentHash(path);
  return sha256 === undefined ? 'missing' : { type: 'file', ...common, sha256, writtenAt: stat.mtimeMs };
}

function contentHash(path: string): string | undefined {
  try {
    return createHash('sha256').update(fs.readFileSync(path)).digest('hex');
  } catch {
    return undefined;
  }
}
