import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process';
import * as fs from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { delay } from '#base/time.ts';
import { cgroupFolder, claimFolder, dropCgroup, dropFolder } from './claim.ts';
import { debianTree } from './tree.ts';

export interface HostOptions {
  /** Its host name: letters, digits and hyphens. */
  readonly name: string;
  /**
   * True boots a Debian of its own with systemd as PID 1 (a quarter of a second); false copies this very machine's
   * root file system, without an init system (50 ms, nothing to download).
   */
  readonly systemd?: boolean;
  /** The Debian that a systemd host is laid over; the prepared one of `debianTree()` when left out. */
  readonly tree?: string;
  /**
   * `machine` shares the machine's network, so that services on its loopback can be reached; `own` has a loopback
   * and no way out. A systemd host always has its own.
   */
  readonly network?: 'machine' | 'own';
  /** Folders of the machine that the host sees as they are, for writing too. */
  readonly binds?: readonly string[];
  /** Folders of the machine that the host sees as they are, and cannot change; below its own /tmp as well. */
  readonly reads?: readonly string[];
  /** Uses the machine's /tmp as copied instead of an empty one. */
  readonly keepTmp?: boolean;
}

export interface HostResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A machine made for one test: what happens there stays there, and is gone when it is disposed of. */
export interface Host extends AsyncDisposable {
  readonly name: string;
  /** The host's file system as this process sees it; absolute symlinks in it lead out, so resolve them inside. */
  readonly root: string;
  /** The host's PID 1, as this process knows it. */
  readonly leader: number;
  /** What the host's file system is made of: everything that changes there is in `changes`, over what stays as it was. */
  readonly layers: readonly HostLayer[];
  /** The argv that runs a command in the host, for tools that start it by themselves. */
  enter(argv: readonly string[], options?: EnterOptions): readonly [string, ...string[]];
  run(argv: readonly string[], options?: EnterOptions & { readonly input?: string }): Promise<HostResult>;
  spawn(argv: readonly string[], options?: EnterOptions & SpawnOptions): ChildProcess;
  /** Ends every process in it, at once. Disposing does it too. */
  kill(): Promise<void>;
}

/** A part of a host's file system: the folder `place` shows `changes` laid over `lower` (overlayfs: a device 0:0 is a hole). */
export interface HostLayer {
  readonly place: string;
  readonly lower: string;
  readonly changes: string;
}

export interface EnterOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

const here = dirname(fileURLToPath(import.meta.url));

/**
 * What no host may do to the machine. The clock above all: the first command that sets a time zone would move it.
 * `nsenter` drops nothing by itself, so the same list goes before every command.
 */
const forbidden = '-sys_time,-sys_module,-sys_rawio,-sys_boot,-mac_admin,-mac_override,-wake_alarm,-block_suspend';

/** Starts a host; `probe()` says beforehand whether this machine can, and why not. */
export async function throwAwayHost(options: HostOptions): Promise<Host> {
  const { name, systemd = false, tree, binds = [], reads = [], keepTmp = false } = options;
  const network = systemd ? 'own' : (options.network ?? 'machine');
  const drop = dropped(network);
  const lower = systemd ? (tree ?? (await debianTree())) : '/';
  const folder = claimFolder(name);
  for (const each of ['root', 'upper']) fs.mkdirSync(join(folder, each), { recursive: true });
  const cgroup = systemd ? cgroupFolder(folder) : undefined;
  const disks = systemd ? [] : otherDisks();
  const namespaces = ['--mount', '--uts', '--ipc', '--pid', ...(network === 'own' ? ['--net'] : [])];
  const unshare = [
    'unshare',
    ...namespaces,
    ...(systemd ? ['--cgroup'] : []),
    ...['--fork', '--kill-child=KILL', '--propagation', 'private', '/bin/sh', join(here, 'stage2.sh')],
  ];
  // The death of this process is the death of `unshare`, whose death is that of PID 1, and so of everything in there.
  const joinCgroup = cgroup === undefined ? '' : 'echo $$ > "$HOST_CGROUP/cgroup.procs"; ';
  const command = `${joinCgroup}exec setpriv --pdeathsig KILL "$@"`;
  const child = spawn('/bin/sh', ['-c', command, 'sh', ...unshare], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOST_DIR: folder,
      HOST_NAME: name,
      HOST_LOWER: lower,
      HOST_INIT: systemd ? 'systemd' : 'plain',
      HOST_NETWORK: network,
      HOST_OVERLAYS: disks.join('\n'),
      HOST_BINDS: binds.join('\n'),
      HOST_READS: reads.join('\n'),
      HOST_TMP: keepTmp ? '' : '/tmp',
      HOST_DROP: drop,
      ...(cgroup === undefined ? {} : { HOST_CGROUP: cgroup }),
    },
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let upper: number | undefined;
  const stop = async () => {
    if (upper !== undefined) fs.closeSync(upper);
    if (cgroup !== undefined) fs.writeFileSync(join(cgroup, 'cgroup.kill'), '1');
    child.kill('SIGKILL');
    await gone;
    if (cgroup !== undefined) await dropCgroup(cgroup);
    await dropFolder(folder);
  };
  try {
    const leader = await ready(child);
    // Held from out here: the mount is not to be seen in the host, and PID 1 closes what it inherits.
    upper = fs.openSync(`/proc/${leader}/fd/9`, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY);
    child.stdin.on('error', () => {}).end('go\n');
    const host = handle({ name, leader, layers: layersOf(upper, lower, disks), drop, cgroup, stop });
    if (systemd) await booted(host, gone);
    return host;
  } catch (error) {
    await stop();
    throw error;
  }
}

function layersOf(upper: number, lower: string, disks: readonly string[]): readonly HostLayer[] {
  const changes = (name: string) => `/proc/self/fd/${upper}/${name}`;
  const others = disks.map((disk, index) => ({ place: disk, lower: disk, changes: changes(`disk${index + 1}`) }));
  return [{ place: '/', lower, changes: changes('tree') }, ...others];
}

interface HandleParts {
  readonly name: string;
  readonly leader: number;
  readonly layers: readonly HostLayer[];
  readonly drop: string;
  readonly cgroup: string | undefined;
  readonly stop: () => Promise<void>;
}

function handle({ name, leader, layers, drop, cgroup, stop }: HandleParts): Host {
  let stopped: Promise<void> | undefined;
  const kill = () => {
    stopped ??= stop();
    return stopped;
  };
  const host: Host = {
    name,
    leader,
    layers,
    root: `/proc/${leader}/root`,
    enter: (argv, options) => entering({ leader, drop, cgroup }, argv, options),
    spawn(argv, { cwd, env, ...options } = {}) {
      const [file, ...args] = host.enter(argv, {
        ...(cwd && { cwd }),
        ...(env && { env: env as Record<string, string> }),
      });
      return spawn(file, args, options);
    },
    run: (argv, { input, ...options } = {}) => collected(host.spawn(argv, options), input),
    kill,
    [Symbol.asyncDispose]: kill,
  };
  return host;
}

function entering(
  { leader, drop, cgroup }: Pick<HandleParts, 'leader' | 'drop' | 'cgroup'>,
  argv: readonly string[],
  { cwd = '/', env = {} }: EnterOptions = {},
): readonly [string, ...string[]] {
  const inside = [
    ...['nsenter', '--target', String(leader), '--mount', '--uts', '--ipc', '--net', '--pid', '--root'],
    ...(cgroup === undefined ? [] : ['--cgroup']),
    `--wd=/proc/${leader}/root${cwd}`,
    ...['setpriv', '--bounding-set', drop, 'env', '-i'],
    ...Object.entries({ ...environment, ...env }).map(([key, value]) => `${key}=${value}`),
    ...argv,
  ];
  if (cgroup === undefined) return inside as [string, ...string[]];
  // systemd refuses processes in a cgroup it does not know, and its own must stay free of strangers.
  const join = `mkdir -p ${cgroup}/visitors; echo $$ > ${cgroup}/visitors/cgroup.procs; exec "$@"`;
  return ['/bin/sh', '-c', join, 'sh', ...inside];
}

const environment = {
  HOME: '/root',
  USER: 'root',
  LANG: 'C.UTF-8',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
};

/** A host on the machine's network must not change it. */
function dropped(network: string): string {
  return network === 'machine' ? `${forbidden},-net_admin` : forbidden;
}

/** The pid of the host's first process, once its file systems are in place. */
async function ready(child: ChildProcess): Promise<number> {
  let [out, err] = ['', ''];
  child.stderr?.on('data', (chunk) => {
    err += chunk;
  });
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', (chunk) => {
      out += chunk;
      const match = /^ready (\d+)$/m.exec(out);
      if (match !== null) resolve(Number(match[1]));
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`The host ended before it was ready: ${err.trim() || out.trim()}`)));
  });
}

async function booted(host: Host, gone: Promise<void>): Promise<void> {
  let hasEnded = false;
  void gone.then(() => {
    hasEnded = true;
  });
  while (!fs.existsSync(`${host.root}/run/systemd/private`)) {
    if (hasEnded) throw new Error('The host ended while systemd started');
    await delay(3);
  }
  const { stdout } = await host.run(['systemctl', 'is-system-running', '--wait']);
  if (stdout.trim() === 'running') return;
  const failed = await host.run(['systemctl', '--failed', '--no-pager', '--plain']);
  throw new Error(`systemd is "${stdout.trim()}" in the host: ${failed.stdout}`);
}

function collected(child: ChildProcess, input = ''): Promise<HostResult> {
  return new Promise((resolve, reject) => {
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      stderr += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 255, stdout, stderr }));
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** Mount points of further real disks, which an overlay of `/` shows as empty folders. */
function otherDisks(): readonly string[] {
  const lines = fs.readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const mounts = lines.map((line) => line.split(' '));
  return mounts.flatMap(([, place = '', type = '']) => {
    const isDisk = /^(ext[234]|xfs|btrfs|zfs|f2fs|overlay|9p|virtiofs|fuseblk)$/.test(type);
    return isDisk && place !== '/' && !place.includes('\\') && fs.statSync(place).isDirectory() ? [place] : [];
  });
}

/** The output of a program of the machine; what it says on failure is in the error. */
export function output(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
