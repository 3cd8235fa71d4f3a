import { isError } from '#base/errors.ts';
import { delay } from '#base/time.ts';
import { packageFileInvalid, packageUnknown, packageVersionUnknown } from '../errors.ts';
import type { CommandResult, PackageOptions, PackageSources, Packages, PackageWish } from '../machine.ts';
import { noMemory } from '../memory.ts';
import type { Tools } from '../provider.ts';
import { diskFull, packageFailure, quoted, type Reason, refuseOptions } from './failure.ts';

/** How long another apt or dpkg may keep its lock before Zester gives up: unattended upgrades take minutes. */
const lockTimeoutMs = 300_000;
const lockPauseMs = 2_000;

/**
 * Nobody is there to answer: no debconf questions, no pagers, no restarts by needrestart behind Zester's back; files
 * an administrator has changed stay as they are. `C` because answers are read.
 */
const environment = {
  LC_ALL: 'C',
  DEBIAN_FRONTEND: 'noninteractive',
  DEBIAN_PRIORITY: 'critical',
  APT_LISTCHANGES_FRONTEND: 'none',
  APT_LISTBUGS_FRONTEND: 'none',
  UCF_FORCE_CONFFOLD: '1',
  NEEDRESTART_SUSPEND: '1',
};

const quietly = ['-q', '-y', '-o', `DPkg::Lock::Timeout=${lockTimeoutMs / 1_000}`];

/** The package's default where nobody touched the file, else what is there. */
const keepConfiguration = ['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold'];
const replaceConfiguration = ['-o', 'Dpkg::Options::=--force-confnew'];

export const aptOptions = [
  'from',
  'recommends',
  'unverified',
  'onlyUpgrade',
  'reinstall',
  'newConfiguration',
  'settings',
] as const satisfies readonly (keyof PackageOptions)[];

/** Packages of Debian and its kin, with apt and dpkg. */
export function aptPackages(tools: Tools, pause: (ms: number) => Promise<void> = delay): Packages {
  const { files, commands, memory = noMemory } = tools;
  const ask = (argv: readonly [string, ...string[]]) => commands.run(argv, { env: environment });

  /** Runs apt, waiting for a lock that it does not wait for itself: that on the lists. */
  async function change(action: string, argv: readonly [string, ...string[]]): Promise<void> {
    for (let waited = 0; ; waited += lockPauseMs) {
      const result = await ask(argv);
      if (result.code === 0) return;
      if (!isLocked(result) || waited >= lockTimeoutMs) throw refusal(action, result);
      await pause(lockPauseMs);
    }
  }

  /** All of them: versions, holds, remnants and what is provided come with one read. */
  const database = () =>
    memory.recall('dpkg', async (): Promise<Database> => {
      const result = await ask(['dpkg-query', '--show', '--showformat', dpkgFormat]);
      if (result.code !== 0) throw refusal('read the installed packages', result);
      const first = textOf(await files.read('/var/lib/dpkg/arch')).split('\n')[0];
      return { records: parseDpkg(result.stdout), native: first };
    });

  async function policy(names: readonly string[], { from }: PackageSources = {}): Promise<readonly Policy[]> {
    if (names.length === 0) return [];
    const release = from === undefined ? [] : ['-o', `APT::Default-Release=${from}`];
    return memory.recall(`apt-cache ${[from, ...names].join(' ')}`, async () => {
      const result = await ask(['apt-cache', ...release, 'policy', ...names]);
      if (result.code !== 0) throw refusal('read the package lists', result);
      return parsePolicy(result.stdout);
    });
  }

  async function refresh(): Promise<void> {
    await change('refresh the package lists', ['apt-get', ...quietly, 'update']);
  }

  const install = (wishes: readonly PackageWish[], options: PackageOptions) =>
    change(`install ${quoted(wishes.map(({ name }) => name))}`, [
      ...(['apt-get', ...quietly] as const),
      ...installOptions(options),
      'install',
      ...wishes.map(({ name, version, file }) => file ?? (version === undefined ? name : `${name}=${version}`)),
    ]);

  const hasLists = async () => ((await files.list('/var/lib/apt/lists')) ?? []).some((name) => /_Packages/.test(name));

  return {
    provider: 'apt',
    knows: async () => aptOptions,
    refresh,

    async installed(names) {
      if (names?.length === 0) return new Map();
      const { records, native } = await database();
      const present = records.filter(({ status }) => status === 'installed');
      if (names === undefined) return named(present, native);
      const found = chosen(names, present, native);
      return new Map([...found, ...provided(names, found, present)]);
    },

    async available(names, options) {
      const offers = (await policy(names, options)).filter(({ candidate, offered }) =>
        offered.includes(candidate ?? ''),
      );
      return new Map(offers.map(({ name, candidate = '' }) => [name, candidate]));
    },

    async versions(names, options) {
      const offers = (await policy(names, options)).filter(({ offered }) => offered.length > 0);
      return new Map(offers.map(({ name, offered }) => [name, [...new Set(offered)]]));
    },

    async describe(file) {
      const argv = ['dpkg-deb', '--show', '--showformat', `\${Package}\\t\${Version}\\n`] as const;
      const isPath = typeof file === 'string';
      const input = isPath ? {} : { input: file };
      const result = await commands.run([...argv, isPath ? file : '-'], { env: environment, ...input });
      const [name, version] = result.stdout.trim().split('\t');
      if (result.code === 0 && name && version) return { name, version };
      throw packageFileInvalid(isPath ? file : 'the file', { stderr: result.stderr });
    },

    async upgrades({ dist = false } = {}) {
      const verb = dist ? ['dist-upgrade'] : ['--with-new-pkgs', 'upgrade'];
      return memory.recall(`apt-get ${verb.join(' ')}`, async () => {
        const result = await ask(['apt-get', '-q', '--simulate', ...verb]);
        if (result.code !== 0) throw refusal('look for upgrades', result);
        return parseSimulation(result.stdout);
      });
    },

    async install(wishes, options = {}) {
      if (wishes.length === 0) return;
      refuseOptions(options, aptOptions, 'apt');
      try {
        await install(wishes, options);
      } catch (error) {
        // dpkg was killed half-way some time before: finish that first, as its own message asks.
        if (isError(error, 'PACKAGE_INTERRUPTED')) {
          await change('finish an interrupted installation', [
            'dpkg',
            '--configure',
            '-a',
            '--force-confdef',
            '--force-confold',
          ]);
        } else if (
          isError(error, 'PACKAGE_FETCH_FAILED') ||
          (isError(error, 'PACKAGE_UNKNOWN') && !(await hasLists()))
        ) {
          // The lists are older than the repository, or were never fetched.
          await refresh();
        } else throw error;
        await install(wishes, options);
      }
    },

    async remove(names, { purge = false } = {}) {
      if (names.length === 0) return;
      const gone = purge ? ['not-installed'] : ['not-installed', 'config-files'];
      const { records, native } = await database();
      const present = records.filter(({ status }) => !gone.includes(status));
      const targets = [...chosen(names, present, native).keys()];
      if (targets.length === 0) return;
      const verb = purge ? 'purge' : 'remove';
      await change(`${verb} ${quoted(targets)}`, ['apt-get', ...quietly, ...keepConfiguration, verb, ...targets]);
    },

    upgrade: ({ dist = false } = {}) =>
      change('upgrade the packages', [
        ...(['apt-get', ...quietly, ...keepConfiguration] as const),
        ...(dist ? ['dist-upgrade'] : ['--with-new-pkgs', 'upgrade']),
      ]),

    async remnants(names) {
      if (names.length === 0) return [];
      const { records, native } = await database();
      const left = records.filter(({ status }) => status === 'config-files');
      return [...chosen(names, left, native).keys()].toSorted();
    },

    async held() {
      const { records, native } = await database();
      const held = records.filter(({ wish }) => wish === 'hold');
      return [...named(held, native).keys()].toSorted();
    },

    async hold(names) {
      if (names.length > 0) await change('hold packages', ['apt-mark', 'hold', ...names]);
    },

    async release(names) {
      if (names.length > 0) await change('release packages', ['apt-mark', 'unhold', ...names]);
    },
  };
}

function installOptions(options: PackageOptions): readonly string[] {
  const { from, recommends, unverified, onlyUpgrade, reinstall, newConfiguration, settings = [] } = options;
  return [
    ...(newConfiguration ? replaceConfiguration : keepConfiguration),
    ...settings.flatMap((setting) => ['-o', setting]),
    ...(recommends === undefined ? [] : [recommends ? '--install-recommends' : '--no-install-recommends']),
    ...(unverified ? ['--allow-unauthenticated'] : []),
    ...(onlyUpgrade ? ['--only-upgrade'] : []),
    ...(reinstall ? ['--reinstall'] : []),
    ...(from === undefined ? [] : ['--target-release', from]),
    '--allow-downgrades',
  ];
}

interface Database {
  readonly records: readonly Dpkg[];
  /** The architecture of the machine itself; unknown where it has only one. */
  readonly native: string | undefined;
}

export interface Dpkg {
  readonly name: string;
  readonly arch: string;
  readonly version: string;
  /** `installed`, `config-files`, `half-configured`… */
  readonly status: string;
  /** What is asked of it: `install`, `hold`, `deinstall`… */
  readonly wish: string;
  readonly provides: string;
}

const dpkgFormat = `\${Package}\\t\${Architecture}\\t\${Version}\\t\${db:Status-Status}\\t\${db:Status-Want}\\t\${Provides}\\n`;

export function parseDpkg(text: string): readonly Dpkg[] {
  return text
    .split('\n')
    .filter((line) => line.includes('\t'))
    .map((line) => {
      const [name = '', arch = '', version = '', status = '', wish = '', provides = ''] = line.split('\t');
      return { name, arch, version, status, wish, provides };
    });
}

/** By plain name those of the machine's own architecture, and those of others by `name:arch`, as apt writes them. */
function named(records: readonly Dpkg[], native: string | undefined): ReadonlyMap<string, string> {
  return new Map(
    records.map(({ name, arch, version }) => [isOwn(arch, native) ? name : `${name}:${arch}`, version] as const),
  );
}

function isOwn(arch: string, native: string | undefined): boolean {
  return native === undefined || native === '' || arch === native || arch === 'all';
}

/** Of the names those that are there: `libc6` of the machine's own architecture, `libc6:i386` of that one, `libc6:any` of any. */
function chosen(
  names: readonly string[],
  records: readonly Dpkg[],
  native: string | undefined,
): ReadonlyMap<string, string> {
  const asked = new Map(names.map((name) => [name, /^([^:]*)(?::(.*))?$/.exec(name)]));
  const plain = new Set([...asked.values()].map((match) => match?.[1]));
  const candidates = records.filter(({ name }) => plain.has(name));
  const found = new Map<string, string>();
  for (const [each, match] of asked) {
    const [, name, wanted] = match ?? [];
    const suits = ({ arch }: Dpkg) =>
      wanted === undefined ? isOwn(arch, native) : wanted === 'any' || wanted === arch || arch === 'all';
    const record = candidates.find((candidate) => candidate.name === name && suits(candidate));
    if (record !== undefined) found.set(each, record.version);
  }
  return found;
}

/** A virtual package, such as `mail-transport-agent`, is there when something installed provides it. */
function provided(
  names: readonly string[],
  found: ReadonlyMap<string, string>,
  records: readonly Dpkg[],
): ReadonlyMap<string, string> {
  const wanted = new Set(names.filter((name) => !found.has(name)));
  const virtual = new Map<string, string>();
  if (wanted.size === 0) return virtual;
  for (const { version, provides } of records) {
    for (const [, name = '', offered] of provides.matchAll(/([^\s,(]+)(?:\s*\(=\s*([^)]+)\))?/g)) {
      if (wanted.has(name) && !virtual.has(name)) virtual.set(name, offered ?? version);
    }
  }
  return virtual;
}

function textOf(content: Uint8Array | undefined): string {
  return new TextDecoder().decode(content);
}

export interface Policy {
  readonly name: string;
  readonly candidate: string | undefined;
  /** Versions that a repository has, newest first; one that is only installed is not among them. */
  readonly offered: readonly string[];
}

/** `apt-cache policy`: a paragraph for each package, with a table of versions and where each is from. */
export function parsePolicy(text: string): readonly Policy[] {
  return text.split(/^(?=\S)/m).flatMap((paragraph) => {
    const name = /^(\S+):$/m.exec(paragraph)?.[1];
    if (name === undefined) return [];
    const candidate = /^ {2}Candidate: (\S+)$/m.exec(paragraph)?.[1];
    const versions = paragraph.split(/^ (?:\*\*\*| {3}) (?=\S)/m).slice(1);
    const offered = versions.filter((each) =>
      /^\s+-?\d+ (?!\/var\/lib\/dpkg\/status)\S/m.test(each.replace(/^.*\n/, '')),
    );
    return [
      {
        name,
        candidate: candidate === '(none)' ? undefined : candidate,
        offered: offered.map((each) => each.split(/\s/)[0] ?? ''),
      },
    ];
  });
}

/** `apt-get --simulate upgrade`: `Inst name [old] (new origin [arch])`; new packages have no old version. */
export function parseSimulation(text: string): ReadonlyMap<string, string> {
  const lines = text.matchAll(/^Inst (\S+) \[[^\]]+\] \((\S+) /gm);
  return new Map([...lines].map(([, name = '', version = '']) => [name, version]));
}

const lockMessage = /Could not get lock|Unable to lock|Unable to acquire the dpkg frontend lock/;

function isLocked({ stderr }: CommandResult): boolean {
  return lockMessage.test(stderr);
}

/** What apt said, as the error whose reader can act on it. */
export function refusal(action: string, result: CommandResult): Error {
  const { code, stdout, stderr } = result;
  const details = { stdout, stderr, exitcode: String(code) };
  const all = `${stderr}\n${stdout}`;
  const version = /E: Version '([^']+)' for '([^']+)' was not found/.exec(all);
  if (version !== null) return packageVersionUnknown(version[2] ?? '', version[1] ?? '', details);
  const unknown =
    /E: Unable to locate package (\S+)/.exec(all) ?? /E: Package '([^']+)' has no installation candidate/.exec(all);
  if (unknown !== null) return packageUnknown(unknown[1] ?? '', details);
  return packageFailure(action, result, reasons);
}

const reasons: readonly Reason[] = [
  {
    pattern: lockMessage,
    code: 'PACKAGE_LOCKED',
    reason: 'another program keeps the lock of apt',
    hint: 'Wait until it is done',
  },
  { pattern: /dpkg was interrupted/, code: 'PACKAGE_INTERRUPTED', reason: 'an earlier installation was interrupted' },
  diskFull,
  {
    pattern: /Unable to fetch some archives|404 +Not Found/,
    code: 'PACKAGE_FETCH_FAILED',
    reason: 'a repository does not have what its list says',
    hint: 'Refresh the package lists',
  },
  {
    pattern: /Held packages were changed/,
    code: 'PACKAGE_HELD',
    reason: 'a package is held at its version',
    hint: 'Release it first',
  },
  {
    pattern: /unmet dependencies/i,
    code: 'PACKAGE_BROKEN',
    reason: 'packages here have unmet dependencies',
    hint: 'Run "apt-get --fix-broken install" on the machine',
  },
];
