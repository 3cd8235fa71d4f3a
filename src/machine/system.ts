import { delay } from '#base/time.ts';
import type { Files, Mount, NetworkInterface, System } from './machine.ts';

/** What no file tells: answers of system calls. */
export interface SystemCalls {
  hostname(): string;
  kernel(): { readonly name: string; readonly release: string; readonly arch: string };
  /** Interface name → addresses as CIDR. */
  addresses(): ReadonlyMap<string, readonly string[]>;
  /** Bytes of the file system at a mount point. */
  space(mountpoint: string): Promise<Space>;
}

interface Space {
  readonly total: number;
  readonly used: number;
  readonly free: number;
}

const noSpace: Space = { total: 0, used: 0, free: 0 };

/** A dead file server must not hold up everything else that is asked of a machine. */
const spaceTimeoutMs = 2_000;

/** The system port on Linux: `/proc`, `/sys` and `/etc/os-release` through `files`, the rest through `calls`. */
export function linuxSystem(files: Pick<Files, 'read' | 'list'>, calls: SystemCalls): System {
  const text = async (path: string) => {
    const content = await files.read(path);
    return content && new TextDecoder().decode(content);
  };
  return {
    hostname: async () => calls.hostname(),
    release: async () => parseRelease((await text('/etc/os-release')) ?? (await text('/usr/lib/os-release')) ?? ''),
    kernel: async () => calls.kernel(),
    uptime: async () => Number.parseFloat((await text('/proc/uptime')) ?? '0'),
    async processors() {
      const processors = parseProcessors((await text('/proc/cpuinfo')) ?? '');
      const highest = await text('/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq');
      return highest === undefined ? processors : { ...processors, mhz: Number(highest) / 1_000 };
    },

    memory: async () => parseMemory((await text('/proc/meminfo')) ?? ''),
    load: async () => parseLoad((await text('/proc/loadavg')) ?? ''),

    async interfaces() {
      const addresses = calls.addresses();
      const known = (await files.list('/sys/class/net')) ?? [];
      const names = new Set([...addresses.keys(), ...known]);
      return Promise.all([...names].map((name) => readInterface(name, addresses.get(name) ?? [], text)));
    },

    async mounts() {
      const mounts = parseMounts((await text('/proc/self/mounts')) ?? (await text('/proc/mounts')) ?? '');
      return Promise.all(
        mounts.map(async (mount) => ({ ...mount, ...(isPseudo(mount.type) ? noSpace : await space(mount, calls)) })),
      );
    },
  };
}

/** `/etc/os-release`: shell assignments, with and without quotes. */
export function parseRelease(text: string): Readonly<Record<string, string>> {
  const lines = [...text.matchAll(/^\s*([A-Z0-9_]+)=(.*)$/gm)];
  return Object.fromEntries(lines.map(([, key = '', value = '']) => [key, unquote(value.trim())]));
}

export function parseProcessors(text: string): Awaited<ReturnType<System['processors']>> {
  const values = (key: string) =>
    [...text.matchAll(new RegExp(`^${key}\\s*:\\s*(.*)$`, 'gim'))].map(([, value = '']) => value.trim());
  const count = values('processor').length;
  // A core is told by its number within its socket; hyper-threads share one.
  const sockets = values('physical id');
  const cores = new Set(values('core id').map((core, index) => `${sockets[index]}:${core}`)).size;
  const [size, unit] = (values('cache size')[0] ?? '').split(' ');
  return {
    count,
    cores: cores || count,
    cache: Number(size || 0) * (unit === 'KB' ? 1024 : 1),
    // ARM kernels name no model per processor: the board or the implementer is the best there is.
    model: values('model name')[0] ?? values('Hardware')[0] ?? values('cpu model')[0] ?? '',
    vendor: values('vendor_id')[0] ?? values('CPU implementer')[0] ?? '',
    flags: (values('flags')[0] ?? values('Features')[0] ?? '').split(' ').filter((flag) => flag !== ''),
    mhz: Number(values('cpu MHz')[0] ?? 0),
  };
}

export function parseMemory(text: string): Awaited<ReturnType<System['memory']>> {
  const lines = [...text.matchAll(/^([\w()]+):\s+(\d+) kB$/gm)];
  const bytes = new Map(lines.map(([, key = '', kilobytes]) => [key, Number(kilobytes) * 1024]));
  const of = (key: string) => bytes.get(key) ?? 0;
  return {
    total: of('MemTotal'),
    // Kernels before 3.14 have no MemAvailable.
    available: bytes.get('MemAvailable') ?? of('MemFree') + of('Buffers') + of('Cached'),
    free: of('MemFree'),
    swapTotal: of('SwapTotal'),
    swapFree: of('SwapFree'),
  };
}

export function parseLoad(text: string): readonly [number, number, number] {
  const [one = 0, five = 0, fifteen = 0] = text.split(' ').slice(0, 3).map(Number);
  return [one, five, fifteen];
}

/** `/proc/mounts`; the last mount on a place hides those before it. */
export function parseMounts(text: string): readonly Omit<Mount, keyof Space>[] {
  const mounts = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [device = '', mountpoint = '', type = '', options = ''] = line.split(' ').map(unescapeOctal);
      return { device, mountpoint, type, options: options.split(',') };
    });
  return [...new Map(mounts.map((mount) => [mount.mountpoint, mount])).values()];
}

const pseudoTypes =
  /^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|efivarfs|fusectl|hugetlbfs|mqueue|nsfs|proc|pstore|rpc_pipefs|securityfs|sysfs|tracefs)$/;

/** True for file systems that the kernel makes up: they have no size. */
export function isPseudo(type: string): boolean {
  return pseudoTypes.test(type);
}

async function space({ mountpoint }: { readonly mountpoint: string }, calls: SystemCalls): Promise<Space> {
  const timer = new AbortController();
  const late = delay(spaceTimeoutMs, timer.signal).then(() => noSpace);
  // A mount that this process may not look into is listed, without its size.
  const asked = calls.space(mountpoint).catch(() => noSpace);
  try {
    return await Promise.race([asked, late]);
  } finally {
    timer.abort();
  }
}

async function readInterface(
  name: string,
  addresses: readonly string[],
  text: (path: string) => Promise<string | undefined>,
): Promise<NetworkInterface> {
  const folder = `/sys/class/net/${name}`;
  const flags = Number((await text(`${folder}/flags`))?.trim() ?? 0);
  // IFF_UP is bit 0.
  return { name, mac: (await text(`${folder}/address`))?.trim() ?? '', up: (flags & 1) === 1, addresses };
}

function unquote(value: string): string {
  const quoted = /^(["'])(.*)\1$/.exec(value);
  return quoted === null ? value : (quoted[2] ?? '').replace(/\\(["'$`\\])/g, '$1');
}

/** Spaces and tabs in `/proc/mounts` are written as `\040` and the like. */
function unescapeOctal(field: string): string {
  return field.replace(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
