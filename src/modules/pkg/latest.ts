import * as z from 'zod';
import {
  type PackageChanges,
  packageArguments,
  restorePackages,
  versionsOf,
  wishedPackages,
} from '#kit/abilities/packages.ts';
import { state } from '#kit/state.ts';
import { packageUnknown } from '#machine/errors.ts';

export const latest = state({
  name: 'pkg.latest',
  saltOnly: ['fromrepo', 'skip_verify', 'watch_flags'],
  summary: 'Ensure packages are installed, at the newest version the repositories offer',
  args: z.object({
    ...packageArguments,
    refresh: z.boolean().default(true).describe('Refresh the package lists first'),
  }),
  async check(wanted, { packages }) {
    if (wanted.refresh) await packages.refresh();
    const names = [...wishedPackages(wanted).keys()];
    const [present, upgrades] = [await packages.installed(names), await packages.upgrades()];
    const offers = await packages.available(names.filter((name) => !present.has(name)));
    const changes = names.flatMap((name) => {
      const to = present.has(name) ? upgrades.get(name) : offers.get(name);
      if (to === undefined && !present.has(name)) throw packageUnknown(name);
      return to === undefined ? [] : [[name, { from: present.get(name), to }] as const];
    });
    return Object.fromEntries(changes) as PackageChanges;
  },
  async apply(changes, _wanted, { packages }) {
    const names = Object.keys(changes);
    await packages.install(names.map((name) => ({ name })));
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
  args: z.object({ refresh: z.boolean().default(true).describe('Refresh the package lists first') }),
  async check({ refresh }, { packages }) {
    if (refresh) await packages.refresh();
    const [upgrades, held] = [await packages.upgrades(), await packages.held()];
    const names = [...upgrades.keys()].filter((name) => !held.includes(name));
    const present = await packages.installed(names);
    return Object.fromEntries(
      names.map((name) => [name, { from: present.get(name), to: upgrades.get(name) }]),
    ) as PackageChanges;
  },
  async apply(changes, _wanted, { packages }) {
    await packages.upgrade();
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
