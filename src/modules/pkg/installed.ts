import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import {
  compareFor,
  idleArguments,
  installArguments,
  isMet,
  latest,
  missingPackages,
  newest,
  type PackageChanges,
  packageArguments,
  packageOptions,
  refuseUnknownOptions,
  restorePackages,
  versionsOf,
  wishedPackages,
} from '#kit/abilities/packages.ts';
import { isExact } from '#kit/abilities/versions.ts';
import type { Context } from '#kit/context.ts';
import { state } from '#kit/state.ts';
import { StringMap } from '#kit/types.ts';
import type { PackageOptions, Packages } from '#machine/machine.ts';
import { installSources, missingSources } from './sources.ts';

const args = z.object({
  ...packageArguments,
  version: z
    .string()
    .optional()
    .describe('Exact version, "latest", glob ("1.24.*") or comparisons (">=1.2,<2"); for all of "pkgs" that name none'),
  refresh: z
    .boolean()
    .optional()
    .describe('Refresh the package lists first; left out, only when they lack what is wanted, and never when false'),
  sources: z
    .array(StringMap)
    .optional()
    .describe('Package files instead of repositories: maps of a name to "zester://…", a path, or a URL')
    .meta({ instead: true }),
  hold: z.boolean().optional().describe('Keep the packages at their version, or no longer'),
  update_holds: z.boolean().default(false).describe('Change packages that are held, and hold them again'),
  allow_updates: z.boolean().default(false).describe('Take a newer version than "version" for good'),
  ignore_epoch: z.boolean().default(false).describe('Compare versions without their epochs'),
  reinstall: z.boolean().default(false).describe('Install again what is there, each time'),
  debconf: z
    .string()
    .optional()
    .describe('Answers to the questions of packages, as for debconf-set-selections: "zester://…" or a path'),
  ...installArguments,
  cache_valid_time: z.number().optional().describe('For Salt: means nothing, lists are refreshed once in a run'),
  ...idleArguments,
});

type Wanted = z.output<typeof args>;

export const installed = state({
  name: 'pkg.installed',
  saltOnly: ['downloadonly', 'env', 'pkg_verify'],
  summary: 'Ensure packages are installed, at a version if one is given',
  args,
  async check(wanted, context) {
    const { packages } = context;
    await refuseUnknownOptions(packages, optionsOf(wanted));
    const missing = await missingOf(wanted, context);
    const names = namesOf(wanted);
    // Only then: some package managers take a second to say what they hold.
    const held = Object.keys(missing).length > 0 || wanted.hold !== undefined ? await packages.held() : [];
    const stuck = Object.keys(missing).find((name) => held.includes(name));
    // A state that says what is held has held it itself.
    if (stuck !== undefined && !wanted.update_holds && wanted.hold === undefined) throw packageHeld(stuck);
    const unlike = names.filter((name) => wanted.hold !== undefined && wanted.hold !== held.includes(name));
    if (Object.keys(missing).length > 0 && wanted.debconf !== undefined) await answersIn(wanted.debconf, context);
    const again = wanted.reinstall ? await packages.installed(names.filter((name) => !(name in missing))) : new Map();
    return {
      ...missing,
      ...Object.fromEntries(
        [...again].map(([name, version]) => [`reinstall ${name}`, { from: undefined, to: version }]),
      ),
      ...Object.fromEntries(unlike.map((name) => holdChange(name, wanted.hold ?? false))),
    };
  },
  async apply(changes, wanted, context) {
    const { packages } = context;
    const known = namesOf(wanted);
    const names = Object.keys(changes).filter((name) => known.includes(name));
    const again = known.filter((name) => `reinstall ${name}` in changes);
    const isStale = wanted.refresh !== false && (await lackingIn(names, changes, wanted, packages)).length > 0;
    if (wanted.refresh || isStale) await packages.refresh(sourcesOf(wanted));
    const held = names.length > 0 ? (await packages.held()).filter((name) => names.includes(name)) : [];
    if (held.length > 0) await packages.release(held);
    if (names.length + again.length > 0 && wanted.debconf !== undefined) await answerQuestions(wanted.debconf, context);
    if (names.length > 0) await install(names, changes, wanted, context);
    if (again.length > 0) {
      // In the version that is there: to install a name again would bring a newer one.
      const pinned = again.map((name) => ({ name, version: changes[`reinstall ${name}`]?.to }));
      await packages.install(pinned, { ...optionsOf(wanted), reinstall: true });
    }
    if (held.length > 0) await packages.hold(held);
    await applyHolds(packages, changes, 'to');
    await verifyInstalled(names, wanted, packages);
    return versionsOf(packages, [...names, ...again]);
  },
  // Without asking the lists again: what they lack, a refresh may bring.
  async suppose(changes, wanted, { packages }) {
    const known = namesOf(wanted);
    const wishes = Object.entries(changes).flatMap(([name, { to }]) =>
      known.includes(name) ? [{ name, version: to === newest ? undefined : to }] : [],
    );
    await packages.install(wishes, optionsOf(wanted));
    await applyHolds(packages, changes, 'to');
  },
  async revert(changes, wanted, { packages }) {
    const names = namesOf(wanted);
    await applyHolds(packages, changes, 'from');
    await restorePackages(
      packages,
      Object.fromEntries(Object.entries(changes).filter(([name]) => names.includes(name))),
    );
  },
  needs: ['packages'],
  holds: ['packages'],
  examples: [
    {
      title: 'A package to install',
      args: { name: 'nginx' },
      given: { repository: { nginx: '1.24.0-1' } },
      expect: { nginx: { to: '1.24.0-1' } },
    },
    {
      title: 'A package that is installed',
      args: { name: 'nginx' },
      given: { packages: { nginx: '1.22.1-9' }, repository: { nginx: '1.24.0-1' } },
      expect: {},
    },
    {
      title: 'Several packages in one transaction',
      args: { name: 'tools', pkgs: ['curl', { git: '>=2.30' }, { vim: '9.0' }] },
      given: {
        packages: { curl: '7.88', vim: '8.2' },
        repository: { git: '2.39', vim: { versions: ['8.2', '9.0', '9.1'] } },
      },
      expect: { git: { to: '2.39' }, vim: { from: '8.2', to: '9.0' } },
    },
    {
      title: 'An exact version, also when a newer one is there',
      args: { name: 'nginx', version: '1.22.1-9' },
      given: { packages: { nginx: '1.24.0-1' }, repository: { nginx: { versions: ['1.22.1-9', '1.24.0-1'] } } },
      expect: { nginx: { from: '1.24.0-1', to: '1.22.1-9' } },
    },
    {
      title: 'A range, of which the newest is taken',
      args: { name: 'nginx', version: '1.24.*' },
      given: { packages: { nginx: '1.25.0' }, repository: { nginx: { versions: ['1.24.1', '1.24.2', '1.25.0'] } } },
      expect: { nginx: { from: '1.25.0', to: '1.24.2' } },
    },
    {
      title: 'The latest version',
      args: { name: 'nginx', version: 'latest' },
      given: { packages: { nginx: '1.24.1' }, repository: { nginx: { versions: ['1.24.1', '1.25.0'] } } },
      expect: { nginx: { from: '1.24.1', to: '1.25.0' } },
    },
    {
      title: 'A package to hold at its version',
      args: { name: 'nginx', hold: true },
      given: { packages: { nginx: '1.24' } },
      expect: { 'hold nginx': { from: 'no', to: 'yes' } },
    },
    {
      title: 'A package file of the state tree',
      args: { name: 'agent', sources: [{ agent: 'zester://agent.deb' }] },
      given: { tree: { 'agent.deb': 'agent 2.1' } },
      expect: { agent: { to: '2.1' } },
    },
    {
      title: 'A package that no repository offers',
      args: { name: 'ngnix' },
      given: { repository: { nginx: '1.24.0-1' } },
      expect: { refusal: 'PACKAGE_UNKNOWN' },
    },
    {
      title: 'A version that no repository offers',
      args: { name: 'nginx', version: '>=2', refresh: false },
      given: { repository: { nginx: '1.24.0-1' } },
      expect: { refusal: 'PACKAGE_VERSION_UNKNOWN' },
    },
  ],
  notes: [
    'A version may be "latest", a glob, or comparisons: of what is offered, the newest that suits is installed, also when that is older than what is there.',
    'Options that the package manager at hand does not have are refused with PACKAGE_OPTION_UNKNOWN.',
    'A source behind a URL is compared by the version in the name of its file; where that says none, it counts once it is installed.',
    'When the lists do not have a package yet, the plan says "newest": they are refreshed before it is installed.',
  ],
  differs: [
    'All packages of a state are one transaction: all are installed, or none.',
    'A revert puts earlier versions back, and removes only what was not there before.',
  ],
});

/** What is asked of each package, unless files are given instead. */
function wishesOf(wanted: Wanted): ReadonlyMap<string, string | undefined> {
  const wishes = wishedPackages(wanted);
  if (!wanted.allow_updates) return wishes;
  return new Map([...wishes].map(([name, wish]) => [name, isExact(wish) && wish !== latest ? `>=${wish}` : wish]));
}

function namesOf(wanted: Wanted): readonly string[] {
  return wanted.sources ? wanted.sources.flatMap((each) => Object.keys(each)) : [...wishesOf(wanted).keys()];
}

function optionsOf(wanted: Wanted): PackageOptions {
  return packageOptions({ ...wanted, reinstall: undefined });
}

function sourcesOf({ enablerepo, disablerepo }: Wanted): PackageOptions {
  return packageOptions({ enablerepo, disablerepo });
}

async function missingOf(wanted: Wanted, context: Context): Promise<PackageChanges> {
  const { packages } = context;
  if (wanted.sources) return missingSources(wanted.sources, wanted.ignore_epoch, context);
  const wishes = wishesOf(wanted);
  // What is the latest cannot be told from lists of yesterday.
  if (wanted.refresh !== false && [...wishes.values()].includes(latest)) await packages.refresh(sourcesOf(wanted));
  const missing = await missingPackages(packages, wishes, {
    refreshes: wanted.refresh !== false,
    ignoreEpoch: wanted.ignore_epoch,
    options: optionsOf(wanted),
  });
  if (!wanted.only_upgrade) return missing;
  return Object.fromEntries(Object.entries(missing).filter(([, { from }]) => from !== undefined));
}

/** In the versions that the plan says; those that no list had are looked for again, now that the lists are new. */
async function install(
  names: readonly string[],
  changes: PackageChanges,
  wanted: Wanted,
  context: Context,
): Promise<void> {
  const { packages } = context;
  const options = optionsOf(wanted);
  if (wanted.sources) return installSources(names, wanted.sources, options, context);
  const wishes = wishesOf(wanted);
  const lacking = await lackingIn(names, changes, wanted, packages);
  // Any version will do: the package manager may know it under another name, of what provides it.
  const unsure = new Map([...wishes].filter(([name, wish]) => lacking.includes(name) && !isOpen(wish)));
  const lists = { refreshes: false, ignoreEpoch: wanted.ignore_epoch, options };
  const found = unsure.size === 0 ? {} : await missingPackages(packages, unsure, lists);
  const version = (name: string) => (isOpen(wishes.get(name)) ? undefined : (found[name] ?? changes[name])?.to);
  await packages.install(
    names.map((name) => ({ name, version: version(name) })),
    options,
  );
  return undefined;
}

/** Those whose version the lists do not have, as far as one is asked for. */
async function lackingIn(
  names: readonly string[],
  changes: PackageChanges,
  wanted: Wanted,
  packages: Packages,
): Promise<readonly string[]> {
  if (wanted.sources) return [];
  const wishes = wishesOf(wanted);
  const versions = await packages.versions(names, optionsOf(wanted));
  return names.filter((name) => {
    const to = changes[name]?.to ?? newest;
    return to === newest || (!isOpen(wishes.get(name)) && !versions.get(name)?.includes(to));
  });
}

function isOpen(wish: string | undefined): boolean {
  return wish === undefined || wish === latest;
}

/** A package manager is content with the version it has when no newer one is offered. */
async function verifyInstalled(names: readonly string[], wanted: Wanted, packages: Packages): Promise<void> {
  if (wanted.sources) return;
  const now = await packages.installed(names);
  const compare = compareFor(packages, wanted.ignore_epoch);
  for (const [name, wish] of wishesOf(wanted)) {
    if (!names.includes(name) || isMet(now.get(name), wish, compare)) continue;
    const found = now.has(name) ? `${now.get(name)} is installed` : 'it is not installed';
    throw new ZesterError('machine', 'PACKAGE_FAILED', `Cannot install "${name}" ${wish ?? ''}: ${found} afterwards`);
  }
}

async function answersIn(source: string, { sources }: Context): Promise<Uint8Array> {
  const answers = await sources.read(source);
  if (answers !== undefined) return answers;
  throw new ZesterError(
    'source',
    'SOURCE_MISSING',
    `Cannot answer the questions of packages: there is no source "${source}"`,
  );
}

/** Tells debconf what the packages would ask. Nobody sees the answers: passwords are among them. */
async function answerQuestions(source: string, context: Context): Promise<void> {
  const { commands, signal } = context;
  const answers = await answersIn(source, context);
  const { code, stderr } = await commands.run(['debconf-set-selections'], { input: answers, signal });
  if (code === 0) return;
  // "error: parse error on line 3: '…'" quotes the line, and with it the answer.
  const reason = stderr
    .trim()
    .split('\n')[0]
    ?.replace(/: '.*$/, '');
  throw new ZesterError('machine', 'DEBCONF_REFUSED', `Cannot answer the questions of packages: ${reason}`, {
    hint: `Write "${source}" as lines of package, question, type and value`,
  });
}

function holdChange(name: string, hold: boolean) {
  return [`hold ${name}`, { from: hold ? 'no' : 'yes', to: hold ? 'yes' : 'no' }] as const;
}

async function applyHolds(packages: Packages, changes: PackageChanges, side: 'from' | 'to'): Promise<void> {
  for (const [field, change] of Object.entries(changes)) {
    if (!field.startsWith('hold ')) continue;
    const name = field.slice('hold '.length);
    if (change[side] === 'yes') await packages.hold([name]);
    else await packages.release([name]);
  }
}

function packageHeld(name: string): ZesterError {
  return new ZesterError('machine', 'PACKAGE_HELD', `Cannot change "${name}": the package is held at its version`, {
    hint: 'Set "update_holds: true", or release it',
  });
}
