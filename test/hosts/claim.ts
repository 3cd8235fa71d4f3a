import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delay } from '#base/time.ts';

const hosts = join(tmpdir(), 'zester-hosts');
let count = 0;
let hasSwept = false;

/** A folder for one host, named for this process; what dead processes left behind is swept away first. */
export function claimFolder(name: string): string {
  if (!/^[a-zA-Z0-9-]{1,60}$/.test(name)) throw new TypeError(`"${name}" is no host name`);
  if (!hasSwept) sweep();
  hasSwept = true;
  const folder = join(hosts, `${process.pid}-${startTime(process.pid)}-${++count}-${name}`);
  fs.mkdirSync(folder, { recursive: true });
  return folder;
}

export async function dropFolder(folder: string): Promise<void> {
  // The mounts went with their namespace, which the kernel takes down a moment after its last process.
  await untilDone(() => fs.rmSync(folder, { recursive: true, force: true }));
}

/** A cgroup of the host's own, under the one hierarchy of version 2. */
export function cgroupFolder(folder: string): string {
  const place = join(cgroupRoot(), 'zester-hosts', folder.slice(hosts.length + 1));
  fs.mkdirSync(place, { recursive: true });
  return place;
}

export function cgroupRoot(): string {
  return fs.existsSync('/sys/fs/cgroup/cgroup.controllers') ? '/sys/fs/cgroup' : '/sys/fs/cgroup/unified';
}

/** Removes a cgroup whose processes were killed. */
export async function dropCgroup(place: string): Promise<void> {
  await untilDone(() => removeCgroup(place));
}

function removeCgroup(place: string): void {
  if (!fs.existsSync(place)) return;
  for (const each of fs.readdirSync(place, { withFileTypes: true })) {
    if (each.isDirectory()) removeCgroup(join(place, each.name));
  }
  fs.rmdirSync(place);
}

/** Clears away what processes that are no more had claimed. Their mounts died with them. */
export function sweep(): void {
  const cgroups = join(cgroupRoot(), 'zester-hosts');
  for (const name of fs.existsSync(hosts) ? fs.readdirSync(hosts) : []) {
    if (!isAbandoned(name)) continue;
    fs.rmSync(join(hosts, name), { recursive: true, force: true });
  }
  for (const name of fs.existsSync(cgroups) ? fs.readdirSync(cgroups) : []) {
    if (!isAbandoned(name) || !fs.statSync(join(cgroups, name)).isDirectory()) continue;
    fs.writeFileSync(join(cgroups, name, 'cgroup.kill'), '1');
    try {
      removeCgroup(join(cgroups, name));
    } catch {
      // Its processes are still ending: the next sweep finds it empty.
    }
  }
}

/** Start times tell a process from a later one with the same number. */
function isAbandoned(name: string): boolean {
  const match = /^(\d+)-(\d+)-/.exec(name);
  return match !== null && startTime(Number(match[1])) !== match[2];
}

function startTime(pid: number): string | undefined {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command, in parentheses, may hold spaces; the start time is the 20th field after it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

async function untilDone(attempt: () => void): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      attempt();
      return;
    } catch (error) {
      if (tries === 200) throw error;
      await delay(5);
    }
  }
}
