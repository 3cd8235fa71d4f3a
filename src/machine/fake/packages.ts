import { packageFileInvalid, packageUnknown, packageVersionUnknown } from '../errors.ts';
import type { GivenPackage } from '../given.ts';
import type { Files, Packages, PackageWish } from '../machine.ts';
import { aptOptions } from '../packages/apt.ts';
import { refuseOptions } from '../packages/failure.ts';

export interface PackageState {
  /** Name → version. */
  readonly installed: Map<string, string>;
  readonly repository: ReadonlyMap<string, GivenPackage>;
  readonly held: Set<string>;
  /** Removed, with configuration left behind. */
  readonly remnants: Set<string>;
}

/** The packages port in memory: what is wanted comes with its dependencies, or nothing comes at all. */
export function fakePackages({ installed, repository, held, remnants }: PackageState, files: Files): Packages {
  const newest = (name: string) => repository.get(name)?.versions.at(-1);

  /** The whole transaction, or a refusal: dependencies before what needs them. */
  async function resolve({ name, version, file }: PackageWish, into: Map<string, string>): Promise<void> {
    if (file !== undefined) {
      const described = await describe(file);
      into.set(described.name, described.version);
      return;
    }
    const offer = repository.get(name);
    if (offer === undefined && installed.get(name) === undefined) throw packageUnknown(name);
    if (version !== undefined && version !== installed.get(name) && !offer?.versions.includes(version)) {
      throw packageVersionUnknown(name, version);
    }
    const chosen = version ?? offer?.versions.at(-1) ?? installed.get(name);
    if (chosen === undefined || into.has(name)) return;
    into.set(name, chosen);
    for (const each of offer?.depends ?? []) if (!installed.has(each)) await resolve({ name: each }, into);
  }

  /** A package file of an example says what it holds: `name version`. */
  async function describe(file: string | Uint8Array): Promise<{ readonly name: string; readonly version: string }> {
    const content = typeof file === 'string' ? await files.read(file) : file;
    const [, name, version] = /^(\S+) (\S+)\s*$/.exec(new TextDecoder().decode(content)) ?? [];
    if (name !== undefined && version !== undefined) return { name, version };
    throw packageFileInvalid(typeof file === 'string' ? file : 'the file');
  }

  function withDependents(names: readonly string[]): readonly string[] {
    const going = new Set(names.filter((name) => installed.has(name)));
    for (const name of going) {
      for (const each of installed.keys()) if (repository.get(each)?.depends?.includes(name)) going.add(each);
    }
    return [...going];
  }

  async function upgrades(): Promise<ReadonlyMap<string, string>> {
    const offers = [...installed].map(([name, version]) => [name, newest(name) ?? version] as const);
    return new Map(offers.filter(([name, version]) => version !== installed.get(name)));
  }

  return {
    provider: 'apt',
    knows: async () => aptOptions,
    describe,
    versions: async (names) =>
      new Map(names.flatMap((name) => (repository.has(name) ? [[name, repository.get(name)?.versions ?? []]] : []))),
    installed: async (names) => new Map([...installed].filter(([name]) => names === undefined || names.includes(name))),
    available: async (names) =>
      new Map(names.flatMap((name) => (newest(name) === undefined ? [] : [[name, newest(name) ?? '']]))),
    upgrades,
    refresh: async () => {},

    async install(wishes, options = {}) {
      refuseOptions(options, aptOptions, 'apt');
      const transaction = new Map<string, string>();
      const taken = options.onlyUpgrade ? wishes.filter(({ name }) => installed.has(name)) : wishes;
      for (const wish of taken) await resolve(wish, transaction);
      for (const [name, version] of transaction) {
        installed.set(name, version);
        remnants.delete(name);
      }
    },

    async remove(names, { purge = false } = {}) {
      for (const name of withDependents(names)) {
        installed.delete(name);
        if (!purge) remnants.add(name);
      }
      if (purge) for (const name of names) remnants.delete(name);
    },

    async upgrade() {
      for (const [name, version] of await upgrades()) if (!held.has(name)) installed.set(name, version);
    },

    remnants: async (names) => names.filter((name) => remnants.has(name)).toSorted(),
    held: async () => [...held].toSorted(),
    async hold(names) {
      for (const name of names) held.add(name);
    },
    async release(names) {
      for (const name of names) held.delete(name);
    },
  };
}
