import { isError, ZesterError } from '#base/errors.ts';
import {
  fileExists,
  fileIsDirectory,
  fileNotDirectory,
  fileParentMissing,
  fileProtected,
  fileSpecial,
} from '#machine/errors.ts';
import type { FileOwner, FileStat, Files } from '#machine/machine.ts';
import { baseName, parentOf } from '../types.ts';

/**
 * Where a path leads when the symlinks at its end are followed; what it names need not exist. Throws
 * `FILE_LINK_UNTRUSTED` for a link that anybody may have placed, so that a plan says what the run would.
 */
export async function realPath(files: Files, path: string): Promise<string> {
  const place = await files.resolve(path);
  // As it is written, if only its directories are reached through links: people know it by that name.
  return place === path || (await files.stat(path))?.kind !== 'symlink' ? path : place;
}

/** Where a path lies when every symlink on the way to it is followed, but not one at its end. */
export async function realPlace(files: Files, path: string): Promise<string> {
  const folder = await files.resolve(parentOf(path));
  return path === '/' ? path : `${folder === '/' ? '' : folder}/${baseName(path)}`;
}

const roots = 'bin boot dev etc home lib lib32 lib64 libx32 media mnt opt proc root run sbin srv sys tmp usr var';
const deeper = 'usr/bin usr/lib usr/lib64 usr/libexec usr/local usr/sbin usr/share var/cache var/lib var/log var/spool';
const protectedPaths = new Set(['/', ...`${roots} ${deeper}`.split(' ').map((each) => `/${each}`)]);

/**
 * Throws `FILE_PROTECTED` for the root, what hangs directly below it, and the directories that programs and their
 * data live in, also when symlinks lead there: nobody means to remove those.
 */
export async function refuseProtected(files: Files, action: string, path: string): Promise<void> {
  if (protectedPaths.has(path) || protectedPaths.has(await realPlace(files, path))) throw fileProtected(action, path);
}

/** The regular file at a path, if any. Refuses what is something else: it would be destroyed. */
export async function findFile(files: Files, path: string): Promise<FileStat | undefined> {
  const stat = await files.stat(path);
  if (stat?.kind === 'directory') throw fileIsDirectory('manage as a file', path);
  if (stat?.kind === 'symlink') throw fileSpecial('manage', path, 'a symlink');
  if (stat?.kind === 'other') throw fileSpecial('manage', path);
  return stat;
}

/** What a file that goes holds, for a revert; nothing of one that somebody may have linked here: it is not read aloud. */
export async function contentToKeep(files: Files, path: string, stat: FileStat): Promise<Uint8Array | undefined> {
  if (stat.kind !== 'file') return undefined;
  try {
    return await files.read(path);
  } catch (error) {
    if (isError(error, 'FILE_HARD_LINKED')) return undefined;
    throw error;
  }
}

/** Owner and mode for a copy of a file's content: it is open to nobody the file is not open to. */
async function likeFile(files: Files, path: string): Promise<{ readonly mode: number; readonly owner?: FileOwner }> {
  const stat = await files.stat(path);
  return stat === undefined ? { mode: 0o600 } : { mode: stat.mode & 0o777, owner: { uid: stat.uid, gid: stat.gid } };
}

/** Puts what a file holds beside it, as `.bak` unless a suffix is given, open to nobody the file is not open to. */
export async function keepBackup(files: Files, path: string, backup: boolean | string): Promise<void> {
  const suffix = typeof backup === 'string' && backup.startsWith('.') ? backup : '.bak';
  const earlier = await files.read(path);
  if (earlier !== undefined) await files.write(`${path}${suffix}`, earlier, await likeFile(files, path));
}

/**
 * Directories that have to be made before `path` can be, topmost first; undefined when there are none.
 * Throws `FILE_PARENT_MISSING` unless they may be made, `FILE_NOT_DIRECTORY` when something is in their place.
 */
export async function missingParents(
  files: Files,
  path: string,
  { makedirs }: { readonly makedirs: boolean },
): Promise<readonly string[] | undefined> {
  const missing: string[] = [];
  for (let parent = parentOf(path); ; parent = parentOf(parent)) {
    // A symlink that leads nowhere stays one: the directory is made where it leads, and a revert removes it there.
    const place = await realPath(files, parent);
    const stat = await files.stat(place);
    if (stat !== undefined && stat.kind !== 'directory') throw fileNotDirectory('create', path);
    if (stat !== undefined || parent === '/') break;
    missing.unshift(place);
  }
  if (missing.length > 0 && !makedirs) throw fileParentMissing('create', path);
  return missing.length === 0 ? undefined : missing;
}

/** Removes directories that a state made, as far as nothing else has come into them. */
export async function removeParents(files: Files, made: readonly string[]): Promise<void> {
  for (const each of made.toReversed()) {
    if ((await files.list(each))?.length !== 0) return;
    await files.remove(each);
  }
}

/** A path, or a name beside another path. */
export function besideOf(path: string, written: string): string {
  return written.startsWith('/') ? written : `${parentOf(path)}/${written}`;
}

/** Throws `FILE_EXISTS` when what is in the way cannot go where it shall be kept. */
export async function refuseTakenBackup(
  files: Files,
  path: string,
  { force, backupname }: { readonly force: boolean; readonly backupname?: string | undefined },
): Promise<void> {
  const place = backupname === undefined ? undefined : besideOf(path, backupname);
  if (place !== undefined && !force && (await files.stat(place)) !== undefined) {
    throw fileExists('keep what is in the way as', place);
  }
}

/** Paths of everything below a folder, so many levels down, parents before what they hold; symlinks are not followed. */
export async function walkTree(
  files: Files,
  folder: string,
  depth = Number.POSITIVE_INFINITY,
): Promise<ReadonlyMap<string, FileStat>> {
  const found = new Map<string, FileStat>();
  for (const name of depth > 0 ? ((await files.list(folder)) ?? []) : []) {
    const path = `${folder === '/' ? '' : folder}/${name}`;
    const stat = await files.stat(path);
    if (stat === undefined) continue;
    found.set(path, stat);
    if (stat.kind !== 'directory') continue;
    for (const [each, inner] of await walkTree(files, path, depth - 1)) found.set(each, inner);
  }
  return found;
}

/** What a revert says of a change whose earlier side is not kept. */
export function notKept(path: string, what: string): ZesterError {
  return new ZesterError('machine', 'REVERT_LOST', `Cannot put "${path}" back: ${what} is not kept`, {
    hint: 'Restore it from a backup',
  });
}

export function notText(path: string): ZesterError {
  return new ZesterError('machine', 'FILE_NOT_TEXT', `Cannot edit "${path}": it is no text, it has null bytes`);
}

/** Whether two paths are the same, or one lies inside the other. */
export function areNested(a: string, b: string): boolean {
  return `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`);
}
