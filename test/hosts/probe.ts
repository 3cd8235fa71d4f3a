import * as fs from 'node:fs';
import { join } from 'node:path';
import { cgroupRoot } from './claim.ts';
import { output } from './host.ts';
import { onPath } from './programs.ts';
import { hasTree } from './tree.ts';

/** What this machine can do: `true`, or the reason why not. */
export interface Probe {
  /** Copies of this machine, with `throwAwayHost({ systemd: false })`. */
  readonly plain: true | string;
  /** A Debian with systemd, with `throwAwayHost({ systemd: true })`. */
  readonly systemd: true | string;
}

/** Why there is no systemd host where only its tree is missing. */
export const notBuilt = 'its Debian is not built yet ("npm run hosts" does it)';

let found: Probe | undefined;

/** Tries rather than guesses; once per process, unless something was installed since. */
export function probe({ again = false } = {}): Probe {
  if (again) found = undefined;
  if (found === undefined) {
    const plain = plainHosts();
    found = { plain, systemd: plain === true ? systemdHosts() : plain };
  }
  return found;
}

/**
 * What comes first in a test file: the reason to skip tests that need a host, for `{ skip }`, or `false` when they can
 * run. `further` is a reason of the file's own. With `ZESTER_HOSTS=require` a machine that cannot have hosts is an error,
 * so that the whole file fails.
 */
export async function skipReason(kind: keyof Probe, further: string | false = false): Promise<string | false> {
  const answer = probe()[kind];
  if (answer !== true && process.env.ZESTER_HOSTS === 'require') {
    throw new Error(`Hosts are required here, and cannot be had: ${answer}`);
  }
  const reason = answer === true ? further : answer;
  if (reason === false) return false;
  // Bun prints no reasons for skipped tests, and counts none of a `describe` that is skipped: without these two lines
  // nobody would know.
  process.stderr.write(`Tests on a ${kind} host are skipped: ${reason}\n`);
  const { test } = await import('node:test');
  test(`a ${kind} host`, { skip: reason }, () => {});
  return reason;
}

function plainHosts(): true | string {
  if (process.platform !== 'linux') return 'hosts are made of Linux namespaces';
  if (process.getuid?.() !== 0)
    return 'only root can copy the machine (run the tests as root, or in a container of your own)';
  const missing = ['unshare', 'nsenter', 'setpriv', 'pivot_root', 'mount', 'ip'].find((program) => !onPath(program));
  if (missing !== undefined) return `the program ${missing} is missing`;
  const script = [
    'd=$(mktemp -d)',
    'mount -t tmpfs tmpfs "$d"',
    'mkdir "$d/u" "$d/w" "$d/m"',
    'mount -t overlay -o "lowerdir=/,upperdir=$d/u,workdir=$d/w" overlay "$d/m"',
    'umount "$d/m" "$d"',
    'rmdir "$d"',
  ].join(' && ');
  try {
    output('unshare', '--mount', '--uts', '--ipc', '--pid', '--fork', '--propagation', 'private', 'sh', '-c', script);
    return true;
  } catch (error) {
    return `namespaces or overlays are refused: ${lastLine(error)}`;
  }
}

function systemdHosts(): true | string {
  const place = join(cgroupRoot(), 'zester-hosts');
  try {
    fs.mkdirSync(place, { recursive: true });
  } catch (error) {
    return `the cgroup hierarchy cannot be written: ${lastLine(error)}`;
  }
  if (!fs.existsSync(join(place, 'cgroup.kill'))) return 'there is no cgroup version 2 with cgroup.kill';
  raiseWatchLimit();
  return hasTree() ? true : notBuilt;
}

/** A systemd host takes eight watches; the default of 128 ends at the sixteenth host. */
function raiseWatchLimit(): void {
  const file = '/proc/sys/fs/inotify/max_user_instances';
  try {
    if (Number(fs.readFileSync(file, 'utf8')) < 1024) fs.writeFileSync(file, '4096');
  } catch {
    // A few hosts at a time work without.
  }
}

function lastLine(error: unknown): string {
  const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
  return text.trim().split('\n').at(-1) ?? '';
}
