import { packageUnknown, packageVersionUnknown } from '../errors.ts';
import type { CommandResult, Packages, PackageWish } from '../machine.ts';
import type { Tools } from '../provider.ts';
import { diskFull, packageFailure, quoted, type Reason } from './failure.ts';
import { rpmInstalled } from './rpm.ts';

/** Seconds zypper waits for another one. */
const environment = { LC_ALL: 'C', ZYPP_LOCK_TIMEOUT: '300' };

/** Done, but a restart of the machine, of zypper, or a look at a disabled repository is advised. */
const doneCodes = [0, 102, 103, 106];

/** Packages of SUSE, with zypper. */
export function zypperPackages({ commands }: Tools): Packages {
  const zypper = (...args: readonly string[]) =>
    commands.run(['zypper', '--non-interactive', ...args], { env: environment });

  async function change(action: string, args: readonly string[], wishes: readonly PackageWish[] = []): Promise<void> {
    const result = await zypper(...args);
    if (!doneCodes.includes(result.code)) throw refusal(action, result, wishes);
  }

  async function search(action: string, ...args: readonly string[]): Promise<readonly Solvable[]> {
    const result = await zypper('--xmlout', '--no-refresh', ...args);
    // 104 is "nothing found".
    if (!doneCodes.includes(result.code) && result.code !== 104) throw refusal(action, result, []);
    return parseSolvables(result.stdout);
  }

  return {
    provider: 'zypper',
    installed: (names) => rpmInstalled({ commands }, names),

    async available(names) {
      if (names.length === 0) return new Map();
      const found = await search(
        'read the repositories',
        'search',
        '--details',
        '--match-exact',
        '--type',
        'package',
        ...names,
      );
      const offers = new Map<string, string>();
      // Newest first, whatever the repository.
      for (const { name, version, repository } of found) {
        if (repository !== installedOnly && !offers.has(name)) offers.set(name, version);
      }
      return offers;
    },

    async upgrades() {
      const found = await search('look for upgrades', 'list-updates', '--type', 'package');
      return new Map(found.map(({ name, version }) => [name, version]));
    },

    refresh: () => change('refresh the package lists', ['refresh']),

    async install(wishes) {
      if (wishes.length === 0) return;
      const specs = wishes.map(
        ({ name, version, file }) => file ?? (version === undefined ? name : `${name}=${version}`),
      );
      const options = ['--oldpackage', '--auto-agree-with-licenses'];
      const unsigned = wishes.some(({ file }) => file !== undefined) ? ['--allow-unsigned-rpm'] : [];
      await change(
        `install ${quoted(wishes.map(({ name }) => name))}`,
        ['install', ...options, ...unsigned, ...specs],
        wishes,
      );
    },

    async remove(names) {
      const present = [...(await rpmInstalled({ commands }, names)).keys()];
      if (present.length > 0) await change(`remove ${quoted(present)}`, ['remove', ...present]);
    },

    upgrade: () => change('upgrade the packages', ['update', '--auto-agree-with-licenses']),
    remnants: async () => [],

    async held() {
      const result = await zypper('--xmlout', 'locks');
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
