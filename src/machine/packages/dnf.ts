import { packageUnknown, packageVersionUnknown } from '../errors.ts';
import type { CommandResult, PackageOptions, PackageSources, Packages, PackageWish } from '../machine.ts';
import { noMemory } from '../memory.ts';
import { once, type Tools } from '../provider.ts';
import { diskFull, packageFailure, quoted, type Reason, refuseOptions } from './failure.ts';
import { parseRpm, parseRpmVersions, rpmFile, rpmInstalled } from './rpm.ts';

/** Packages of Red Hat and its kin: with dnf (4 or 5), or with yum where that is all there is. */
export function dnfPackages(tools: Tools): Packages {
  const { commands, memory = noMemory } = tools;
  const program = once(async () => {
    for (const each of ['dnf', 'dnf5', 'yum']) if ((await commands.which(each)) !== undefined) return each;
    return 'dnf';
  });
  const dnf = async (...args: readonly string[]) =>
    commands.run([await program(), '--assumeyes', '--quiet', ...args], { env: { LC_ALL: 'C' } });

  async function change(action: string, args: readonly string[], wishes: readonly PackageWish[] = []): Promise<void> {
    const result = await dnf(...args);
    if (result.code !== 0) throw refusal(action, result, wishes);
  }

  /** Lines of name, epoch and version. */
  async function query(action: string, ...args: readonly string[]): Promise<string> {
    return memory.recall(`dnf ${args.join(' ')}`, async () => {
      // dnf 4 adds a line end of its own, dnf 5 does not: empty lines are passed over.
      const format = '%{name}\\t%{epoch}\\t%{version}-%{release}\\n';
      const result = await dnf('repoquery', '--queryformat', format, ...args);
      if (result.code !== 0) throw refusal(action, result, []);
      return result.stdout.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
    });
  }

  return {
    provider: 'dnf',
    knows: async () => knownOptions,
    installed: (names) => rpmInstalled(tools, names),
    describe: (file) => rpmFile(tools, file),

    async available(names, options = {}) {
      if (names.length === 0) return new Map();
      const newest = ['--available', '--latest-limit=1'];
      return parseRpm(await query('read the repositories', ...sourceOptions(options), ...newest, ...names));
    },

    async versions(names, options = {}) {
      if (names.length === 0) return new Map();
      return parseRpmVersions(await query('read the repositories', ...sourceOptions(options), '--available', ...names));
    },

    upgrades: async () => parseRpm(await query('look for upgrades', '--upgrades', '--latest-limit=1')),

    async refresh(options = {}) {
      await change('refresh the package lists', ['clean', 'expire-cache']);
      await change('refresh the package lists', [...sourceOptions(options), 'makecache']);
    },

    async install(wishes, options = {}) {
      if (wishes.length === 0) return;
      refuseOptions(options, knownOptions, 'dnf');
      const action = `install ${quoted(wishes.map(({ name }) => name))}`;
      // A bare name that is installed already would be left as it is: ask for the newest by its version.
      const bare = wishes.filter(({ version, file }) => version === undefined && file === undefined);
      const newest =
        bare.length === 0
          ? new Map()
          : parseRpm(
              await query(
                action,
                ...sourceOptions(options),
                '--available',
                '--latest-limit=1',
                ...bare.map(({ name }) => name),
              ),
            );
      const specs = wishes.map(({ name, version, file }) => file ?? spec(name, version ?? newest.get(name)));
      // What is there already is passed over by the one, and what is not by the other.
      const verb = options.reinstall ? 'reinstall' : options.onlyUpgrade ? 'upgrade' : 'install';
      await change(action, [...installOptions(options), verb, ...specs], wishes);
    },

    async remove(names) {
      const present = [...(await rpmInstalled(tools, names)).keys()];
      if (present.length > 0) await change(`remove ${quoted(present)}`, ['remove', ...present]);
    },

    // dnf has one verb for both.
    upgrade: () => change('upgrade the packages', ['upgrade']),
    remnants: async () => [],

    async held() {
      const result = await memory.recall('dnf versionlock', () => dnf('versionlock', 'list'));
      // Without its plug-in nothing can be held.
      if (result.code !== 0 && /No such command|Unknown argument/.test(result.stderr)) return [];
      if (result.code !== 0) throw refusal('read the held packages', result, []);
      return parseLocks(result.stdout);
    },

    async hold(names) {
      if (names.length > 0) await change(`hold ${quoted(names)}`, ['versionlock', 'add', ...names]);
    },

    async release(names) {
      if (names.length > 0) await change(`release ${quoted(names)}`, ['versionlock', 'delete', ...names]);
    },
  };
}

const knownOptions = [
  'from',
  'enable',
  'disable',
  'recommends',
  'unverified',
  'onlyUpgrade',
  'reinstall',
  'settings',
] as const satisfies readonly (keyof PackageOptions)[];

function sourceOptions({ from, enable = [], disable = [] }: PackageSources): readonly string[] {
  return [
    ...(from === undefined ? [] : ['--disablerepo=*', `--enablerepo=${from}`]),
    ...disable.map((each) => `--disablerepo=${each}`),
    ...enable.map((each) => `--enablerepo=${each}`),
  ];
}

function installOptions(options: PackageOptions): readonly string[] {
  const { recommends, unverified, settings = [] } = options;
  return [
    ...sourceOptions(options),
    ...(recommends === undefined ? [] : [`--setopt=install_weak_deps=${recommends ? 'True' : 'False'}`]),
    ...settings.map((setting) => `--setopt=${setting}`),
    ...(unverified ? ['--nogpgcheck'] : []),
  ];
}

/** `name-1.0-1`; dnf takes `name-epoch:version-release`, and a version without its release. */
function spec(name: string, version: string | undefined): string {
  return version === undefined ? name : `${name}-${version}`;
}

/** dnf 4: `name-0:1.0-1.*`; dnf 5: `Package name: name`. */
export function parseLocks(text: string): readonly string[] {
  const names = text.split('\n').flatMap((line) => {
    const five = /^Package name: (\S+)/.exec(line)?.[1];
    const four = /^!?(\S+?)-(?:\d+:)?[^-\s]+-[^-\s]+$/.exec(line)?.[1];
    return five ?? four ?? [];
  });
  return [...new Set(names)].toSorted();
}

function refusal(action: string, result: CommandResult, wishes: readonly PackageWish[]): Error {
  const { stdout, stderr } = result;
  const all = `${stderr}\n${stdout}`;
  const missing =
    /(?:No match for argument|No package matches|Unable to find a match|No match for group package)[: ]+"?([^\s"]+)/.exec(
      all,
    ) ?? /No package (\S+) available/.exec(all);
  if (missing === null) return packageFailure(action, result, reasons);
  const details = { stdout, stderr, exitcode: String(result.code) };
  const asked = missing[1] ?? '';
  const wish = wishes.find(({ name, version }) => version !== undefined && asked === spec(name, version));
  return wish?.version === undefined
    ? packageUnknown(asked, details)
    : packageVersionUnknown(wish.name, wish.version, details);
}

const reasons: readonly Reason[] = [
  diskFull,
  {
    pattern: /Failed to download metadata|Cannot download|Curl error|All mirrors were tried/,
    code: 'PACKAGE_FETCH_FAILED',
    reason: 'a repository could not be read',
    hint: 'Check the repositories and the network',
  },
  {
    pattern: /waiting for process with pid|Failed to obtain .*lock/i,
    code: 'PACKAGE_LOCKED',
    reason: 'another program keeps the lock of dnf',
    hint: 'Wait until it is done',
  },
];
