import { chmodSync, chownSync, lstatSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import {
  fileIsDirectory,
  fileNotDirectory,
  fileProtected,
  fileSpecial,
  fileUnknown,
  setIdUntrusted,
} from './errors.ts';
import { codeOf, type Descriptor, O_RDONLY, open } from './files/descriptor.ts';
import { coded, translate } from './files/failure.ts';
import { makeDirectory, makeLink } from './files/make.ts';
import { openDoor } from './files/reach.ts';
import { removeSpot } from './files/remove.ts';
import { rename } from './files/rename.ts';
import { strangerUnderSetId } from './files/trust.ts';
import { writeFile } from './files/write.ts';
import type { FileStat, Files } from './machine.ts';
import { normal } from './path.ts';

export interface FilesOptions {
  /** Stands for `/`: every path, and every absolute symlink met on the way, is taken inside it. */
  readonly root?: string | undefined;
}

/**
 * The files port on this machine's disks. Only ENOENT is ever read as "absent". Every path goes through one door
 * (`files/reach.ts`), and what is done is done on what is held open: docs/design/files-door.md says why.
 */
export function realFiles({ root }: FilesOptions = {}): Files {
  const door = openDoor(root);
  return {
    self: door.self,

    async stat(path) {
      using spot = door.reach(path, { action: 'read', anyLink: true });
      if (spot === undefined) return undefined;
      try {
        const stat = lstatSync(spot.path);
        return statOf(stat, stat.isSymbolicLink() ? readlinkSync(spot.path) : undefined);
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return undefined;
        throw translate(error, 'read', path);
      }
    },

    async resolve(path) {
      let missing = '';
      for (let place = normal(path); ; ) {
        using spot = door.reach(place, { action: 'follow', follow: true });
        if (spot !== undefined) return spot.place === '/' ? missing || '/' : spot.place + missing;
        const cut = place.lastIndexOf('/');
        missing = place.slice(cut) + missing;
        place = place.slice(0, cut);
      }
    },

    async read(path) {
      using spot = door.reach(path, { action: 'read', follow: true });
      const entry = spot?.entry('read');
      if (spot === undefined || entry === undefined) return undefined;
      if (entry.stat.isDirectory()) throw fileIsDirectory('read', path);
      if (!entry.stat.isFile()) throw fileSpecial('read', path);
      spot.refuseHardLink('read', entry);
      try {
        return isShort(entry) ? readShort(entry) : await readFile(entry.path);
      } catch (error) {
        throw translate(error, 'read', path);
      }
    },

    async list(path) {
      using spot = door.reach(path, { action: 'list', follow: true });
      const entry = spot?.entry('list');
      if (entry === undefined) return undefined;
      if (!entry.stat.isDirectory()) throw fileNotDirectory('list', path);
      try {
        return (await readdir(entry.path)).toSorted();
      } catch (error) {
        throw translate(error, 'list', path);
      }
    },

    write: async (path, content, options = {}) => writeFile(door, path, content, options),
    makeDirectory: async (path, options = {}) => makeDirectory(door, path, options),
    link: async (path, target, options = {}) => makeLink(door, path, target, options),
    rename: async (from, to) => rename(door, from, to),

    async remove(path) {
      if (normal(path) === '/') throw fileProtected('remove', path);
      using spot = door.reach(path, { action: 'remove' });
      if (spot !== undefined) await removeSpot(spot);
    },

    async setMode(path, mode) {
      const action = 'change the mode of';
      using spot = door.reach(path, { action, follow: true });
      const entry = spot?.entry(action);
      if (spot === undefined || entry === undefined) throw fileUnknown(action, path);
      spot.refuseHardLink(action, entry);
      const stranger = entry.stat.isFile() && strangerUnderSetId(entry.stat, mode, spot.folder.stat, door.self);
      if (stranger) throw setIdUntrusted(action, path, spot.planted(stranger));
      coded(action, path, () => chmodSync(entry.path, mode & 0o7777));
    },

    async setOwner(path, { uid, gid }) {
      const action = 'change the owner of';
      using spot = door.reach(path, { action });
      const entry = spot?.entry(action);
      if (spot === undefined || entry === undefined) throw fileUnknown(action, path);
      spot.refuseHardLink(action, entry);
      // Of the link itself where it is one: that is what is held.
      coded(action, path, () => chownSync(entry.path, uid ?? entry.stat.uid, gid ?? entry.stat.gid));
    },
  };
}

/** Read at once: handing it to another thread would take longer. Files of the kernel have no size, and may take time. */
function isShort({ stat }: Descriptor): boolean {
  return stat.size > 0 && stat.size <= 64 * 1024;
}

function readShort(entry: Descriptor): Uint8Array {
  using file = open(entry.path, O_RDONLY);
  return readFileSync(file.number);
}

function statOf(stat: Stats, target: string | undefined): FileStat {
  const { uid, gid, size } = stat;
  const mode = stat.mode & 0o7777;
  if (target !== undefined) return { kind: 'symlink', mode, uid, gid, size, target };
  return { kind: stat.isFile() ? 'file' : stat.isDirectory() ? 'directory' : 'other', mode, uid, gid, size };
}
