import * as z from 'zod';
import {
  idleArguments,
  installArguments,
  missingPackages,
  latest as newestWish,
  type PackageChanges,
  packageArguments,
  packageOptions,
  refuseUnknownOptions,
  restorePackages,
  versionsOf,
  wishedPackages,
} from '#kit/abilities/packages.ts';
import { compareVersions } from '#kit/abilities/versions.ts';
import { state } from '#kit/state.ts';
import type { Packages } from '#machine/machine.ts';

export const latest = state({
  name: 'pkg.latest',
  saltOnly: ['watch_flags'],
  summary: 'Ensure packages are installed, at the newest version the repositories offer',
  args: z.object({
    ...packageArguments,
    refresh: z.boolean().default(true).describe('Refresh the package lists first'),
    update_holds: z.boolean().default(false).describe('Change packages that are held, and hold them again'),
    ...installArguments,
    cache_valid_time: z.number().optional().describe('For Salt: means nothing, lists are refreshed once in a run'),
    ...idleArguments,
  }),
  async check(wanted, { packages }) {
    await refuseUnknownOptions(packages, packageOptions(wanted));
    if (wanted.refresh) await packages.refresh();
    const wishes = new Map([...wishedPackages(wanted).keys()].map((name) => [name, newestWish]));
    const missing = await missingPackages(packages, wishes, { refreshes: false, options: packageOptions(wanted) });
    const held = wanted.update_holds ? await heldUpgrades(packages, [...wishes.keys()]) : {};
    const all = Object.entries({ ...missing, ...held });
    return Object.fromEntries(
      all.filter(([, { from }]) => from !== undefined || !wanted.only_upgrade),
    ) as PackageChanges;
  },
  async apply(changes, wanted, { packages }) {
    const names = Object.keys(changes);
    const held = wanted.update_holds ? (await packages.held()).filter((name) => names.includes(name)) : [];
    if (held.length > 0) await packages.release(held);
    await packages.install(
      names.map((name) => ({ name })),
      packageOptions(wanted),
    );
    if (held.length > 0) await packages.hold(held);
    return versionsOf(packages, names);
  },
  async revert(changes, _wanted, { packages }) {
    await restorePackages(packages, changes);
  },
  needs: ['packages'],
  holds: ['packages'],
  examples: [
    {
      title: 'A newer version to install',
      args: { name: 'nginx' },
      given: { packages: { nginx: '1.22' }, repository: { nginx: { versions: ['1.22', '1.24'] } } },
      expect: { nginx: { from: '1.22', to: '1.24' } },
    },
    {
      title: 'The newest version is there',
      args: { name: 'nginx' },
      given: { packages: { nginx: '1.24' }, repository: { nginx: '1.24' } },
      expect: {},
    },
    {
      title: 'A package that no repository offers',
      args: { name: 'nginx' },
      expect: { refusal: 'PACKAGE_UNKNOWN' },
    },
  ],
  notes: ['A plan refreshes the package lists as well: it could not tell otherwise. Nothing else is touched.'],
});

export const uptodate = state({
  name: 'pkg.uptodate',
  saltOnly: ['pkgs'],
  summary: 'Ensure every installed package is at the newest version the repositories offer',
  args: z.object({
    name: z.string().optional().describe('Means nothing: it is about every package').meta({ primary: true }),
    refresh: z.boolean().default(true).describe('Refresh the package lists first'),
    dist_upgrade: z
      .boolean()
      .default(false)
      .describe('Also where that takes other packages away, as "apt-get dist-upgrade" does'),
  }),
  async check({ refresh, dist_upgrade }, { packages }) {
    if (refresh) await packages.refresh();
    const [upgrades, held] = [await packages.upgrades({ dist: dist_upgrade }), await packages.held()];
    const names = [...upgrades.keys()].filter((name) => !held.includes(name));
    const present = await packages.installed(names);
    return Object.fromEntries(
      names.map((name) => [name, { from: present.get(name), to: upgrades.get(name) }]),
    ) as PackageChanges;
  },
  async apply(changes, { dist_upgrade }, { packages }) {
    await packages.upgrade({ dist: dist_upgrade });
    return versionsOf(packages, Object.keys(changes));
  },
  async revert(changes, _wanted, { packages }) {
    await restorePackages(packages, changes);
  },
  needs: ['packages'],
  holds: ['packages'],
  examples: [
    {
      title: 'One of two packages is old',
      args: {},
      given: {
        packages: { curl: '8.0', nginx: '1.22' },
        repository: { curl: '8.0', nginx: { versions: ['1.22', '1.24'] } },
      },
      expect: { nginx: { from: '1.22', to: '1.24' } },
    },
    {
      title: 'A word that is neither true nor false',
      args: { refresh: 'perhaps' },
      expect: { refusal: 'ARGUMENT_INVALID' },
    },
    {
      title: 'Nothing newer to be had',
      args: {},
      given: { packages: { curl: '8.0' }, repository: { curl: '8.0' } },
      expect: {},
    },
  ],
  notes: ['Packages that are held stay at their version.'],
});

/** A package manager does not count what is held among the upgrades. */
async function heldUpgrades(packages: Packages, names: readonly string[]): Promise<PackageChanges> {
  const held = (await packages.held()).filter((name) => names.includes(name));
  const [installed, offers] = [await packages.installed(held), await packages.available(held)];
  const newer = held.filter((name) => compareVersions(offers.get(name) ?? '', installed.get(name) ?? '') > 0);
  return Object.fromEntries(newer.map((name) => [name, { from: installed.get(name), to: offers.get(name) }]));
}
