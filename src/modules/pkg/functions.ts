import * as z from 'zod';
import {
  installArguments,
  latest,
  missingPackages,
  type PackageChanges,
  packageArguments,
  packageOptions,
  presentPackages,
  refuseUnknownOptions,
  wishedPackages,
} from '#kit/abilities/packages.ts';
import { compareVersions } from '#kit/abilities/versions.ts';
import { moduleFunction } from '#kit/function.ts';
import { StringList } from '#kit/types.ts';
import type { Packages } from '#machine/machine.ts';

const name = z
  .string()
  .describe('Name of the package')
  .meta({ primary: true, aliases: ['package', 'pkg'] });
const names = StringList.describe('Names of packages').meta({ primary: true, rest: true, aliases: ['name', 'pkgs'] });
const refresh = z.boolean().default(false).describe('Refresh the package lists first');

export const version = moduleFunction({
  name: 'pkg.version',
  summary: 'Version of an installed package',
  args: z.object({ name }),
  returns: 'The version; empty when the package is not installed',
  changes: false,
  run: async ({ name }, { packages }) => (await packages.installed([name])).get(name) ?? '',
  examples: [
    { title: 'An installed package', args: { name: 'nginx' }, given: { packages: { nginx: '1.24' } }, expect: '1.24' },
    { title: 'A package that is not installed', args: { name: 'nginx' }, expect: '' },
  ],
  notes: ['Empty rather than an error, as in Salt, so that a template can ask.'],
});

export const listPackages = moduleFunction({
  name: 'pkg.list_pkgs',
  summary: 'Every installed package and its version',
  args: z.object({}),
  returns: 'Map of name to version',
  changes: false,
  run: async (_args, { packages }) => Object.fromEntries(await packages.installed()),
  examples: [
    {
      title: 'Two packages',
      args: {},
      given: { packages: { curl: '8.0', vim: '9' } },
      expect: { curl: '8.0', vim: '9' },
    },
  ],
});

export const latestVersion = moduleFunction({
  name: 'pkg.latest_version',
  summary: 'Version that an install or upgrade of a package would bring',
  args: z.object({ name, refresh }),
  returns: 'The version; empty when the newest is installed, or none is known',
  changes: false,
  async run({ name, refresh }, { packages }) {
    if (refresh) await packages.refresh();
    if ((await packages.installed([name])).has(name)) return (await packages.upgrades()).get(name) ?? '';
    return (await packages.available([name])).get(name) ?? '';
  },
  examples: [
    { title: 'A package to be had', args: { name: 'nginx' }, given: { repository: { nginx: '1.24' } }, expect: '1.24' },
    {
      title: 'The newest version is installed',
      args: { name: 'nginx' },
      given: { packages: { nginx: '1.24' }, repository: { nginx: '1.24' } },
      expect: '',
    },
  ],
});

export const listUpgrades = moduleFunction({
  name: 'pkg.list_upgrades',
  summary: 'Installed packages for which a newer version is offered',
  args: z.object({ refresh }),
  returns: 'Map of name to the newer version',
  changes: false,
  async run({ refresh }, { packages }) {
    if (refresh) await packages.refresh();
    return Object.fromEntries(await packages.upgrades());
  },
  examples: [
    {
      title: 'One of two is old',
      args: {},
      given: { packages: { curl: '8.0', vim: '9' }, repository: { curl: '8.0', vim: { versions: ['9', '9.1'] } } },
      expect: { vim: '9.1' },
    },
  ],
});

export const compare = moduleFunction({
  name: 'pkg.version_cmp',
  summary: 'Which of two versions is older',
  args: z.object({
    pkg1: z.string().describe('The one version').meta({ primary: true }),
    pkg2: z.string().describe('The other'),
    ignore_epoch: z.boolean().default(false).describe('Compare without their epochs'),
  }),
  returns: '-1 when the first is older, 0 when they are the same, 1 when it is newer',
  changes: false,
  run: async ({ pkg1, pkg2, ignore_epoch }) => compareVersions(pkg1, pkg2, { ignoreEpoch: ignore_epoch }),
  examples: [
    { title: 'A release is newer than its candidate', args: { pkg1: '1.0~rc1', pkg2: '1.0' }, expect: -1 },
    { title: 'Numbers are compared as numbers', args: { pkg1: '1.10', pkg2: '1.9' }, expect: 1 },
    { title: 'The same version', args: { pkg1: '1:2-3', pkg2: '1:2-3' }, expect: 0 },
  ],
});

export const refreshDb = moduleFunction({
  name: 'pkg.refresh_db',
  summary: 'Refresh the package lists',
  args: z.object({}),
  returns: 'True; it fails when a repository cannot be read',
  changes: true,
  async run(_args, { packages }) {
    await packages.refresh();
    return true;
  },
  examples: [{ title: 'Fresh lists', args: {}, expect: true }],
});

export const install = moduleFunction({
  name: 'pkg.install',
  summary: 'Install packages, in one transaction',
  args: z.object({
    ...packageArguments,
    version: z.string().optional().describe('Version to install: exact, "latest", glob or comparisons'),
    refresh,
    ...installArguments,
  }),
  returns: 'Map of what changed: name to the old and the new version',
  changes: true,
  async run(wanted, { packages }) {
    if (wanted.refresh) await packages.refresh();
    const options = packageOptions(wanted);
    await refuseUnknownOptions(packages, options);
    const wishes = wishedPackages(wanted);
    const missing = await missingPackages(packages, wishes, { refreshes: false, options });
    const list = Object.entries(missing).map(([each, { to }]) => ({
      name: each,
      version: wishes.get(each) === undefined || wishes.get(each) === latest ? undefined : to,
    }));
    return changing(packages, Object.keys(missing), () => packages.install(list, options));
  },
  examples: [
    {
      title: 'A package to install',
      args: { name: 'nginx' },
      given: { repository: { nginx: '1.24' } },
      expect: { nginx: { old: '', new: '1.24' } },
    },
    { title: 'An installed package', args: { name: 'nginx' }, given: { packages: { nginx: '1.24' } }, expect: {} },
    { title: 'An unknown package', args: { name: 'ngnix' }, expect: { refusal: 'PACKAGE_UNKNOWN' } },
  ],
});

export const remove = moduleFunction({
  name: 'pkg.remove',
  summary: 'Remove packages and keep their configuration',
  args: z.object(packageArguments),
  returns: 'Map of what changed: name to the old and the new version',
  changes: true,
  run: (wanted, { packages }) => removing(packages, wanted, {}),
  examples: [
    {
      title: 'A package to remove',
      args: { name: 'telnet' },
      given: { packages: { telnet: '0.17' } },
      expect: { telnet: { old: '0.17', new: '' } },
    },
  ],
});

export const purge = moduleFunction({
  name: 'pkg.purge',
  summary: 'Remove packages together with their configuration',
  args: z.object(packageArguments),
  returns: 'Map of what changed: name to the old and the new version',
  changes: true,
  run: (wanted, { packages }) => removing(packages, wanted, { purge: true }),
  examples: [
    {
      title: 'A package to purge',
      args: { name: 'telnet' },
      given: { packages: { telnet: '0.17' } },
      expect: { telnet: { old: '0.17', new: '' } },
    },
  ],
});

export const upgrade = moduleFunction({
  name: 'pkg.upgrade',
  summary: 'Bring every installed package to its newest version',
  args: z.object({
    refresh: z.boolean().default(true).describe('Refresh the package lists first'),
    dist_upgrade: z.boolean().default(false).describe('Also where that takes other packages away'),
  }),
  returns: 'Map of what changed: name to the old and the new version',
  changes: true,
  async run({ refresh, dist_upgrade: dist }, { packages }) {
    if (refresh) await packages.refresh();
    return changing(packages, [...(await packages.upgrades({ dist })).keys()], () => packages.upgrade({ dist }));
  },
  examples: [
    {
      title: 'An old package',
      args: {},
      given: { packages: { vim: '9' }, repository: { vim: { versions: ['9', '9.1'] } } },
      expect: { vim: { old: '9', new: '9.1' } },
    },
  ],
});

export const hold = moduleFunction({
  name: 'pkg.hold',
  summary: 'Keep packages at their version',
  args: z.object({ names }),
  returns: 'Sorted list of all packages that are held',
  changes: true,
  async run({ names }, { packages }) {
    await packages.hold(names);
    return packages.held();
  },
  examples: [
    { title: 'A package to hold', args: { names: ['vim'] }, given: { packages: { vim: '9' } }, expect: ['vim'] },
  ],
});

export const unhold = moduleFunction({
  name: 'pkg.unhold',
  summary: 'Let packages be upgraded again',
  args: z.object({ names }),
  returns: 'Sorted list of all packages that are still held',
  changes: true,
  async run({ names }, { packages }) {
    await packages.release(names);
    return packages.held();
  },
  examples: [
    { title: 'A package that was not held', args: { names: ['vim'] }, given: { packages: { vim: '9' } }, expect: [] },
  ],
});

async function removing(
  packages: Packages,
  wanted: Parameters<typeof wishedPackages>[0],
  options: { purge?: boolean },
) {
  const present: PackageChanges = await presentPackages(packages, wishedPackages(wanted));
  const all = Object.keys(present);
  return changing(packages, all, () => packages.remove(all, options));
}

async function changing(packages: Packages, names: readonly string[], change: () => Promise<void>) {
  const before = await packages.installed(names);
  if (names.length > 0) await change();
  const after = await packages.installed(names);
  const changed = names.filter((each) => before.get(each) !== after.get(each));
  return Object.fromEntries(changed.map((each) => [each, { old: before.get(each) ?? '', new: after.get(each) ?? '' }]));
}
