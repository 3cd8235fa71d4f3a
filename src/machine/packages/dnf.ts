import { packageUnknown, packageVersionUnknown } from '../errors.ts';
import type { CommandResult, Packages, PackageWish } from '../machine.ts';
import { once, type Tools } from '../provider.ts';
import { diskFull, packageFailure, quoted, type Reason } from './failure.ts';
import { parseRpm, rpmInstalled } from './rpm.ts';

/** Packages of Red Hat and its kin: with dnf (4 or 5), or with yum where that is all there is. */
export function dnfPackages({ commands }: Tools): Packages {
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

  async function query(action: string, ...args: readonly string[]): Promise<ReadonlyMap<string, string>> {
    // dnf 4 adds a line end of its own, dnf 5 does not: empty lines are passed over.
    const format = '%{name}\\t%{epoch}\\t%{version}-%{release}\\n';
    const result = await dnf('repoquery', '--queryformat', format, ...args);
    if (result.code !== 0) throw refusal(action, result, []);
    return parseRpm(result.stdout.replaceAll('\\t', '\t').replaceAll('\\n', '\n'));
  }

  return {
    provider: 'dnf',
    installed: (names) => rpmInstalled({ commands }, names),

    async available(names) {
      if (names.length === 0) return new Map();
      return query('read the repositories', '--available', '--latest-limit=1', ...names);
    },

    upgrades: () => query('look for upgrades', '--upgrades', '--latest-limit=1'),

    async refresh() {
      await change('refresh the package lists', ['clean', 'expire-cache']);
      await change('refresh the package lists', ['makecache']);
    },

    async install(wishes) {
      if (wishes.length === 0) return;
      const action = `install ${quoted(wishes.map(({ name }) => name))}`;
      // A bare name that is installed already would be left as it is: ask for the newest by its version.
      const bare = wishes.filter(({ version, file }) => version === undefined && file === undefined);
      const newest =
        bare.length === 0
          ? new Map()
          : await query(action, '--available', '--latest-limit=1', ...bare.map(({ name }) => name));
      const specs = wishes.map(({ name, version, file }) => file ?? spec(name, version ?? newest.get(name)));
      await change(action, ['install', ...specs], wishes);
    },

    async remove(names) {
      const present = [...(await rpmInstalled({ commands }, names)).keys()];
      if (present.length > 0) await change(`remove ${quoted(present)}`, ['remove', ...present]);
    },

    upgrade: () => change('upgrade the packages', ['upgrade']),
    remnants: async () => [],

    async held() {
      const result = await dnf('versionlock', 'list');
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
