import * as z from 'zod';
import {
  type PackageChanges,
  packageArguments,
  presentPackages,
  restorePackages,
  wishedPackages,
} from '#kit/abilities/packages.ts';
import { notKept } from '#kit/abilities/places.ts';
import { state } from '#kit/state.ts';

export const removed = state({
  name: 'pkg.removed',
  saltOnly: ['ignore_epoch', 'normalize', 'version'],
  summary: 'Ensure packages are not installed, and keep their configuration',
  args: z.object(packageArguments),
  check: (wanted, { packages }) => presentPackages(packages, [...wishedPackages(wanted).keys()]),
  async apply(changes, _wanted, { packages }) {
    await packages.remove(Object.keys(changes));
  },
  async revert(changes, _wanted, { packages }) {
    await restorePackages(packages, changes);
  },
  needs: ['packages'],
  holds: ['packages'],
  examples: [
    {
      title: 'A package to remove',
      args: { name: 'telnet' },
      given: { packages: { telnet: '0.17' }, repository: { telnet: '0.17' } },
      expect: { telnet: { from: '0.17' } },
    },
    { title: 'A package that is not there', args: { name: 'telnet' }, expect: {} },
    {
      title: 'Several packages in one transaction',
      args: { name: 'legacy', pkgs: ['telnet', 'rsh'] },
      given: { packages: { telnet: '0.17', rsh: '0.1' }, repository: { telnet: '0.17', rsh: '0.1' } },
      expect: { telnet: { from: '0.17' }, rsh: { from: '0.1' } },
    },
  ],
});

export const purged = state({
  name: 'pkg.purged',
  saltOnly: ['ignore_epoch', 'normalize', 'version'],
  summary: 'Ensure packages are not installed, and their configuration is gone',
  args: z.object(packageArguments),
  async check(wanted, { packages }) {
    const names = [...wishedPackages(wanted).keys()];
    const left = await packages.remnants(names);
    const remnants: PackageChanges = Object.fromEntries(left.map((name) => [name, { from: remnant, to: undefined }]));
    return { ...(await presentPackages(packages, names)), ...remnants };
  },
  async apply(changes, _wanted, { packages }) {
    await packages.remove(Object.keys(changes), { purge: true });
  },
  async revert(changes, _wanted, { packages }) {
    const [gone] = Object.entries(changes).find(([, { from }]) => from === remnant) ?? [];
    if (gone !== undefined) throw notKept(gone, 'its configuration');
    await restorePackages(packages, changes);
  },
  needs: ['packages'],
  holds: ['packages'],
  examples: [
    {
      title: 'A package to purge',
      args: { name: 'telnet' },
      given: { packages: { telnet: '0.17' }, repository: { telnet: '0.17' } },
      expect: { telnet: { from: '0.17' } },
    },
    { title: 'A package of which nothing is left', args: { name: 'telnet' }, expect: {} },
    {
      title: 'Several packages in one transaction',
      args: { name: 'legacy', pkgs: ['telnet', 'rsh'] },
      given: { packages: { telnet: '0.17' }, repository: { telnet: '0.17' } },
      expect: { telnet: { from: '0.17' } },
    },
  ],
  notes: ['A revert installs the package again, with its default configuration.'],
});

/** What a purge takes of a package that is removed already. */
const remnant = 'configuration';
