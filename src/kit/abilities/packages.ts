import * as z from 'zod';
import { packageOptionUnknown, packageUnknown, packageVersionUnknown } from '#machine/errors.ts';
import type { PackageOptions, Packages } from '#machine/machine.ts';
import { compileGlob } from '#pattern/glob.ts';
import type { Change } from '../changes.ts';
import { StringList } from '../types.ts';
import { type CompareOptions, isExact, newestOf, satisfies } from './versions.ts';

/** Arguments of every state that names packages. */
export const packageArguments = {
  name: z
    .string()
    .describe(
      'Name of the package, with an architecture behind a colon where it is not that of the machine; not used when "pkgs" is given',
    )
    .meta({ primary: true }),
  pkgs: z
    .array(z.union([z.string(), z.record(z.string(), z.string().nullable())]))
    .optional()
    .describe('Several packages at once: names, or maps of a name to its version')
    .meta({ instead: true }),
};

/** How packages are to be installed: what means nothing to the tool at hand is refused. */
export const installArguments = {
  fromrepo: z
    .string()
    .optional()
    .describe('Repository to take packages from; on Debian, a release such as "bookworm-backports"')
    .meta({ aliases: ['repo'] }),
  enablerepo: StringList.optional().describe('Repositories that are used this once, although they are switched off'),
  disablerepo: StringList.optional().describe('Repositories that are not used this once'),
  install_recommends: z
    .boolean()
    .optional()
    .describe('Whether what packages only recommend comes along; as the package manager is configured when left out'),
  only_upgrade: z.boolean().optional().describe('Leave packages alone that are not installed yet'),
  skip_verify: z.boolean().optional().describe('Take packages that nobody signed'),
  force_conf_new: z
    .boolean()
    .optional()
    .describe('Replace configuration files that somebody changed; they stay when left out'),
  setopt: StringList.optional().describe('Settings of the package manager for this once: "name=value"'),
};

/** What Salt's states take, and what needs no asking here. */
export const idleArguments = {
  normalize: z.boolean().optional().describe('For Salt: means nothing, names are as the package manager has them'),
  skip_suggestions: z.boolean().optional().describe('For Salt: means nothing, an unknown name is refused anyway'),
  resolve_capabilities: z.boolean().optional().describe('For Salt: means nothing, what provides a name counts anyway'),
  force_yes: z.boolean().optional().describe('For Salt: means nothing, nobody is asked anything anyway'),
};

type InstallWish = { readonly [Key in keyof typeof installArguments]?: z.output<(typeof installArguments)[Key]> };

/** The arguments as the package manager's port takes them: only what is given. */
export function packageOptions(wanted: InstallWish & { readonly reinstall?: boolean | undefined }): PackageOptions {
  const options: PackageOptions = {
    from: wanted.fromrepo,
    enable: wanted.enablerepo,
    disable: wanted.disablerepo,
    recommends: wanted.install_recommends,
    onlyUpgrade: wanted.only_upgrade,
    unverified: wanted.skip_verify || undefined,
    newConfiguration: wanted.force_conf_new || undefined,
    settings: wanted.setopt,
    reinstall: wanted.reinstall || undefined,
  };
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Refuses, before anything is done, what the package manager at hand does not have: `PACKAGE_OPTION_UNKNOWN`. */
export async function refuseUnknownOptions(packages: Packages, options: PackageOptions): Promise<void> {
  const given = Object.keys(options) as (keyof PackageOptions)[];
  if (given.length === 0) return;
  const known = await packages.knows();
  const unknown = given.find((option) => !known.includes(option));
  if (unknown !== undefined) throw packageOptionUnknown(argumentOf[unknown], packages.provider);
}

const argumentOf: Readonly<Record<keyof PackageOptions, string>> = {
  from: 'fromrepo',
  enable: 'enablerepo',
  disable: 'disablerepo',
  recommends: 'install_recommends',
  onlyUpgrade: 'only_upgrade',
  unverified: 'skip_verify',
  newConfiguration: 'force_conf_new',
  settings: 'setopt',
  reinstall: 'reinstall',
};

export interface PackageWishes {
  readonly name: string;
  readonly pkgs?: readonly (string | Readonly<Record<string, string | null>>)[] | undefined;
  readonly version?: string | undefined;
}

/** Name → version (a change of a package is from one version to another), or `hold <name>` → whether it is held. */
export type PackageChanges = Readonly<Record<string, Change<string>>>;

/** Stands for the version of a package that the lists do not have yet: they are refreshed before it is installed. */
export const newest = 'newest';

/** A wish for whatever is the newest version by then. */
export const latest = 'latest';

/** Each package that is asked for, with what is asked of its version. */
export function wishedPackages({ name, pkgs, version }: PackageWishes): ReadonlyMap<string, string | undefined> {
  if (pkgs === undefined) return new Map([[name, wishOf(version)]]);
  const pairs = pkgs.flatMap((each): [string, string | null | undefined][] =>
    typeof each === 'string' ? [[each, version]] : Object.entries(each),
  );
  return new Map(pairs.map(([each, wish]) => [each, wishOf(wish)]));
}

export interface MissingOptions {
  /** Whether the lists will be refreshed before anything is installed: what they lack may then be there. */
  readonly refreshes: boolean;
  readonly ignoreEpoch?: boolean;
  readonly options?: PackageOptions;
}

/**
 * The version each wished package would get, of those that are not as wished: the newest that the wish allows. Throws
 * `PACKAGE_VERSION_UNKNOWN` when only others are offered, `PACKAGE_UNKNOWN` when none is, unless lists are refreshed.
 */
export async function missingPackages(
  packages: Packages,
  wishes: ReadonlyMap<string, string | undefined>,
  { refreshes, ignoreEpoch = false, options = {} }: MissingOptions,
): Promise<PackageChanges> {
  const compare = compareFor(packages, ignoreEpoch);
  const installed = await packages.installed([...wishes.keys()]);
  const current = [...wishes].filter(([name, wish]) => wish === latest && installed.has(name));
  const upgrades = current.length > 0 ? await packages.upgrades() : new Map<string, string>();
  const missing = [...wishes].filter(([name, wish]) =>
    wish === latest && installed.has(name) ? upgrades.has(name) : !isMet(installed.get(name), wish, compare),
  );
  if (missing.length === 0) return {};
  const names = missing.map(([name]) => name);
  const [offers, versions] = [await packages.available(names, options), await packages.versions(names, options)];
  return Object.fromEntries(
    missing.map(([name, wish]): [string, Change<string>] => {
      const from = installed.get(name);
      const offered = versions.get(name) ?? [];
      const isOpen = wish === undefined || wish === latest;
      const to = isOpen ? (upgrades.get(name) ?? offers.get(name)) : newestOf(offered, wish, compare);
      if (to !== undefined) return [name, { from, to }];
      if (refreshes) return [name, { from, to: isExact(wish) && !isOpen ? wish : newest }];
      if (isOpen || offered.length === 0) throw packageUnknown(name);
      throw packageVersionUnknown(name, wish, undefined, offered);
    }),
  );
}

/** Whether an installed version is what was wished for; the latest is whatever is there. */
export function isMet(installed: string | undefined, wish: string | undefined, compare: CompareOptions): boolean {
  return satisfies(installed, wish === latest ? undefined : wish, compare);
}

/** On Debian a version is whole; elsewhere one without epoch and revision leaves them open. */
export function compareFor({ provider }: Packages, ignoreEpoch: boolean): CompareOptions {
  return { ignoreEpoch, loose: provider !== 'apt' };
}

/** Installed packages of those named (globs too) in the version that is named, as changes that take them away. */
export async function presentPackages(
  packages: Packages,
  wishes: ReadonlyMap<string, string | undefined>,
  { ignoreEpoch = false } = {},
): Promise<PackageChanges> {
  const compare = compareFor(packages, ignoreEpoch);
  const present = new Map<string, string>();
  for (const [named, wish] of wishes) {
    for (const [name, version] of await installedAs(packages, named)) {
      if (isMet(version, wish, compare)) present.set(name, version);
    }
  }
  return Object.fromEntries([...present].map(([name, version]) => [name, { from: version, to: undefined }]));
}

async function installedAs(packages: Packages, named: string): Promise<ReadonlyMap<string, string>> {
  if (!/[*?[]/.test(named)) return packages.installed([named]);
  const glob = compileGlob(named);
  return new Map([...(await packages.installed())].filter(([name]) => glob.test(name)));
}

/** Puts packages back to the versions they had, in one transaction, and removes those that were not there. */
export async function restorePackages(packages: Packages, changes: PackageChanges): Promise<void> {
  const all = Object.entries(changes);
  const added = all.filter(([, { from }]) => from === undefined).map(([name]) => name);
  const others = all.flatMap(([name, { from }]) => (from === undefined ? [] : [{ name, version: from }]));
  if (added.length > 0) await packages.remove(added);
  if (others.length > 0) await packages.install(others);
}

/** What is installed now, as details of an outcome. */
export async function versionsOf(
  packages: Packages,
  names: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  return { manager: packages.provider, ...Object.fromEntries(await packages.installed(names)) };
}

function wishOf(version: string | null | undefined): string | undefined {
  return version === undefined || version === null || version === '' ? undefined : version;
}
