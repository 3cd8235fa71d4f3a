import type { Packages } from '../machine.ts';
import { type Ledger, readOnly, Unforeseen } from './ledger.ts';

export interface SupposedPackages {
  readonly packages: Packages;
  doneBy(author: string): Packages;
}

/** The version of a package that the lists do not have yet. */
const unlisted = 'newest';

/** Where each tool is told of its repositories. */
const repositories: Readonly<Record<string, readonly string[]>> = {
  apt: ['/etc/apt'],
  dnf: ['/etc/yum.repos.d', '/etc/dnf'],
  zypper: ['/etc/zypp'],
  apk: ['/etc/apk'],
  pacman: ['/etc/pacman.conf', '/etc/pacman.d'],
};

/** Packages by name and version. What else comes and goes with them, only the machine's own tool knows. */
export function supposedPackages(base: Packages, ledger: Ledger): SupposedPackages {
  /** Name → version; undefined for one that is gone. */
  const versions = new Map<string, string | undefined>();
  const holds = new Map<string, boolean>();
  const purged = new Map<string, boolean>();

  const installed: Packages['installed'] = async (names) => {
    if (versions.size === 0) return base.installed(names);
    const all = new Map(await base.installed(names));
    for (const [name, version] of versions) {
      if (version === undefined) all.delete(name);
      else if (names === undefined || names.includes(name)) all.set(name, version);
    }
    return all;
  };

  /** Throws `Unforeseen` where the lists would come from other repositories by then. */
  const refuseOtherLists = () => {
    const author = ledger.authorOf(repositories[base.provider] ?? []);
    if (author !== undefined) throw new Unforeseen(author, 'the package lists may be others by then');
  };

  const packages: Packages = {
    get provider() {
      return base.provider;
    },
    installed,
    knows: () => base.knows(),
    available: (names, options) => base.available(names, options),
    versions: (names, options) => base.versions(names, options),
    describe: (file) => base.describe(file),
    async upgrades(options) {
      const offers = new Map(await base.upgrades(options));
      const newest = versions.size === 0 ? new Map<string, string>() : await base.available([...versions.keys()]);
      for (const [name, version] of versions) {
        const offer = newest.get(name);
        if (version === undefined || offer === undefined || offer === version) offers.delete(name);
        else offers.set(name, offer);
      }
      return offers;
    },
    async remnants(names) {
      const left = await base.remnants(names);
      return names.filter((name) => purged.get(name) ?? left.includes(name)).toSorted();
    },
    async held() {
      const held = await base.held();
      return [...new Set([...held, ...holds.keys()])]
        .filter((name) => holds.get(name) ?? held.includes(name))
        .toSorted();
    },
    // The lists are a copy of what others offer: a check that asks for them anew gets them, in a plan too.
    async refresh(options) {
      refuseOtherLists();
      await base.refresh(options);
    },
    install: readOnly,
    remove: readOnly,
    upgrade: readOnly,
    hold: readOnly,
    release: readOnly,
  };

  function doneBy(author: string): Packages {
    const change = (name: string, version: string | undefined) => {
      versions.set(name, version);
      ledger.changed('package', name, author);
      // Its scripts and what it depends on may change anything, whether it comes or goes.
      ledger.unfinished(author);
    };
    return {
      ...packages,
      get provider() {
        return base.provider;
      },
      refresh: async () => {},
      async install(wishes, options) {
        const names = wishes.map(({ name }) => name);
        const before = await installed(names);
        const offers = await base.available(names, options);
        for (const { name, file, version = file === undefined ? offers.get(name) : undefined } of wishes) {
          if (!before.has(name)) ledger.arrived(name, author);
          purged.set(name, false);
          change(name, version ?? unlisted);
        }
      },
      async remove(names, { purge = false } = {}) {
        const before = await installed(names);
        for (const name of names) {
          if (before.has(name)) change(name, undefined);
          if (purge) purged.set(name, false);
          else if (before.has(name)) purged.set(name, true);
        }
      },
      async upgrade() {
        const held = await packages.held();
        for (const [name, version] of await packages.upgrades()) if (!held.includes(name)) change(name, version);
      },
      async hold(names) {
        for (const name of names) holds.set(name, true);
      },
      async release(names) {
        for (const name of names) holds.set(name, false);
      },
    };
  }

  return { packages, doneBy };
}
