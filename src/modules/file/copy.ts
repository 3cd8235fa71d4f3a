import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import {
  attributeArguments,
  attributesOf,
  made,
  parentMode,
  setAttributes,
  sideOf,
  wantedAttributes,
} from '#kit/abilities/attributes.ts';
import {
  areNested,
  findFile,
  missingParents,
  notKept,
  realPath,
  realPlace,
  removeParents,
} from '#kit/abilities/places.ts';
import { type Change, differences, sameValue } from '#kit/changes.ts';
import { bytesOf, type Content, contentOf, isContentNote, sameContent, sha256 } from '#kit/content.ts';
import type { Context } from '#kit/context.ts';
import { state } from '#kit/state.ts';
import { AbsolutePath, baseName, FileMode } from '#kit/types.ts';
import { fileExists, fileSpecial, fileUnknown } from '#machine/errors.ts';
import { withoutSetId } from '#machine/files/trust.ts';
import type { FileStat } from '#machine/machine.ts';
import { type CopiedEntry, copiedEntries, dropEntries, putEntries } from './copied-tree.ts';

const args = z.object({
  name: AbsolutePath.describe('Path of the copy').meta({ primary: true, aliases: ['path'] }),
  source: AbsolutePath.describe('Path of the file or directory to copy'),
  force: z.boolean().default(false).describe('Renew a copy that differs; otherwise one that exists stays'),
  renew: z
    .boolean()
    .default(false)
    .describe('With "force", copy what is the same too, which is a change at every run')
    .meta({ inSalt: true }),
  preserve: z.boolean().default(false).describe('Give the copy the owner of its source'),
  subdir: z.boolean().default(false).describe('When the copy of a file names a directory, put it in there'),
  makedirs: z.boolean().default(false).describe('Make missing parent directories'),
  user: attributeArguments.user,
  group: attributeArguments.group,
  mode: attributeArguments.mode.describe('Permissions in octal; those of the source otherwise'),
  dir_mode: FileMode.optional().describe('Mode of the parent directories that are made'),
});

type Wanted = z.output<typeof args>;

type CopyChanges = {
  readonly exists?: Change<boolean>;
  readonly parents?: Change<readonly string[]>;
  readonly replaced?: Change<FileStat['kind']>;
  readonly contents?: Change<Content>;
  /** Copied again, though it was the same. */
  readonly renewed?: Change<boolean>;
  /** Of a directory: what is in it. */
  readonly entries?: Change<Readonly<Record<string, CopiedEntry>>>;
  readonly user?: Change<string>;
  readonly group?: Change<string>;
  readonly mode?: Change<string>;
};

export const copy = state({
  name: 'file.copy',
  saltOnly: [],
  summary: 'Ensure a file or a directory is there, as a copy of another on the same machine',
  args,
  async check(wanted, context): Promise<CopyChanges> {
    const { files } = context;
    const source = await sourceOf(wanted, context);
    const path = await placeOf(wanted, context);
    const found = await files.stat(path);
    if (found !== undefined && !wanted.force) return {};
    const isTree = source.stat.kind === 'directory';
    if (isTree) await refuseNested(source.path, path, context);
    if (found !== undefined && !isTree) await findFile(files, path);
    const entries = isTree ? await copiedEntries(files, source.path) : undefined;
    const differs = found !== undefined && isTree && !(await holds(files, path, found, entries));
    const stat = differs ? undefined : found;
    const changes = differences<CopyFields>(
      {
        exists: true,
        replaced: differs ? found.kind : undefined,
        parents: found === undefined ? await missingParents(files, path, wanted) : undefined,
        ...(await attributesWanted(wanted, source.stat, context)),
        contents: isTree ? undefined : await read(source.path, context),
        entries: stat === undefined ? entries : undefined,
      },
      {
        exists: stat !== undefined,
        ...(await attributesOf(stat, context)),
        contents: stat && !isTree ? await read(path, context) : undefined,
      },
    );
    const isSo = stat !== undefined && changes.contents === undefined;
    return isSo && wanted.renew ? { ...changes, renewed: { from: undefined, to: true } } : changes;
  },
  async apply({ exists, parents, replaced, contents, renewed, entries, ...rest }, wanted, context) {
    const { files } = context;
    const source = await sourceOf(wanted, context);
    const path = await placeOf(wanted, context);
    const options = await made(await attributesWanted(wanted, source.stat, context), context);
    for (const each of parents?.to ?? []) {
      await files.makeDirectory(each, { ...options, mode: wanted.dir_mode ?? parentMode(options.mode), parents: true });
    }
    if (replaced) await files.remove(path);
    if (entries?.to) {
      await files.makeDirectory(path, { ...options, parents: true });
      await putEntries(files, { from: source.path, to: path, owner: options.owner }, entries.to);
    } else if (contents?.to !== undefined) {
      await files.write(path, await sameContent(contents.to, () => files.read(source.path)), options);
    } else if (renewed && source.stat.kind === 'file') {
      await files.write(path, (await files.read(source.path)) ?? new Uint8Array(), options);
    } else await setAttributes(path, sideOf(rest, 'to'), context);
    return { path };
  },
  async revert({ exists, parents, replaced, contents, renewed: _, entries, ...rest }, wanted, context) {
    const { files } = context;
    const path = await placeOf(wanted, context);
    if (isContentNote(contents?.from)) throw notKept(path, 'its earlier content');
    if (replaced) throw notKept(path, 'what was in its place');
    if (entries?.to) await dropEntries(files, path, entries.to);
    else if (exists) await files.remove(path);
    if (exists) {
      await removeParents(files, parents?.to ?? []);
      return { path };
    }
    const attributes = sideOf(rest, 'from');
    if (contents?.from === undefined) await setAttributes(path, attributes, context);
    else await files.write(path, bytesOf(contents.from), await made(attributes, context));
    return { path };
  },
  manages: async (wanted, context) => [{ path: await placeOf(wanted, context), whole: 'always' }],
  examples: [
    {
      title: 'A first copy',
      args: { name: '/etc/app/app.conf', source: '/srv/app.conf', makedirs: true, mode: '0600' },
      given: { files: { '/srv/app.conf': 'port 1\n' } },
      expect: {
        exists: { from: false, to: true },
        parents: { to: ['/etc/app'] },
        contents: { to: 'port 1\n' },
        mode: { to: '0600' },
      },
      real: true,
    },
    {
      title: 'A copy that is open to no more people than its source',
      args: { name: '/etc/app.key', source: '/srv/app.key' },
      given: { files: { '/srv/app.key': { content: 'k3y\n', mode: 0o640 } } },
      expect: { exists: { from: false, to: true }, contents: { to: 'k3y\n' }, mode: { to: '0640' } },
      real: true,
    },
    {
      title: 'A copy that does not run as whoever made it',
      args: { name: '/usr/local/bin/tool', source: '/srv/tool' },
      given: { files: { '/srv/tool': { content: 'tool\n', mode: 0o4755 }, '/usr/local/bin': { directory: true } } },
      expect: { exists: { from: false, to: true }, contents: { to: 'tool\n' }, mode: { to: '0755' } },
      real: true,
    },
    {
      title: 'A copy that runs as its owner, who is that of its source',
      args: { name: '/srv/copy', source: '/srv/tool', preserve: true },
      given: { files: { '/srv/tool': { content: 'tool\n', mode: 0o4755 } } },
      expect: {
        exists: { from: false, to: true },
        contents: { to: 'tool\n' },
        mode: { to: '4755' },
        user: { to: 'root' },
        group: { to: 'root' },
      },
    },
    {
      title: 'A directory with all that is in it',
      args: { name: '/srv/copy', source: '/srv/app' },
      given: {
        files: {
          '/srv/app/a': { content: 'a\n', mode: 0o4600 },
          '/srv/app/l': { link: 'a' },
          '/srv/app/d': { directory: true },
        },
      },
      expect: {
        exists: { from: false, to: true },
        mode: { to: '0755' },
        entries: {
          to: {
            a: { sha256: sha256('a\n'), bytes: 2, mode: '0600' },
            d: { directory: '0755' },
            l: { target: 'a' },
          },
        },
      },
      real: true,
    },
    {
      title: 'A directory into itself',
      args: { name: '/srv/app/copy', source: '/srv/app' },
      given: { files: { '/srv/app': { directory: true } } },
      expect: { refusal: 'COPY_INTO_ITSELF' },
    },
    {
      title: 'A directory that is copied already',
      args: { name: '/srv/copy', source: '/srv/app', force: true },
      given: { files: { '/srv/app/a': 'a\n', '/srv/copy/a': 'a\n' } },
      expect: {},
    },
    {
      title: 'A copy that people have changed since',
      args: { name: '/etc/app.conf', source: '/srv/app.conf' },
      given: { files: { '/srv/app.conf': 'port 1\n', '/etc/app.conf': 'port 2\n' } },
      expect: {},
      real: true,
    },
    {
      title: 'A copy to renew, with owner and mode',
      args: { name: '/etc/app.conf', source: '/srv/app.conf', force: true, preserve: true },
      given: { files: { '/srv/app.conf': { content: 'port 1\n', mode: 0o600 }, '/etc/app.conf': 'port 2\n' } },
      expect: { contents: { from: 'port 2\n', to: 'port 1\n' }, mode: { from: '0644', to: '0600' } },
      real: true,
    },
    {
      title: 'A copy to make again, though it is the same',
      args: { name: '/etc/app.conf', source: '/srv/app.conf', force: true, renew: true },
      given: { files: { '/srv/app.conf': 'port 1\n', '/etc/app.conf': 'port 1\n' } },
      expect: { renewed: { to: true } },
      again: 'changes',
    },
    {
      title: 'A source that does not exist',
      args: { name: '/etc/app.conf', source: '/srv/app.conf' },
      expect: { refusal: 'FILE_UNKNOWN' },
    },
  ],
});

type CopyFields = { readonly [Key in keyof CopyChanges]?: Exclude<CopyChanges[Key], undefined>['to'] };

async function sourceOf(
  { source }: Wanted,
  { files }: Context,
): Promise<{ readonly path: string; readonly stat: FileStat }> {
  const path = await realPath(files, source);
  const stat = await files.stat(path);
  if (stat === undefined || stat.kind === 'symlink') throw fileUnknown('copy', source);
  if (stat.kind === 'other') throw fileSpecial('copy', source);
  return { path, stat };
}

async function placeOf({ name, source, subdir }: Wanted, { files }: Context): Promise<string> {
  const place = await realPath(files, name);
  // A directory would be put into its own copy the next time.
  const isFile = subdir && (await files.stat(await realPath(files, source)))?.kind !== 'directory';
  const isFolder = isFile && (await files.stat(place))?.kind === 'directory';
  return isFolder ? `${place}/${baseName(source)}` : place;
}

/** A copy is open to nobody its source is not open to, and runs as nobody its source does not, unless it is said otherwise. */
async function attributesWanted({ user, group, mode, preserve }: Wanted, source: FileStat, context: Context) {
  const changesHands = !preserve || user !== undefined || group !== undefined;
  return wantedAttributes(
    {
      user: user ?? (preserve ? source.uid : undefined),
      group: group ?? (preserve ? source.gid : undefined),
      mode: mode ?? (changesHands && source.kind === 'file' ? withoutSetId(source.mode) : source.mode),
    },
    context,
  );
}

/** Whether a directory holds what is to be copied, and nothing else. */
async function holds(files: Context['files'], path: string, { kind }: FileStat, entries: CopyFields['entries']) {
  if (kind !== 'directory') throw fileExists('copy a directory to', path);
  return sameValue(await copiedEntries(files, path), entries);
}

async function read(path: string, { files }: Context): Promise<Content> {
  const bytes = await files.read(path);
  if (bytes === undefined) throw fileUnknown('copy', path);
  return contentOf(bytes);
}

/** A directory that is copied into itself would grow with every run. */
async function refuseNested(source: string, path: string, { files }: Context): Promise<void> {
  const [from, to] = [await realPlace(files, source), await realPlace(files, path)];
  if (!areNested(from, to) && !areNested(source, path)) return;
  throw new ZesterError(
    'source',
    'COPY_INTO_ITSELF',
    `Cannot copy "${source}" to "${path}": one lies inside the other`,
    {
      hint: 'Name a place outside of it',
    },
  );
}
