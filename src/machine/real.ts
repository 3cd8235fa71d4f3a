import * as fs from 'node:fs';
import * as os from 'node:os';
import { type RealCommandsOptions, realCommands } from './commands.ts';
import { providerMissing } from './errors.ts';
import { familyOf } from './family.ts';
import { realFiles } from './files.ts';
import type { Commands, Files, Groups, Machine, Packages, Services, System, Users } from './machine.ts';
import { createMemory, type Memory, noMemory } from './memory.ts';
import { packageProviders } from './packages/providers.ts';
import { type About, choose, once, type Provider, type Tools } from './provider.ts';
import { serviceProviders } from './services/providers.ts';
import { linuxSystem, parseRelease, type SystemCalls } from './system.ts';

export interface RealMachineOptions {
  /**
   * A folder that stands for `/`: files are taken inside it, and users and groups are those of its `/etc`. Such a
   * machine has no packages and no services of its own; commands are the real machine's.
   */
  readonly root?: string | undefined;
  /** Facts that spare reading `/etc/os-release`: only `os.family` is looked at. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** Whether what is read of packages, services and accounts counts until something is written: for one run. */
  readonly remembers?: boolean;
  /** What commands are run with: the job they belong to. */
  readonly running?: Pick<RealCommandsOptions, 'job' | 'cgroups'> | undefined;
}

/** The machine this process runs on. Providers are chosen when first asked for, and loaded only then. */
export function realMachine({ root, facts, running, remembers }: RealMachineOptions = {}): Machine {
  const files = realFiles({ root });
  const commands = realCommands({ root, ...running });
  const about = aboutFolder(root ?? '', facts);
  return composedMachine({
    files,
    commands,
    about: root === undefined ? about : { ...about, has: () => false, exists: () => false },
    remembers,
  });
}

export interface MachineParts {
  readonly files: Files;
  readonly commands: Commands;
  readonly about: About;
  readonly remembers?: boolean | undefined;
}

/** A machine from its two hands, files and commands: everything else is done with them. */
export function composedMachine({ files, commands, about, remembers = false }: MachineParts): Machine {
  const memory = remembers ? createMemory() : noMemory;
  // Lists of packages are only old when somebody else than the package manager was at work.
  const lists = remembers ? createMemory() : noMemory;
  const foreign = <T>(change: () => Promise<T>) => lists.changing(() => memory.changing(change));
  const tools: Tools = { files, commands, memory };
  const accounts = once(() => loadAccounts(tools, about));
  return {
    files: changingFiles(files, foreign),
    commands: { ...commands, run: (argv, options) => foreign(() => commands.run(argv, options)) },
    groups: lazyGroups(async () => (await accounts()).groups, memory),
    users: lazyUsers(async () => (await accounts()).users, memory),
    packages: lazyPackages(tools, about, { memory, lists }),
    services: lazyServices(tools, about, memory),
    system: realSystem(files),
  };
}

/** What the choice of providers looks at, in a folder that stands for `/` (empty for the machine itself). */
export function aboutFolder(root: string, facts?: Readonly<Record<string, unknown>>): About {
  const exists = (path: string) => fs.lstatSync(root + path, { throwIfNoEntry: false }) !== undefined;
  const known = facts?.os;
  const family = typeof known === 'object' && known !== null && 'family' in known ? String(known.family) : undefined;
  return {
    get family() {
      return family ?? familyOf(releaseOf(root));
    },
    has: (program) => programFolders.some((folder) => exists(`${folder}/${program}`)),
    exists,
  };
}

const programFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

function releaseOf(root: string): Readonly<Record<string, string>> {
  for (const path of ['/etc/os-release', '/usr/lib/os-release']) {
    try {
      return parseRelease(fs.readFileSync(root + path, 'utf8'));
    } catch {
      // Not there, or a link that leads out of the folder: the next place, then none.
    }
  }
  return {};
}

async function loadAccounts(
  tools: Tools,
  { has, exists }: About,
): Promise<{ readonly groups: Groups; readonly users: Users }> {
  if (has('useradd')) {
    return {
      groups: (await import('./groups/shadow.ts')).shadowGroups(tools),
      users: (await import('./users/shadow.ts')).shadowUsers(tools),
    };
  }
  if (exists('/bin/busybox') && has('adduser')) {
    const groups = (await import('./groups/busybox.ts')).busyboxGroups(tools);
    return { groups, users: (await import('./users/busybox.ts')).busyboxUsers(tools, groups) };
  }
  // A folder, or a machine without any tool for it: the files themselves.
  return (await import('./users/files.ts')).fileAccounts(tools.files);
}

type Changing = Memory['changing'];

function changingFiles(files: Files, changing: Changing): Files {
  return {
    ...files,
    write: (path, content, options) => changing(() => files.write(path, content, options)),
    makeDirectory: (path, options) => changing(() => files.makeDirectory(path, options)),
    link: (path, target, options) => changing(() => files.link(path, target, options)),
    remove: (path) => changing(() => files.remove(path)),
    rename: (from, to) => changing(() => files.rename(from, to)),
    setMode: (path, mode) => changing(() => files.setMode(path, mode)),
    setOwner: (path, owner) => changing(() => files.setOwner(path, owner)),
  };
}

function lazyGroups(load: () => Promise<Groups>, { changing }: Memory): Groups {
  return {
    find: async (name) => (await load()).find(name),
    list: async () => (await load()).list(),
    add: async (name, options) => changing(async () => (await load()).add(name, options)),
    setId: async (name, gid, options) => changing(async () => (await load()).setId(name, gid, options)),
    setMembers: async (name, members) => changing(async () => (await load()).setMembers(name, members)),
    remove: async (name) => changing(async () => (await load()).remove(name)),
  };
}

function lazyUsers(load: () => Promise<Users>, { changing }: Memory): Users {
  return {
    find: async (name) => (await load()).find(name),
    list: async () => (await load()).list(),
    add: async (name, wish) => changing(async () => (await load()).add(name, wish)),
    change: async (name, wish) => changing(async () => (await load()).change(name, wish)),
    remove: async (name, options) => changing(async () => (await load()).remove(name, options)),
    passwordHash: async (name) => (await load()).passwordHash(name),
    setPasswordHash: async (name, hash) => changing(async () => (await load()).setPasswordHash(name, hash)),
    passwordAges: async (name) => (await load()).passwordAges(name),
    setPasswordAges: async (name, ages) => changing(async () => (await load()).setPasswordAges(name, ages)),
  };
}

/** The port of the provider that suits now; where none does, the next call looks again: one may have been installed. */
function chosen<Port>(port: 'packages' | 'services', providers: readonly Provider<Port>[], tools: Tools, about: About) {
  let provider: Provider<Port> | undefined;
  const current = () => {
    provider ??= choose(providers, about);
    return provider;
  };
  const load = once(async () => {
    const found = current();
    if (found === undefined) throw providerMissing(port);
    return (await found.load())(tools);
  });
  return { name: () => current()?.name ?? 'none', load };
}

function lazyPackages(
  tools: Tools,
  about: About,
  { memory: { changing }, lists }: { readonly memory: Memory; readonly lists: Memory },
): Packages {
  const { name, load } = chosen('packages', packageProviders, tools, about);
  return {
    get provider() {
      return name();
    },
    knows: async () => (await load()).knows(),
    installed: async (names) => (await load()).installed(names),
    available: async (names, options) => (await load()).available(names, options),
    versions: async (names, options) => (await load()).versions(names, options),
    describe: async (file) => (await load()).describe(file),
    upgrades: async (options) => (await load()).upgrades(options),
    refresh: (options = {}) =>
      lists.recall(JSON.stringify(options), () => changing(async () => (await load()).refresh(options))),
    install: async (packages, options) => changing(async () => (await load()).install(packages, options)),
    remove: async (names, options) => changing(async () => (await load()).remove(names, options)),
    upgrade: async (options) => changing(async () => (await load()).upgrade(options)),
    remnants: async (names) => (await load()).remnants(names),
    held: async () => (await load()).held(),
    hold: async (names) => changing(async () => (await load()).hold(names)),
    release: async (names) => changing(async () => (await load()).release(names)),
  };
}

function lazyServices(tools: Tools, about: About, { changing }: Memory): Services {
  const { name, load } = chosen('services', serviceProviders, tools, about);
  return {
    get provider() {
      return name();
    },
    find: async (service) => (await load()).find(service),
    list: async () => (await load()).list(),
    start: async (service, options) => changing(async () => (await load()).start(service, options)),
    stop: async (service, options) => changing(async () => (await load()).stop(service, options)),
    restart: async (service, options) => changing(async () => (await load()).restart(service, options)),
    reload: async (service) => changing(async () => (await load()).reload(service)),
    enable: async (service) => changing(async () => (await load()).enable(service)),
    disable: async (service) => changing(async () => (await load()).disable(service)),
    mask: async (service, options) => changing(async () => (await load()).mask(service, options)),
    unmask: async (service, options) => changing(async () => (await load()).unmask(service, options)),
    reread: async () => changing(async () => (await load()).reread()),
  };
}

/** `/etc` through the machine's files; the kernel's own files always from the kernel, also for a folder. */
function realSystem(files: Files): System {
  const kernelFiles = realFiles();
  const from = (path: string) => (/^\/(proc|sys)\//.test(path) ? kernelFiles : files);
  return linuxSystem({ read: (path) => from(path).read(path), list: (path) => from(path).list(path) }, systemCalls);
}

const systemCalls: SystemCalls = {
  hostname: () => os.hostname(),
  kernel: () => ({ name: os.type(), release: os.release(), arch: os.machine() }),
  addresses() {
    const entries = Object.entries(os.networkInterfaces());
    return new Map(entries.map(([name, list = []]) => [name, list.flatMap(({ cidr }) => cidr ?? [])]));
  },
  async space(mountpoint) {
    const { bsize, blocks, bfree, bavail } = await fs.promises.statfs(mountpoint);
    // Free is what an ordinary user may still take, as df says.
    return { total: blocks * bsize, used: (blocks - bfree) * bsize, free: bavail * bsize };
  },
};
