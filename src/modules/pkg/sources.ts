import { randomUUID } from 'node:crypto';
import { ZesterError } from '#base/errors.ts';
import { download, isUrl } from '#kit/abilities/downloads.ts';
import { compareFor, newest, type PackageChanges } from '#kit/abilities/packages.ts';
import { satisfies } from '#kit/abilities/versions.ts';
import type { Context } from '#kit/context.ts';
import { fileUnknown } from '#machine/errors.ts';
import type { PackageOptions, PackageWish } from '#machine/machine.ts';

/** Maps of a package's name to its file: in the state tree, on this machine, or behind a URL. */
export type PackageSources = readonly Readonly<Record<string, string>>[];

/** Packages that are not there, or not in the version of their file. Throws `SOURCE_MISSING`, `PACKAGE_FILE_MISMATCH`. */
export async function missingSources(
  sources: PackageSources,
  ignoreEpoch: boolean,
  context: Context,
): Promise<PackageChanges> {
  const { packages } = context;
  const files = new Map(sources.flatMap((each) => Object.entries(each)));
  const installed = await packages.installed([...files.keys()]);
  const compare = compareFor(packages, ignoreEpoch);
  const changes: Record<string, { from: string | undefined; to: string }> = {};
  for (const [name, source] of files) {
    const from = installed.get(name);
    const to = await versionOf(name, source, context);
    const isThere = from !== undefined && (to === undefined || satisfies(from, to, compare));
    if (!isThere) changes[name] = { from, to: to ?? newest };
  }
  return changes;
}

/** Installs the files of those named, in one transaction. */
export async function installSources(
  names: readonly string[],
  sources: PackageSources,
  options: PackageOptions,
  context: Context,
): Promise<void> {
  const { packages, files } = context;
  const copies: string[] = [];
  const wish = async (name: string): Promise<PackageWish> => {
    const source = sources.find((each) => name in each)?.[name] ?? '';
    if (source.startsWith('/')) return { name, file: source };
    const path = source.replace(/[?#].*$/, '');
    const file = `/tmp/zester-${randomUUID()}-${path.slice(path.lastIndexOf('/') + 1)}`;
    const content = await contentOf(name, source, context);
    copies.push(file);
    await files.write(file, content);
    return { name, file };
  };
  try {
    await packages.install(await Promise.all(names.map(wish)), options);
  } finally {
    for (const each of copies) await files.remove(each);
  }
}

/** What the file of a source says it is; of a URL only what its name says: a plan does not fetch it to look. */
async function versionOf(name: string, source: string, context: Context): Promise<string | undefined> {
  if (isUrl(source)) return versionInName(source);
  const { packages, files } = context;
  const isPath = source.startsWith('/');
  if (isPath && !(await files.stat(source))) throw fileUnknown(`install "${name}" from`, source);
  const described = await packages.describe(isPath ? source : await contentOf(name, source, context));
  if (described.name === name) return described.version;
  throw new ZesterError(
    'source',
    'PACKAGE_FILE_MISMATCH',
    `Cannot install "${name}" from "${source}": the file holds "${described.name}"`,
    { hint: `Name it "${described.name}" in "sources"` },
  );
}

async function contentOf(name: string, source: string, { sources, signal }: Context): Promise<Uint8Array> {
  if (isUrl(source)) return download(source, signal);
  const content = await sources.read(source);
  if (content !== undefined) return content;
  throw new ZesterError('source', 'SOURCE_MISSING', `Cannot install "${name}": there is no source "${source}"`);
}

/** `name_1.0-1_amd64.deb`, `name-1.0-1.x86_64.rpm`; an address that is none is told when it is fetched. */
function versionInName(url: string): string | undefined {
  const file =
    url
      .replace(/[?#].*$/, '')
      .split('/')
      .at(-1) ?? '';
  const plain = file.replaceAll(/%([\da-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
  return (/^[^_]+_([^_]+)_[^_]+\.deb$/.exec(plain) ?? /-([^-]+-[^-]+)\.[^.]+\.rpm$/.exec(plain))?.[1];
}
