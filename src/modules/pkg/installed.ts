import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import {
  missingPackages,
  newest,
  type PackageChanges,
  packageArguments,
  restorePackages,
  versionsOf,
  wishedPackages,
} from '#kit/abilities/packages.ts';
import { isExact, satisfies } from '#kit/abilities/versions.ts';
import type { Context } from '#kit/context.ts';
import { state } from '#kit/state.ts';
import { StringMap } from '#kit/types.ts';
import { packageVersionUnknown } from '#machine/errors.ts';
import type { Packages, PackageWish } from '#machine/machine.ts';

export const installed = state({
  name: 'pkg.installed',
  saltOnly: ['fromrepo', 'normalize', 'pkg_verify', 'reinstall', 'skip_suggestions', 'skip_verify'],
  summary: 'Ensure packages are installed, at a version if one is given',
  args: z.object({
    ...packageArguments,
    version: z
      .string()
      .optional()
      .describe('Exact version, glob ("1.24.*") or comparisons (">=1.2,<2"); for all of "pkgs" that name none'),
    refresh: z
      .boolean()
      .optional()
      .describe('Refresh the package lists first; left out, only when they lack what is wanted, and never when false'),
    sources: z
      .array(StringMap)
      .optional()
      .describe('Package files instead of repositories: maps of a name to "zester://…" or a path')
      .meta({ instead: true }),
    hold: z.boolean().optional().describe('Keep the packages at their version, or no longer'),
    update_holds: z.boolean().default(false).describe('Change packages that are held, and hold them again'),
    allow_updates: z.boolean().default(false).describe('Take a newer version than "version" for good'),
    ignore_epoch: z.boolean().default(false).describe('Compare versions without their epochs'),
  }),
  async check(wanted, { packages }) {
    const wishes = wishesOf(wanted);
    const changes = await missingPackages(packages, wishes, {
      refreshes: wanted.refresh !== false || wanted.sources !== undefined,
      ignoreEpoch: wanted.ignore_epoch,
    });
    const held = await packages.held();
    const stuck = Object.keys(changes).find((name) => held.includes(name));
    if (stuck !== undefined && !wanted.update_holds) throw packageHeld(stuck);
    const unlike = [...wishes.keys()].filter(
      (name) => wanted.hold !== undefined && wanted.hold !== held.includes(name),
    );
    return { ...changes, ...Object.fromEntries(unlike.map((name) => holdChange(name, wanted.hold ?? false))) };
  },
  async apply(changes, wanted, context) {
    const { packages } = context;
    const wishes = wishesOf(wanted);
    const names = Object.keys(changes).filter((name) => wishes.has(name));
    const stale = wanted.refresh !== false && names.some((name) => changes[name]?.to === newest);
    if (wanted.refresh || (stale && !wanted.sources)) await packages.refresh();
    const held = (await packages.held()).filter((name) => names.includes(name));
    if (held.length > 0) await packages.release(held);
    if (names.length > 0) await installAll(names, wishes, wanted.sources ?? [], context);
    if (held.length > 0) await packages.hold(held);
    await applyHolds(packages, changes, 'to');
    await verifyInstalled(names, wanted, packages);
    return versionsOf(packages, names);
  },
  async revert(changes, wanted, { packages }) {
    const wishes = wishesOf(wanted);
    await applyHolds(packages, changes, 'from');
    await restorePackages(packages, Object.fromEntries(Object.entries(changes).filter(([name]) => wishes.has(name))));
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
      title: 'A package to hold at its version',
      args: { name: 'nginx', hold: true },
      given: { packages: { nginx: '1.24' } },
      expect: { 'hold nginx': { from: 'no', to: 'yes' } },
    },
    {
      title: 'A package file of the state tree',
      args: { name: 'agent', sources: [{ agent: 'zester://agent.deb' }] },
      given: { tree: { 'agent.deb': 'deb' } },
      expect: { agent: { to: newest } },
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
    'When the lists do not have a package yet, the plan says "newest": they are refreshed before it is installed.',
  ],
  differs: [
    'All packages of a state are one transaction: all are installed, or none.',
    'A revert puts earlier versions back, and removes only what was not there before.',
  ],
});

function wishesOf(wanted: Parameters<typeof wishedPackages>[0] & WishOptions): ReadonlyMap<string, string | undefined> {
  if (wanted.sources)
    return new Map(wanted.sources.flatMap((each) => Object.keys(each).map((name) => [name, undefined])));
  const wishes = wishedPackages(wanted);
  if (!wanted.allow_updates) return wishes;
  return new Map([...wishes].map(([name, wish]) => [name, isExact(wish) ? `>=${wish}` : wish]));
}

interface WishOptions {
  readonly sources?: readonly Readonly<Record<string, string>>[] | undefined;
  readonly allow_updates: boolean;
}

/** A package manager is content with the version it has when no newer one is offered. */
async function verifyInstalled(
  names: readonly string[],
  wanted: Parameters<typeof wishesOf>[0] & { readonly ignore_epoch: boolean },
  packages: Packages,
): Promise<void> {
  const now = await packages.installed(names);
  for (const [name, version] of wishesOf(wanted)) {
    const isMet = satisfies(now.get(name), version, { ignoreEpoch: wanted.ignore_epoch });
    if (names.includes(name) && version !== undefined && !isMet) throw packageVersionUnknown(name, version);
  }
}

async function installAll(
  names: readonly string[],
  wishes: ReadonlyMap<string, string | undefined>,
  sources: readonly Readonly<Record<string, string>>[],
  { packages, files, sources: tree }: Context,
): Promise<void> {
  const copies: string[] = [];
  const wish = async (name: string): Promise<PackageWish> => {
    const source = sources.find((each) => name in each)?.[name];
    if (source === undefined) return { name, version: isExact(wishes.get(name)) ? wishes.get(name) : undefined };
    if (source.startsWith('/')) return { name, file: source };
    const bytes = await tree.read(source);
    if (bytes === undefined) {
      throw new ZesterError('source', 'SOURCE_MISSING', `Cannot install "${name}": there is no source "${source}"`);
    }
    const file = `/tmp/zester-${randomUUID()}-${source.slice(source.lastIndexOf('/') + 1)}`;
    copies.push(file);
    await files.write(file, bytes);
    return { name, file };
  };
  try {
    await packages.install(await Promise.all(names.map(wish)));
  } finally {
    for (const each of copies) await files.remove(each);
  }
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
