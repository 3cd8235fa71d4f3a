import * as z from 'zod';
import { packageUnknown, packageVersionUnknown } from '#machine/errors.ts';
import type { Packages } from '#machine/machine.ts';
import type { Change } from '../changes.ts';
import { isExact, satisfies } from './versions.ts';

/** Arguments of every state that names packages. */
export const packageArguments = {
  name: z.string().describe('Name of the package; not used when "pkgs" is given').meta({ primary: true }),
  pkgs: z
    .array(z.union([z.string(), z.record(z.string(), z.string().nullable())]))
    .optional()
    .describe('Several packages at once: names, or maps of a name to its version')
    .meta({ instead: true }),
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

/** Each package that is asked for, with what is asked of its version. */
export function wishedPackages({ name, pkgs, version }: PackageWishes): ReadonlyMap<string, string | undefined> {
  if (pkgs === undefined) return new Map([[name, wishOf(version)]]);
  const pairs = pkgs.flatMap((each): [string, string | null | undefined][] =>
    typeof each === 'string' ? [[each, version]] : Object.entries(each),
  );
  return new Map(pairs.map(([each, wish]) => [each, wishOf(wish)]));
}

/**
 * The version each wished package would get, of those that are not as wished. Throws `PACKAGE_VERSION_UNKNOWN` when
 * the lists offer another version only, `PACKAGE_UNKNOWN` when they have none and may not be refreshed.
 */
export async function missingPackages(
  packages: Packages,
  wishes: ReadonlyMap<string, string | undefined>,
  { refreshes, ignoreEpoch = false }: { readonly refreshes: boolean; readonly ignoreEpoch?: boolean },
): Promise<PackageChanges> {
  const installed = await packages.installed([...wishes.keys()]);
  const missing = [...wishes].filter(([name, wish]) => !satisfies(installed.get(name), wish, { ignoreEpoch }));
  if (missing.length === 0) return {};
  const offers = await packages.available(missing.map(([name]) => name));
  return Object.fromEntries(
    missing.map(([name, wish]) => {
      const offer = offers.get(name);
      if (offer === undefined && !refreshes) throw packageUnknown(name);
      const wrong = offer !== undefined && !isExact(wish) && !satisfies(offer, wish, { ignoreEpoch });
      if (wrong && !refreshes) throw packageVersionUnknown(name, wish ?? '');
      return [name, { from: installed.get(name), to: isExact(wish) ? wish : wrong ? newest : (offer ?? newest) }];
    }),
  );
}

/** Installed packages of those named, as changes that take them away. */
export async function presentPackages(packages: Packages, names: readonly string[]): Promise<PackageChanges> {
  const installed = await packages.installed(names);
  return Object.fromEntries([...installed].map(([name, version]) => [name, { from: version, to: undefined }]));
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
  return version === undefined || version === null || version === '' || version === 'latest' ? undefined : version;
}
