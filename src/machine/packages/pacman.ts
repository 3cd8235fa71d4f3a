import { packageFileInvalid, packageUnknown, packageVersionUnknown } from '../errors.ts';
import type { CommandResult, PackageOptions, Packages, PackageWish } from '../machine.ts';
import { noMemory } from '../memory.ts';
import type { Tools } from '../provider.ts';
import { diskFull, packageFailure, quoted, type Reason, refuseOptions } from './failure.ts';

const environment = { LC_ALL: 'C' };
const configuration = '/etc/pacman.conf';
const cache = '/var/cache/pacman/pkg';

/**
 * Packages of Arch, with pacman. Its repositories hold one version of each package: any other must lie in the cache
 * of an earlier installation, else it is refused.
 */
export function pacmanPackages({ files, commands, memory = noMemory }: Tools): Packages {
  const pacman = (...args: readonly string[]) => commands.run(['pacman', ...args], { env: environment });

  async function change(action: string, args: readonly string[]): Promise<void> {
    const [operation = '', ...rest] = args;
    const result = await pacman(operation, '--noconfirm', '--noprogressbar', ...rest);
    if (result.code !== 0) throw refusal(action, result);
  }

  async function installed(names?: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (names?.length === 0) return new Map();
    // A name that is not there makes the exit code 1; those that are there are printed all the same.
    return memory.recall(`pacman -Q ${names?.join(' ')}`, async () =>
      parseList((await pacman('-Q', ...(names ?? []))).stdout),
    );
  }

  async function available(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (names.length === 0) return new Map();
    return memory.recall(`pacman -Si ${names.join(' ')}`, async () =>
      parseInfo((await pacman('-Si', ...names)).stdout),
    );
  }

  /** Versions that lie in the cache: `name-1.0-1-any.pkg.tar.zst`. */
  async function cached(name: string): Promise<readonly string[]> {
    const names = ((await files.list(cache)) ?? []).filter((each) => /\.pkg\.tar(\.\w+)?$/.test(each));
    return names.flatMap((each) => {
      const [, of, version] = /^(.*)-([^-]+-[^-]+)-[^-]+$/.exec(each.replace(/\.pkg\.tar.*$/, '')) ?? [];
      return of === name && version !== undefined ? [version] : [];
    });
  }

  /** What pins a version: nothing when the repository has it, else a file of the cache. */
  async function target({ name, version, file }: PackageWish, offers: ReadonlyMap<string, string>): Promise<string> {
    if (file !== undefined || version === undefined || isVersion(offers.get(name), version)) return file ?? name;
    const names = (await files.list(cache)) ?? [];
    const kept = names.find((each) => each.startsWith(`${name}-${version}-`) && /\.pkg\.tar(\.\w+)?$/.test(each));
    if (kept === undefined) throw packageVersionUnknown(name, version);
    return `${cache}/${kept}`;
  }

  async function editIgnored(edit: (names: readonly string[]) => readonly string[]): Promise<void> {
    const text = new TextDecoder().decode((await files.read(configuration)) ?? new Uint8Array());
    await files.write(configuration, new TextEncoder().encode(withIgnored(text, edit(parseIgnored(text)))));
  }

  return {
    provider: 'pacman',
    knows: async () => knownOptions,
    installed,
    available,

    async versions(names) {
      const offers = await available(names);
      const all = await Promise.all(
        names.map(
          async (name) =>
            [
              name,
              [...new Set([...(await cached(name)), ...(offers.has(name) ? [offers.get(name) ?? ''] : [])])],
            ] as const,
        ),
      );
      return new Map(all.filter(([, versions]) => versions.length > 0));
    },

    async describe(file) {
      const result = typeof file === 'string' ? await pacman('-Qp', file) : undefined;
      const [found] = parseList(result?.stdout ?? '');
      if (result?.code === 0 && found !== undefined) return { name: found[0], version: found[1] };
      throw packageFileInvalid(typeof file === 'string' ? file : 'the file');
    },

    upgrades: async () => parseUpgrades((await pacman('-Qu')).stdout),
    refresh: () => change('refresh the package lists', ['-Sy']),

    async install(wishes, options = {}) {
      if (wishes.length === 0) return;
      refuseOptions(options, knownOptions, 'pacman');
      const action = `install ${quoted(wishes.map(({ name }) => name))}`;
      const pinned = wishes.filter(({ version }) => version !== undefined).map(({ name }) => name);
      const offers = await available(pinned);
      const targets = await Promise.all(wishes.map((wish) => target(wish, offers)));
      const names = targets.filter((each) => !each.includes('/'));
      const packages = targets.filter((each) => each.includes('/'));
      // pacman has one verb for repositories and one for files. Names are tried first: nothing is done if one is unknown.
      if (packages.length > 0 && names.length > 0) {
        const trial = await pacman('-S', '--print', ...names);
        if (trial.code !== 0) throw refusal(action, trial);
      }
      if (packages.length > 0) await change(action, ['-U', ...packages]);
      if (names.length > 0) await change(action, ['-S', ...(options.reinstall ? [] : ['--needed']), ...names]);
    },

    async remove(names, { purge = false } = {}) {
      const present = [...(await installed(names)).keys()];
      if (present.length === 0) return;
      await change(`remove ${quoted(present)}`, ['-R', '--cascade', ...(purge ? ['--nosave'] : []), ...present]);
    },

    upgrade: () => change('upgrade the packages', ['-Su']),
    remnants: async () => [],
    held: async () => parseIgnored(new TextDecoder().decode((await files.read(configuration)) ?? new Uint8Array())),
    hold: (names) => editIgnored((before) => [...new Set([...before, ...names])]),
    release: (names) => editIgnored((before) => before.filter((name) => !names.includes(name))),
  };
}

/** `pacman -Q`: `name version` a line. */
export function parseList(text: string): ReadonlyMap<string, string> {
  const lines = text.matchAll(/^(\S+) (\S+)$/gm);
  return new Map([...lines].map(([, name = '', version = '']) => [name, version]));
}

/** `pacman -Si`: a paragraph of `Key : value` for each package. */
export function parseInfo(text: string): ReadonlyMap<string, string> {
  const offers = new Map<string, string>();
  for (const paragraph of text.split(/\n\s*\n/)) {
    const name = /^Name\s*: (\S+)/m.exec(paragraph)?.[1];
    const version = /^Version\s*: (\S+)/m.exec(paragraph)?.[1];
    // Repositories come in the order of the configuration: the first that has a package is the one that counts.
    if (name !== undefined && version !== undefined && !offers.has(name)) offers.set(name, version);
  }
  return offers;
}

/** What it calls optional is never installed by itself: whether it comes along is no question. */
const knownOptions = ['reinstall', 'recommends'] as const satisfies readonly (keyof PackageOptions)[];

/** `pacman -Qu`: `name old -> new`, with a note where it is ignored. */
export function parseUpgrades(text: string): ReadonlyMap<string, string> {
  const lines = text.matchAll(/^(\S+) \S+ -> (\S+)/gm);
  return new Map([...lines].map(([, name = '', version = '']) => [name, version]));
}

/** All `IgnorePkg` lines together. */
export function parseIgnored(text: string): readonly string[] {
  const lines = [...text.matchAll(/^\s*IgnorePkg\s*=(.*)$/gm)];
  return [...new Set(lines.flatMap(([, names = '']) => names.split(/\s+/).filter(Boolean)))].toSorted();
}

function withIgnored(text: string, names: readonly string[]): string {
  const rest = text.replace(/^\s*IgnorePkg\s*=.*\n?/gm, '');
  if (names.length === 0) return rest;
  const line = `IgnorePkg = ${names.join(' ')}`;
  return rest.includes('[options]') ? rest.replace('[options]', `[options]\n${line}`) : `[options]\n${line}\n${rest}`;
}

/** `1.0` means any build of it: `1.0-3`. */
function isVersion(offered: string | undefined, wanted: string): boolean {
  return offered === wanted || (offered?.startsWith(`${wanted}-`) ?? false);
}

function refusal(action: string, result: CommandResult): Error {
  const { stdout, stderr, code } = result;
  const missing = /error: target not found: (\S+)/.exec(`${stderr}\n${stdout}`);
  if (missing === null) return packageFailure(action, result, reasons);
  return packageUnknown(missing[1] ?? '', { stdout, stderr, exitcode: String(code) });
}

const reasons: readonly Reason[] = [
  diskFull,
  {
    pattern: /unable to lock database/,
    code: 'PACKAGE_LOCKED',
    reason: 'another program keeps the lock of pacman',
    hint: 'Wait until it is done; a stale lock is the file /var/lib/pacman/db.lck',
  },
  {
    pattern: /failed retrieving file|failed to retrieve some files|failed to synchronize/,
    code: 'PACKAGE_FETCH_FAILED',
    reason: 'a repository could not be read',
    hint: 'Refresh the package lists',
  },
];
