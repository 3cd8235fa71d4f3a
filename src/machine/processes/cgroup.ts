import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** A group of processes that the kernel keeps: who is born in it stays in it, whatever session it opens. */
export interface Cgroup {
  readonly name: string;
  /** The file that takes the id of a process which is to be in it. */
  readonly door: string;
  add(pid: number): void;
  /** Of it and of all below it. */
  pids(): readonly number[];
  /** Ends every process in it at once, those too that are stopped or just being born. */
  kill(): void;
  /** True when it is gone: one that holds a process stays. */
  remove(): boolean;
}

/** Groups beside one another, in a folder of the kernel's. */
export interface Cgroups {
  readonly folder: string;
  /** Makes it, or takes the one that is there. */
  make(name: string): Cgroup;
  /** Those that are there and begin so. */
  list(prefix: string): readonly Cgroup[];
  /** Brings processes up into the group that these are below of. */
  takeIn(pids: readonly number[]): void;
}

/**
 * Groups below the one this process is in, when this machine has version 2 of them, lets us make one, and can end one
 * (`cgroup.kill`, Linux 5.14); else undefined.
 */
export function ownCgroups(proc = '/proc/self'): Cgroups | undefined {
  const folder = ownFolder(proc);
  if (folder === undefined || !isWritable(folder)) return undefined;
  const groups = cgroupsIn(folder);
  // The proof is to make one and to move nobody: what a container may do with its groups shows only when it tries.
  const name = `zester-probe-${process.pid}`;
  try {
    groups.make(name);
    const canKill = existsSync(join(folder, name, 'cgroup.kill'));
    return canKill ? groups : undefined;
  } catch {
    return undefined;
  } finally {
    groups.list(name)[0]?.remove();
  }
}

/** The groups of a folder laid out as the kernel does. */
export function cgroupsIn(folder: string): Cgroups {
  const at = (name: string): Cgroup => {
    const own = join(folder, name);
    const door = join(own, 'cgroup.procs');
    return {
      name,
      door,
      add: (pid) => enter(door, pid),
      pids: () => folders(own).flatMap(pidsOf),
      kill() {
        try {
          writeFileSync(join(own, 'cgroup.kill'), '1');
        } catch {
          // Gone with the last of them, or a kernel that cannot: who looks afterwards sees which.
        }
      },
      remove() {
        try {
          for (const each of folders(own).toReversed()) rmdirSync(each);
        } catch (error) {
          return isCode(error, 'ENOENT');
        }
        return true;
      },
    };
  };
  return {
    folder,
    make(name) {
      try {
        mkdirSync(join(folder, name));
      } catch (error) {
        if (!isCode(error, 'EEXIST')) throw error;
      }
      return at(name);
    },
    list: (prefix) =>
      subfolders(folder)
        .filter((name) => name.startsWith(prefix))
        .map(at),
    takeIn(pids) {
      for (const pid of pids) enter(join(folder, 'cgroup.procs'), pid);
    },
  };
}

function enter(door: string, pid: number): void {
  try {
    writeFileSync(door, String(pid));
  } catch (error) {
    // It has ended in between.
    if (!isCode(error, 'ESRCH')) throw error;
  }
}

/** Where the kernel shows the group of a process: its path below the mount, when the mount shows it at all. */
function ownFolder(proc: string): string | undefined {
  const path = read(join(proc, 'cgroup'))
    .split('\n')
    .find((line) => line.startsWith('0::'))
    ?.slice(3);
  const mount = read(join(proc, 'mountinfo'))
    .split('\n')
    .map((line) => line.split(' '))
    .find((fields) => fields[fields.indexOf('-') + 1] === 'cgroup2');
  const [, , , root, point] = mount ?? [];
  if (path === undefined || root === undefined || point === undefined) return undefined;
  if (root === '/') return join(point, path);
  return path === root || path.startsWith(`${root}/`) ? join(point, path.slice(root.length)) : undefined;
}

/** A group and all below it, from above. */
function folders(folder: string): readonly string[] {
  return [folder, ...subfolders(folder).flatMap((name) => folders(join(folder, name)))];
}

function subfolders(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    // It went away meanwhile.
    return [];
  }
}

function pidsOf(folder: string): readonly number[] {
  return read(join(folder, 'cgroup.procs')).split('\n').filter(Boolean).map(Number);
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Empty for what is not there, or goes away while it is read. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
