import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { onPath } from './programs.ts';

const suite = 'bookworm';

/** Small on purpose: the tree is built once on every fresh machine. */
const packages = [
  ...['systemd', 'systemd-sysv', 'dbus', 'procps', 'iproute2', 'passwd', 'ca-certificates', 'cron', 'logrotate'],
  ...['util-linux', 'apt-utils', 'hostname', 'init-system-helpers'],
];

/** Units that make no sense, or noise, in a host that shares its kernel with others. */
const masked = [
  ...['getty.target', 'console-getty.service', 'systemd-udevd.service', 'systemd-udev-trigger.service'],
  ...['sys-kernel-debug.mount', 'sys-kernel-tracing.mount', 'sys-kernel-config.mount', 'dev-hugepages.mount'],
  ...['apt-daily.timer', 'apt-daily-upgrade.timer', 'e2scrub_all.timer', 'fstrim.timer', 'dpkg-db-backup.timer'],
];

/** What a Debian that hosts are laid over is made of. */
export interface TreeRecipe {
  readonly packages: readonly string[];
  /** Finishes it; gets its folder. */
  readonly prepare: (tree: string) => void | Promise<void>;
  /** All that `prepare` goes by: the tree is built again when any of it changes. */
  readonly key: readonly unknown[];
}

const hostRecipe: TreeRecipe = { packages, prepare, key: [masked, prepare.toString()] };

/**
 * A prepared Debian: built on first use (half a minute of work), then kept in `$ZESTER_CACHE` (or `~/.cache/zester`) under
 * the hash of what it is made of, for every checkout.
 */
export async function debianTree(recipe: TreeRecipe = hostRecipe): Promise<string> {
  const place = treeFolder(recipe);
  if (fs.existsSync(place)) return place;
  const why = cannotBuild();
  if (why !== undefined) throw new Error(`Cannot build the Debian tree for hosts: ${why}`);
  fs.mkdirSync(dirname(place), { recursive: true });
  const building = `${place}.${process.pid}`;
  try {
    execFileSync('mmdebstrap', mmdebstrapOptions(recipe, building), { stdio: ['ignore', 'ignore', 'pipe'] });
    await recipe.prepare(building);
    fs.renameSync(building, place);
  } catch (error) {
    fs.rmSync(building, { recursive: true, force: true });
    // Another process may have been quicker.
    if (fs.existsSync(place)) return place;
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().slice(-500) : String(error);
    throw new Error(`Cannot build the Debian tree for hosts: ${said}`, { cause: error });
  }
  return place;
}

export function hasTree(): boolean {
  return fs.existsSync(treeFolder(hostRecipe));
}

/** Why this machine cannot build the tree, if so. */
function cannotBuild(): string | undefined {
  if (!onPath('mmdebstrap')) return 'the program mmdebstrap is missing (apt-get install mmdebstrap)';
  return mirror() === undefined ? 'no Debian mirror is configured in /etc/apt' : undefined;
}

function treeFolder({ packages: names, key }: TreeRecipe): string {
  const cache = process.env.ZESTER_CACHE ?? join(homedir(), '.cache', 'zester');
  const recipe = createHash('sha256').update(JSON.stringify([suite, names, ...key]));
  return join(cache, 'hosts', `${suite}-${recipe.digest('hex').slice(0, 12)}`);
}

function mmdebstrapOptions({ packages: names }: TreeRecipe, place: string): readonly string[] {
  return [
    ...['--quiet', '--variant=minbase', '--format=directory', `--include=${names.join(',')}`],
    ...['--aptopt=APT::Install-Recommends "false"', '--aptopt=Acquire::Languages "none"'],
    ...['--dpkgopt=path-exclude=/usr/share/doc/*', '--dpkgopt=path-exclude=/usr/share/man/*'],
    ...[suite, place, mirror() ?? ''],
  ];
}

/** The mirror this machine itself uses. */
export function mirror(): string | undefined {
  const files = ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list'].filter((each) =>
    fs.existsSync(each),
  );
  for (const file of files) {
    const match = /^(?:URIs:\s*|deb\s+(?:\[[^\]]*\]\s*)?)(\S+)/m.exec(fs.readFileSync(file, 'utf8'));
    if (match !== null) return match[1];
  }
  return undefined;
}

function prepare(tree: string): void {
  const at = (path: string) => join(tree, path);
  // Empty: every host makes its own at boot.
  fs.writeFileSync(at('etc/machine-id'), '');
  fs.rmSync(at('var/lib/dbus/machine-id'), { force: true });
  fs.rmSync(at('etc/resolv.conf'), { force: true });
  fs.writeFileSync(at('etc/resolv.conf'), '');
  for (const unit of masked) {
    fs.rmSync(at(`etc/systemd/system/${unit}`), { force: true });
    fs.symlinkSync('/dev/null', at(`etc/systemd/system/${unit}`));
  }
  // Debian's own files set keys of the whole machine, which a host may not.
  for (const file of fs.readdirSync(at('usr/lib/sysctl.d'))) fs.rmSync(at(`usr/lib/sysctl.d/${file}`));
  fs.rmSync(at('etc/sysctl.d/99-sysctl.conf'), { force: true });
  fs.rmSync(at('var/cache/apt/archives'), { recursive: true, force: true });
}
