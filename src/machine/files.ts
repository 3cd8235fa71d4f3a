import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import type { ZesterError } from '#base/errors.ts';
import {
  fileExists,
  fileIsDirectory,
  fileLoop,
  fileNotDirectory,
  fileNotEmpty,
  fileParentMissing,
  fileProtected,
  fileUnknown,
  machineError,
} from './errors.ts';
import type { Files } from './machine.ts';
import { maxLinks, normal, parentPath } from './path.ts';

export interface FilesOptions {
  /** Stands for `/`: every path, and every absolute symlink met on the way, is taken inside it. */
  readonly root?: string | undefined;
}

/** The files port on this machine's disks. Only ENOENT is ever read as "absent". */
export function realFiles({ root }: FilesOptions = {}): Files {
  const inside = (path: string, follow = true) => (root === undefined ? normal(path) : locate(root, path, follow));
  const files: Files = {
    async stat(path) {
      const place = await inside(path, false);
      const stat = await absentIsUndefined(fs.lstat(place), 'read', path);
      if (stat === undefined) return undefined;
      const { uid, gid, size } = stat;
      const mode = stat.mode & 0o7777;
      if (stat.isSymbolicLink()) {
        return { kind: 'symlink', mode, uid, gid, size, target: await coded(fs.readlink(place), 'read', path) };
      }
      return { kind: stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : 'other', mode, uid, gid, size };
    },

    read: async (path) => absentIsUndefined(fs.readFile(await inside(path)), 'read', path),

    async list(path) {
      const names = await absentIsUndefined(fs.readdir(await inside(path)), 'list', path);
      return names?.toSorted();
    },

    async write(path, content, { mode } = {}) {
      const place = await followed(await inside(path), path);
      const before = await absentIsUndefined(fs.stat(place), 'write', path);
      if (before?.isDirectory()) throw fileIsDirectory('write', path);
      const owner = before && { uid: before.uid, gid: before.gid };
      const finalMode = mode ?? (before === undefined ? 0o644 : before.mode & 0o7777);
      await replace({ place, asked: path, content, mode: finalMode, owner });
    },

    async makeDirectory(path, { mode, parents = false } = {}) {
      const place = await inside(path);
      const stat = await files.stat(path);
      if (stat?.kind === 'directory' && parents) return;
      if (stat?.kind === 'symlink' && parents && (await fs.stat(place)).isDirectory()) return;
      if (parents && parentPath(normal(path)) !== '/') await files.makeDirectory(parentPath(normal(path)), { parents });
      const made = await fs.mkdir(place).then(
        () => true,
        async (error) => {
          // Another step may have made it in between: with `parents` a directory that is there is what was asked for.
          const isThere = parents && codeOf(error) === 'EEXIST' && (await fs.stat(place)).isDirectory();
          if (!isThere) throw translate(error, 'create', path);
          return false;
        },
      );
      if (!made) return;
      // The umask of the agent must not show in what it makes, and a set-group-id parent must.
      const inherited = (await coded(fs.stat(place), 'create', path)).mode & 0o2000;
      await coded(fs.chmod(place, mode ?? 0o755 | inherited), 'create', path);
    },

    link: async (path, target) => coded(fs.symlink(target, await inside(path, false)), 'create', path),

    async remove(path) {
      if (normal(path) === '/') throw fileProtected('remove', path);
      await coded(fs.rm(await inside(path, false), { recursive: true, force: true }), 'remove', path);
    },

    async rename(from, to) {
      const [source, place] = [await inside(from, false), await inside(to, false)];
      if (!(await absentIsUndefined(fs.lstat(source), 'rename', from))) throw fileUnknown('rename', from);
      try {
        await fs.rename(source, place);
      } catch (error) {
        if (codeOf(error) !== 'EXDEV') throw translate(error, 'rename to', to);
        await moveAcross(source, place, { from, to });
      }
    },

    async setMode(path, mode) {
      const change = fs.chmod(await inside(path), mode & 0o7777);
      await coded(change, 'change the mode of', path, fileUnknown);
    },

    async setOwner(path, { uid, gid }) {
      // -1 leaves an id as it is; Bun's lchown takes only ids, so the present ones are read.
      const place = await inside(path, false);
      const stat = await coded(fs.lstat(place), 'change the owner of', path, fileUnknown);
      await coded(fs.lchown(place, uid ?? stat.uid, gid ?? stat.gid), 'change the owner of', path, fileUnknown);
    },
  };
  return files;
}

interface Replacement {
  readonly place: string;
  /** The path as the caller wrote it, for messages. */
  readonly asked: string;
  readonly content: Uint8Array;
  readonly mode: number;
  readonly owner: { readonly uid: number; readonly gid: number } | undefined;
}

/** Writes beside, then renames: readers see the old content or the new, and never a file that is open to too many. */
async function replace({ place, asked, content, mode, owner }: Replacement): Promise<void> {
  const beside = `${parentPath(place)}/.zester-${randomBytes(6).toString('hex')}`;
  try {
    const handle = await fs.open(beside, 'wx', 0o600);
    try {
      await handle.writeFile(content);
      if (owner !== undefined) await handle.chown(owner.uid, owner.gid);
      await handle.chmod(mode);
      // Without it a crash may leave the new name with no content on some file systems.
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(beside, place);
  } catch (error) {
    await fs.rm(beside, { force: true }).catch(() => {});
    if (codeOf(error) !== 'EBUSY') throw translate(error, 'write', asked);
    // A file that is itself a mount point, such as /etc/hosts in a container, can only be written in place.
    await coded(fs.writeFile(place, content), 'write', asked);
    await coded(fs.chmod(place, mode), 'write', asked);
  }
}

async function moveAcross(source: string, place: string, asked: { from: string; to: string }): Promise<void> {
  const stat = await coded(fs.lstat(source), 'rename', asked.from);
  if (!stat.isFile()) {
    throw machineError('FILE_OTHER_DEVICE', `Cannot rename "${asked.from}": "${asked.to}" is on another file system`, {
      hint: 'Copy it, then remove the old one',
    });
  }
  const content = await coded(fs.readFile(source), 'rename', asked.from);
  await replace({ place, asked: asked.to, content, mode: stat.mode & 0o7777, owner: { uid: stat.uid, gid: stat.gid } });
  await coded(fs.rm(source), 'rename', asked.from);
}

/** The end of a chain of symlinks; it need not exist. */
async function followed(place: string, asked: string): Promise<string> {
  let end = place;
  for (let hops = 0; hops < maxLinks; hops++) {
    const target = await linkTarget(end, asked);
    if (target === undefined) return end;
    end = normal(target.startsWith('/') ? target : `${parentPath(end)}/${target}`);
  }
  throw fileLoop('write', asked);
}

/** Where a path is inside a root, symlinks taken as a process that has this root would take them. */
async function locate(root: string, path: string, follow: boolean): Promise<string> {
  let parts = normal(path).split('/').slice(1);
  let done: string[] = [];
  for (let hops = 0; parts.length > 0; ) {
    const [part = '', ...rest] = parts;
    const target =
      rest.length > 0 || follow ? await linkTarget(`${root}/${[...done, part].join('/')}`, path) : undefined;
    if (target === undefined) {
      done.push(part);
      parts = rest;
      continue;
    }
    if (++hops > maxLinks) throw fileLoop('follow', path);
    const led = target.startsWith('/') ? target : `/${done.join('/')}/${target}`;
    parts = [...normal(led).split('/').slice(1), ...rest].filter((each) => each !== '');
    done = [];
  }
  return `${root}/${done.join('/')}`.replace(/\/+$/, '') || '/';
}

async function linkTarget(place: string, asked: string): Promise<string | undefined> {
  try {
    return await fs.readlink(place);
  } catch (error) {
    // EINVAL is "not a symlink"; what is wrong otherwise is said by the call that needs the path.
    if (['EINVAL', 'ENOENT', 'ENOTDIR'].includes(codeOf(error))) return undefined;
    throw translate(error, 'follow', asked);
  }
}

async function absentIsUndefined<T>(reading: Promise<T>, action: string, path: string): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw translate(error, action, path);
  }
}

async function coded<T>(call: Promise<T>, action: string, path: string, absent?: Refusal): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw translate(error, action, path, absent);
  }
}

type Refusal = (action: string, path: string) => ZesterError;

const refusals: Readonly<Record<string, Refusal>> = {
  EEXIST: fileExists,
  EISDIR: fileIsDirectory,
  ENOTDIR: fileNotDirectory,
  ENOTEMPTY: fileNotEmpty,
  ELOOP: fileLoop,
};

const reasons: Readonly<Record<string, readonly [code: string, reason: string]>> = {
  EACCES: ['FILE_DENIED', 'the permission is missing'],
  EPERM: ['FILE_DENIED', 'the operation is not permitted'],
  ENOSPC: ['DISK_FULL', 'the disk is full'],
  EDQUOT: ['DISK_FULL', 'the quota is used up'],
  EROFS: ['FILE_READ_ONLY', 'the file system is read-only'],
  EBUSY: ['FILE_BUSY', 'it is in use, or a mount point'],
  ENAMETOOLONG: ['FILE_NAME_TOO_LONG', 'the name is too long'],
};

/** A system error as a coded one; `absent` says what ENOENT means to the caller. */
function translate(error: unknown, action: string, path: string, absent: Refusal = fileParentMissing): ZesterError {
  const errno = codeOf(error);
  const refusal = errno === 'ENOENT' ? absent : refusals[errno];
  if (refusal !== undefined) return refusal(action, path);
  const [code, reason] = reasons[errno] ?? ['FILE_FAILED', error instanceof Error ? error.message : String(error)];
  return machineError(code, `Cannot ${action} "${path}": ${reason}`, { cause: error });
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
