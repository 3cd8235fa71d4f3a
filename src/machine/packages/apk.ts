import { packageFileInvalid, packageUnknown, packageVersionUnknown } from '../errors.ts';
import type { CommandResult, PackageOptions, PackageSources, Packages, PackageWish } from '../machine.ts';
import { noMemory } from '../memory.ts';
import type { Tools } from '../provider.ts';
import { diskFull, packageFailure, quoted, type Reason, refuseOptions } from './failure.ts';

/** What the administrator asked for, one package a line; `name=version` is a pin. */
const world = '/etc/apk/world';

/** Packages of Alpine, with apk (2 or 3). */
export function apkPackages({ files, commands, memory = noMemory }: Tools): Packages {
  const apk = (...args: readonly string[]) => commands.run(['apk', '--wait', '300', ...args], { env: { LC_ALL: 'C' } });

  async function change(action: string, args: readonly string[], wishes: readonly PackageWish[] = []): Promise<void> {
    const result = await apk(...args);
    if (result.code !== 0) throw refusal(action, result, wishes);
  }

  async function installed(names?: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const all = await memory.recall('apk list', async () => {
      const result = await apk('list', '--installed');
      if (result.code !== 0) throw refusal('read the installed packages', result, []);
      return parseList(result.stdout);
    });
    return names === undefined ? all : new Map([...all].filter(([name]) => names.includes(name)));
  }

  /** Versions of each name, newest first. */
  async function offers(names: readonly string[], { from }: PackageSources) {
    if (names.length === 0) return new Map<string, readonly string[]>();
    const repository = from === undefined ? [] : ['--repository', from];
    return memory.recall(`apk policy ${[from, ...names].join(' ')}`, async () => {
      const result = await apk('policy', ...repository, ...names);
      if (result.code !== 0) throw refusal('read the package lists', result, []);
      return parsePolicy(result.stdout);
    });
  }

  async function pins(): Promise<ReadonlyMap<string, string>> {
    const text = new TextDecoder().decode((await files.read(world)) ?? new Uint8Array());
    const lines = text.split(/\s+/).map((line) => /^([^=<>~@]+)=(.+)$/.exec(line));
    return new Map(lines.flatMap((match) => (match === null ? [] : [[match[1] ?? '', match[2] ?? '']])));
  }

  return {
    provider: 'apk',
    knows: async () => knownOptions,
    installed,
    versions: (names, options = {}) => offers(names, options),

    async available(names, options = {}) {
      const found = await offers(names, options);
      return new Map([...found].map(([name, [newest = '']]) => [name, newest]));
    },

    // The index of a package file can be told from its name alone: apk itself says nothing of one that is not installed.
    async describe(file) {
      const match = typeof file === 'string' ? /([^/]+)-(\d[^-/]*-r\d+)\.apk$/.exec(file) : null;
      if (match === null) throw packageFileInvalid(typeof file === 'string' ? file : 'the file');
      return { name: match[1] ?? '', version: match[2] ?? '' };
    },

    async upgrades() {
      const result = await apk('version', '--limit', '<');
      if (result.code !== 0) throw refusal('look for upgrades', result, []);
      return parseVersions(result.stdout);
    },

    refresh: () => change('refresh the package lists', ['update']),

    async install(wishes, options = {}) {
      if (wishes.length === 0) return;
      refuseOptions(options, knownOptions, 'apk');
      const specs = wishes.map(
        ({ name, version, file }) => file ?? (version === undefined ? name : `${name}=${version}`),
      );
      const isUnsigned = options.unverified || wishes.some(({ file }) => file !== undefined);
      const unsigned = [
        ...(isUnsigned ? ['--allow-untrusted'] : []),
        ...(options.from === undefined ? [] : ['--repository', options.from]),
      ];
      const action = `install ${quoted(wishes.map(({ name }) => name))}`;
      await change(action, ['add', '--upgrade', ...unsigned, ...specs], wishes);
    },

    async remove(names, { purge = false } = {}) {
      const present = [...(await installed(names)).keys()];
      if (present.length > 0)
        await change(`remove ${quoted(present)}`, ['del', ...(purge ? ['--purge'] : []), ...present]);
    },

    upgrade: () => change('upgrade the packages', ['upgrade']),
    remnants: async () => [],
    held: async () => [...(await pins()).keys()].toSorted(),

    async hold(names) {
      const present = await installed(names);
      if (present.size === 0) return;
      await change(`hold ${quoted(names)}`, ['add', ...[...present].map(([name, version]) => `${name}=${version}`)]);
    },

    async release(names) {
      const held = await pins();
      const pinned = names.filter((name) => held.has(name));
      if (pinned.length > 0) await change(`release ${quoted(pinned)}`, ['add', ...pinned]);
    },
  };
}

/** `apk list --installed`: `name-1.0-r0 x86_64 {origin} (licence) [installed]`. */
export function parseList(text: string): ReadonlyMap<string, string> {
  const lines = text.matchAll(/^(\S+)-(\d[^-\s]*-r\d+) .*\[installed\]/gm);
  return new Map([...lines].map(([, name = '', version = '']) => [name, version]));
}

/** It knows nothing of recommended packages: whether they come along is no question. */
const knownOptions = ['from', 'unverified', 'recommends'] as const satisfies readonly (keyof PackageOptions)[];

/** `apk policy`: versions newest first, each with where it is from; one without a repository is only installed. */
export function parsePolicy(text: string): ReadonlyMap<string, readonly string[]> {
  const offers = new Map<string, readonly string[]>();
  for (const paragraph of text.split(/^(?=\S+ policy:)/m)) {
    const name = /^(\S+) policy:/.exec(paragraph)?.[1];
    const versions = paragraph.split(/^ {2}(?=\S)/m).slice(1);
    const offered = versions.filter((each) => /^ {4}(?!lib\/apk\/db|usr\/lib\/apk\/db|etc\/apk)\S/m.test(each));
    const found = offered.flatMap((each) => /^(\S+):/.exec(each)?.[1] ?? []);
    if (name !== undefined && found.length > 0) offers.set(name, found);
  }
  return offers;
}

/** `apk version -l '<'`: `name-1.0-r0 < 1.1-r0`. */
export function parseVersions(text: string): ReadonlyMap<string, string> {
  const lines = text.matchAll(/^(\S+)-\d[^-\s]*-r\d+\s+<\s+(\S+)/gm);
  return new Map([...lines].map(([, name = '', version = '']) => [name, version]));
}

function refusal(action: string, result: CommandResult, wishes: readonly PackageWish[]): Error {
  const { stdout, stderr, code } = result;
  const all = `${stderr}\n${stdout}`;
  const details = { stdout, stderr, exitcode: String(code) };
  const missing = /^\s*(\S+) \(no such package\)/m.exec(all);
  if (missing !== null) return packageUnknown(missing[1] ?? '', details);
  // A version that no repository has "breaks" the world, which asks for it.
  const broken = /breaks: world\[([^=\]]+)=([^\]]+)\]/.exec(all);
  const wish = wishes.find(({ name, version }) => name === broken?.[1] && version === broken[2]);
  if (wish?.version !== undefined) return packageVersionUnknown(wish.name, wish.version, details);
  return packageFailure(action, result, reasons);
}

const reasons: readonly Reason[] = [
  diskFull,
  {
    pattern: /Unable to lock database/,
    code: 'PACKAGE_LOCKED',
    reason: 'another program keeps the lock of apk',
    hint: 'Wait until it is done',
  },
  {
    pattern: /temporary error|network error|unable to fetch|No such file or directory: APKINDEX/i,
    code: 'PACKAGE_FETCH_FAILED',
    reason: 'a repository could not be read',
    hint: 'Check the repositories and the network',
  },
];
