import { isError } from '#base/errors.ts';
import { delay } from '#base/time.ts';
import { packageUnknown, packageVersionUnknown } from '../errors.ts';
import type { CommandResult, Packages, PackageWish } from '../machine.ts';
import type { Tools } from '../provider.ts';
import { diskFull, packageFailure, quoted, type Reason } from './failure.ts';

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

const quietly = [
  ...['-q', '-y'],
  ...['-o', `DPkg::Lock::Timeout=${lockTimeoutMs / 1_000}`],
  // The package's default where nobody touched the file, else what is there.
  ...['-o', 'Dpkg::Options::=--force-confdef', '-o', 'Dpkg::Options::=--force-confold'],
];

/** Packages of Debian and its kin, with apt and dpkg. */
export function aptPackages({ files, commands }: Tools, pause: (ms: number) => Promise<void> = delay): Packages {
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

  async function records(names?: readonly string[]): Promise<readonly Dpkg[]> {
    const result = await ask(['dpkg-query', '--show', '--showformat', dpkgFormat, ...(names ?? [])]);
    // 1 says that some of the names match nothing; what matches is printed all the same.
    if (result.code > 1) throw refusal('read the installed packages', result);
    return parseDpkg(result.stdout);
  }

  async function refresh(): Promise<void> {
    await change('refresh the package lists', ['apt-get', ...quietly, 'update']);
  }

  const install = (wishes: readonly PackageWish[]) =>
    change(`install ${quoted(wishes.map(({ name }) => name))}`, [
      ...(['apt-get', ...quietly] as const),
      '--allow-downgrades',
      'install',
      ...wishes.map(({ name, version, file }) => file ?? (version === undefined ? name : `${name}=${version}`)),
    ]);

  const hasLists = async () => ((await files.list('/var/lib/apt/lists')) ?? []).some((name) => /_Packages/.test(name));

  return {
    provider: 'apt',
    refresh,

    async installed(names) {
      if (names?.length === 0) return new Map();
      const present = (await records(names)).filter(({ status }) => status === 'installed');
      const found = named(present);
      const missing = names?.filter((name) => !found.has(name)) ?? [];
      if (missing.length === 0) return found;
      return new Map([
        ...found,
        ...provided(
          missing,
          (await records()).filter(({ status }) => status === 'installed'),
        ),
      ]);
    },

    async available(names) {
      if (names.length === 0) return new Map();
      const result = await ask(['apt-cache', 'policy', ...names]);
      if (result.code !== 0) throw refusal('read the package lists', result);
      const offers = parsePolicy(result.stdout).filter(({ candidate, offered }) => offered.includes(candidate ?? ''));
      return new Map(offers.map(({ name, candidate = '' }) => [name, candidate]));
    },

    async upgrades() {
      const result = await ask(['apt-get', '-q', '--simulate', '--with-new-pkgs', 'upgrade']);
      if (result.code !== 0) throw refusal('look for upgrades', result);
      return parseSimulation(result.stdout);
    },

    async install(wishes) {
      if (wishes.length === 0) return;
      try {
        await install(wishes);
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
        await install(wishes);
      }
    },

    async remove(names, { purge = false } = {}) {
      if (names.length === 0) return;
      const gone = purge ? ['not-installed'] : ['not-installed', 'config-files'];
      const present = (await records(names)).filter(({ status }) => !gone.includes(status));
      if (present.length === 0) return;
      const verb = purge ? 'purge' : 'remove';
      const targets = [...named(present).keys()];
      await change(`${verb} ${quoted(targets)}`, ['apt-get', ...quietly, verb, ...targets]);
    },

    upgrade: () => change('upgrade the packages', ['apt-get', ...quietly, '--with-new-pkgs', 'upgrade']),

    async remnants(names) {
      if (names.length === 0) return [];
      const left = (await records(names)).filter(({ status }) => status === 'config-files');
      return [...named(left).keys()].toSorted();
    },

    async held() {
      const result = await ask(['apt-mark', 'showhold']);
      if (result.code !== 0) throw refusal('read the held packages', result);
      return result.stdout.split('\n').filter(Boolean).toSorted();
    },

    async hold(names) {
      if (names.length > 0) await change('hold packages', ['apt-mark', 'hold', ...names]);
    },

    async release(names) {
      if (names.length > 0) await change('release packages', ['apt-mark', 'unhold', ...names]);
    },
  };
}

export interface Dpkg {
  readonly name: string;
  readonly arch: string;
  readonly version: string;
  /** `installed`, `config-files`, `half-configured`… */
  readonly status: string;
  readonly provides: string;
}

const dpkgFormat = `\${Package}\\t\${Architecture}\\t\${Version}\\t\${db:Status-Status}\\t\${Provides}\\n`;

export function parseDpkg(text: string): readonly Dpkg[] {
  return text
    .split('\n')
    .filter((line) => line.includes('\t'))
    .map((line) => {
      const [name = '', arch = '', version = '', status = '', provides = ''] = line.split('\t');
      return { name, arch, version, status, provides };
    });
}

/** By plain name, and by `name:arch` as well where a package is there for several architectures. */
function named(records: readonly Dpkg[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const { name, arch, version } of records) {
    if (found.has(name)) found.set(`${name}:${arch}`, version);
    else found.set(name, version);
  }
  return found;
}

/** A virtual package, such as `mail-transport-agent`, is there when something installed provides it. */
function provided(names: readonly string[], records: readonly Dpkg[]): ReadonlyMap<string, string> {
  const wanted = new Set(names);
  const found = new Map<string, string>();
  for (const { name, arch, version, provides } of records) {
    if (wanted.has(`${name}:${arch}`)) found.set(`${name}:${arch}`, version);
    for (const [, virtual = '', offered] of provides.matchAll(/([^\s,(]+)(?:\s*\(=\s*([^)]+)\))?/g)) {
      if (wanted.has(virtual) && !found.has(virtual)) found.set(virtual, offered ?? version);
    }
  }
  return found;
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
