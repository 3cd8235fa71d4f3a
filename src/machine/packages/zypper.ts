import { packageUnknown, packageVersionUnknown } from '../errors.ts';
import type { CommandResult, PackageOptions, Packages, PackageWish } from '../machine.ts';
import { noMemory } from '../memory.ts';
import type { Tools } from '../provider.ts';
import { diskFull, packageFailure, quoted, type Reason, refuseOptions } from './failure.ts';
import { rpmFile, rpmInstalled } from './rpm.ts';

/** Seconds zypper waits for another one. */
const environment = { LC_ALL: 'C', ZYPP_LOCK_TIMEOUT: '300' };

/** Done, but a restart of the machine, of zypper, or a look at a disabled repository is advised. */
const doneCodes = [0, 102, 103, 106];

/** Packages of SUSE, with zypper. */
export function zypperPackages(tools: Tools): Packages {
  const { commands, memory = noMemory } = tools;
  const zypper = (...args: readonly string[]) =>
    commands.run(['zypper', '--non-interactive', ...args], { env: environment });

  async function change(action: string, args: readonly string[], wishes: readonly PackageWish[] = []): Promise<void> {
    const result = await zypper(...args);
    if (!doneCodes.includes(result.code)) throw refusal(action, result, wishes);
  }

  async function search(action: string, ...args: readonly string[]): Promise<readonly Solvable[]> {
    return memory.recall(`zypper ${args.join(' ')}`, async () => {
      const result = await zypper('--xmlout', '--no-refresh', ...args);
      // 104 is "nothing found".
      if (!doneCodes.includes(result.code) && result.code !== 104) throw refusal(action, result, []);
      return parseSolvables(result.stdout);
    });
  }

  /** What repositories offer, newest first, whatever the repository. */
  async function offers(names: readonly string[], { from }: PackageOptions): Promise<readonly Solvable[]> {
    if (names.length === 0) return [];
    const repository = from === undefined ? [] : ['--repo', from];
    const details = ['search', ...repository, '--details', '--match-exact', '--type', 'package'];
    const found = await search('read the repositories', ...details, ...names);
    return found.filter((each) => each.repository !== installedOnly);
  }

  return {
    provider: 'zypper',
    knows: async () => knownOptions,
    installed: (names) => rpmInstalled(tools, names),
    describe: (file) => rpmFile(tools, file),

    async available(names, options = {}) {
      const newest = new Map<string, string>();
      for (const { name, version } of await offers(names, options)) if (!newest.has(name)) newest.set(name, version);
      return newest;
    },

    async versions(names, options = {}) {
      const found = await offers(names, options);
      const versionsOf = (name: string) => found.filter((each) => each.name === name).map(({ version }) => version);
      return new Map(found.map(({ name }) => [name, [...new Set(versionsOf(name))]]));
    },

    async upgrades() {
      const found = await search('look for upgrades', 'list-updates', '--type', 'package');
      return new Map(found.map(({ name, version }) => [name, version]));
    },

    refresh: () => change('refresh the package lists', ['refresh']),

    async install(wishes, asked = {}) {
      if (wishes.length === 0) return;
      refuseOptions(asked, knownOptions, 'zypper');
      const specs = wishes.map(
        ({ name, version, file }) => file ?? (version === undefined ? name : `${name}=${version}`),
      );
      const options = ['--oldpackage', '--auto-agree-with-licenses', ...installOptions(asked)];
      const unsigned = wishes.some(({ file }) => file !== undefined) ? ['--allow-unsigned-rpm'] : [];
      await change(
        `install ${quoted(wishes.map(({ name }) => name))}`,
        [...(asked.unverified ? ['--no-gpg-checks'] : []), 'install', ...options, ...unsigned, ...specs],
        wishes,
      );
    },

    async remove(names) {
      const present = [...(await rpmInstalled(tools, names)).keys()];
      if (present.length > 0) await change(`remove ${quoted(present)}`, ['remove', ...present]);
    },

    upgrade: ({ dist = false } = {}) =>
      change('upgrade the packages', [dist ? 'dist-upgrade' : 'update', '--auto-agree-with-licenses']),
    remnants: async () => [],

    async held() {
      const result = await memory.recall('zypper locks', () => zypper('--xmlout', 'locks'));
      if (!doneCodes.includes(result.code)) throw refusal('read the held packages', result, []);
      return parseLocks(result.stdout);
    },

    async hold(names) {
      if (names.length > 0) await change(`hold ${quoted(names)}`, ['addlock', ...names]);
    },

    async release(names) {
      if (names.length > 0) await change(`release ${quoted(names)}`, ['removelock', ...names]);
    },
  };
}

const knownOptions = [
  'from',
  'recommends',
  'unverified',
  'reinstall',
] as const satisfies readonly (keyof PackageOptions)[];

function installOptions({ from, recommends, reinstall }: PackageOptions): readonly string[] {
  return [
    ...(from === undefined ? [] : ['--from', from]),
    ...(recommends === undefined ? [] : [recommends ? '--recommends' : '--no-recommends']),
    ...(reinstall ? ['--force'] : []),
  ];
}

const installedOnly = '(System Packages)';

interface Solvable {
  readonly name: string;
  readonly version: string;
  readonly repository: string;
}

/** `<solvable …/>` of a search and `<update …/>` of a list of updates; attributes in any order. */
export function parseSolvables(xml: string): readonly Solvable[] {
  return [...xml.matchAll(/<(?:solvable|update)\s([^>]*?)\/?>/g)].map(([, text = '']) => {
    const attributes = new Map(
      [...text.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]),
    );
    const of = (key: string) => attributes.get(key) ?? '';
    return { name: of('name'), version: of('edition'), repository: of('repository') };
  });
}

/** Locks are shown in XML, or as a table by older versions. */
export function parseLocks(text: string): readonly string[] {
  const xml = [...text.matchAll(/<name>([^<]+)<\/name>/g)].map(([, name = '']) => name);
  const table = [...text.matchAll(/^\d+\s*\|\s*(\S+)\s*\|/gm)].map(([, name = '']) => name);
  return [...new Set([...xml, ...table])].toSorted();
}

function refusal(action: string, result: CommandResult, wishes: readonly PackageWish[]): Error {
  const { stdout, stderr, code } = result;
  const all = `${stderr}\n${stdout}`;
  const missing =
    /No provider of '([^']+)' found/.exec(all) ??
    /Package '([^']+)' not found/.exec(all) ??
    /'([^']+)' not found in package names/.exec(all);
  if (missing === null) return packageFailure(action, result, reasons);
  const details = { stdout, stderr, exitcode: String(code) };
  // zypper writes a version it does not know as `name = version`.
  const asked = (missing[1] ?? '').replace(/\s*=\s*/, '=');
  const wish = wishes.find(
    ({ name, version }) => asked === `${name}=${version}` || (version !== undefined && asked === name),
  );
  return wish?.version === undefined
    ? packageUnknown(asked, details)
    : packageVersionUnknown(wish.name, wish.version, details);
}

const reasons: readonly Reason[] = [
  diskFull,
  {
    pattern: /System management is locked/,
    code: 'PACKAGE_LOCKED',
    reason: 'another program keeps the lock of zypper',
    hint: 'Wait until it is done',
  },
  {
    pattern: /Repository .* is invalid|Valid metadata not found|Download .* failed/i,
    code: 'PACKAGE_FETCH_FAILED',
    reason: 'a repository could not be read',
    hint: 'Check the repositories and the network',
  },
];
