import * as z from 'zod';
import {
  idleArguments,
  type PackageChanges,
  packageArguments,
  presentPackages,
  restorePackages,
  wishedPackages,
} from '#kit/abilities/packages.ts';
import { notKept } from '#kit/abilities/places.ts';
import { state } from '#kit/state.ts';

const args = z.object({
  ...packageArguments,
  version: z.string().optional().describe('Remove them only in this version: exact, glob or comparisons'),
  ignore_epoch: z.boolean().default(false).describe('Compare versions without their epochs'),
  ...idleArguments,
  refresh: z.boolean().optional().describe('For Salt: means nothing'),
});

function compareOptions({ ignore_epoch }: z.output<typeof args>) {
  return { ignoreEpoch: ignore_epoch };
}

export const removed = state({
  name: 'pkg.removed',
  saltOnly: [],
  summary: 'Ensure packages are not installed, and keep their configuration',
  args,
  check: (wanted, { packages }) => presentPackages(packages, wishedPackages(wanted), compareOptions(wanted)),
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
      title: 'Whatever matches',
      args: { name: 'php5-*' },
      given: { packages: { 'php5-cli': '5.6', php7: '7.4' }, repository: { 'php5-cli': '5.6' } },
      expect: { 'php5-cli': { from: '5.6' } },
    },
    {
      title: 'Only an old version',
      args: { name: 'telnet', version: '<0.17' },
      given: { packages: { telnet: '0.17' } },
      expect: {},
    },
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
  saltOnly: [],
  summary: 'Ensure packages are not installed, and their configuration is gone',
  args,
  async check(wanted, { packages }) {
    const wishes = wishedPackages(wanted);
    const left = await packages.remnants([...wishes.keys()]);
    const remnants: PackageChanges = Object.fromEntries(left.map((name) => [name, { from: remnant, to: undefined }]));
    return { ...(await presentPackages(packages, wishes, compareOptions(wanted))), ...remnants };
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
