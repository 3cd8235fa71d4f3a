import {
  chownSync,
  fchmodSync,
  fchownSync,
  mkdirSync,
  readdirSync,
  renameSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { fileExists, fileIsDirectory, fileParentMissing } from '../errors.ts';
import type { FileOwner } from '../machine.ts';
import { normal, parentPath } from '../path.ts';
import { at, codeOf, O_DIRECTORY, O_NOFOLLOW, O_PATH, O_RDONLY, open } from './descriptor.ts';
import { coded, translate } from './failure.ts';
import type { Door, Spot } from './reach.ts';
import { unpredictable } from './write.ts';

interface DirectoryOptions {
  readonly mode?: number;
  readonly parents?: boolean;
  readonly owner?: FileOwner;
}

/** Makes a directory as `Files.makeDirectory` promises: closed to others until it is whose it shall be. */
export function makeDirectory(door: Door, path: string, options: DirectoryOptions): boolean {
  const { parents = false } = options;
  const action = 'create';
  using spot = reachMaking(door, path, parents);
  const present = spot.entry(action);
  if (present !== undefined) {
    if (present.stat.isDirectory() && parents) return false;
    throw fileExists(action, path);
  }
  try {
    mkdirSync(spot.path, 0o700);
  } catch (error) {
    // Another step may have made it in between: with `parents` a directory that is there is what was asked for.
    if (parents && codeOf(error) === 'EEXIST' && spot.entry(action)?.stat.isDirectory()) return false;
    throw translate(error, action, path);
  }
  coded(action, path, () => settleDirectory(door, spot, action, options));
  return true;
}

function reachMaking(door: Door, path: string, parents: boolean): Spot {
  const options = { action: 'create', follow: true };
  const spot = door.reach(path, options);
  if (spot !== undefined) return spot;
  if (!parents) throw fileParentMissing('create', path);
  makeDirectory(door, parentPath(normal(path)), { parents });
  const made = door.reach(path, options);
  if (made === undefined) throw fileParentMissing('create', path);
  return made;
}

function settleDirectory(door: Door, spot: Spot, action: string, { mode, owner = {} }: DirectoryOptions): void {
  using made = open(spot.path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  // Who may write the parent can have moved what was made, and put another directory there: not one with something in it.
  if (made.stat.uid !== door.self.uid || (spot.stranger && readdirSync(made.path).length > 0))
    throw spot.swapped(action);
  const [uid, gid] = [owner.uid ?? made.stat.uid, owner.gid ?? made.stat.gid];
  if (uid !== made.stat.uid || gid !== made.stat.gid) fchownSync(made.number, uid, gid);
  // The umask of the agent must not show in what it makes, and a set-group-id parent must.
  fchmodSync(made.number, mode ?? 0o755 | (made.stat.mode & 0o2000));
}

interface LinkOptions {
  readonly replace?: boolean;
  readonly owner?: FileOwner;
}

/** Makes a symbolic link as `Files.link` promises; what it replaces is never missing in between. */
export function makeLink(door: Door, path: string, target: string, { replace = false, owner }: LinkOptions): void {
  const action = 'create';
  using spot = door.reach(path, { action });
  if (spot === undefined) throw fileParentMissing(action, path);
  if (spot.entry(action)?.stat.isDirectory()) throw replace ? fileIsDirectory(action, path) : fileExists(action, path);
  const name = replace ? unpredictable() : spot.name;
  coded(action, path, () => {
    symlinkSync(target, spot.beside(name));
    try {
      if (owner !== undefined) giveLink(door, spot, name, owner);
      if (replace) renameSync(spot.beside(name), spot.path);
    } catch (error) {
      unlinkSync(spot.beside(name));
      throw error;
    }
  });
}

function giveLink(door: Door, spot: Spot, name: string, owner: FileOwner): void {
  using made = open(at(spot.folder.number, name), O_PATH | O_NOFOLLOW);
  const { stat } = made;
  if (!stat.isSymbolicLink() || stat.uid !== door.self.uid || stat.nlink !== 1) throw spot.swapped('create');
  chownSync(made.path, owner.uid ?? stat.uid, owner.gid ?? stat.gid);
}
