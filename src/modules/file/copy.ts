import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import {
  attributeArguments,
  attributesOf,
  made,
  setAttributes,
  sideOf,
  wantedAttributes,
} from '#kit/abilities/attributes.ts';
import { findFile, missingParents, notKept, realPath, realPlace, removeParents } from '#kit/abilities/places.ts';
import { differences } from '#kit/changes.ts';
import { bytesOf, type Content, contentOf, isContentNote, sameContent } from '#kit/content.ts';
import { state } from '#kit/state.ts';
import { AbsolutePath, baseName } from '#kit/types.ts';
import { fileExists, fileUnknown } from '#machine/errors.ts';
import type { FileStat } from '#machine/machine.ts';

const name = AbsolutePath.meta({ primary: true, aliases: ['path'] });
const makedirs = z.boolean().default(false).describe('Make missing parent directories');

export const copy = state({
  name: 'file.copy',
  saltOnly: ['dir_mode'],
  summary: 'Ensure a file is there, as a copy of another on the same machine',
  args: z.object({
    name: name.describe('Path of the copy'),
    source: AbsolutePath.describe('Path of the file to copy'),
    force: z.boolean().default(false).describe('Renew a copy that differs; otherwise one that exists stays'),
    preserve: z.boolean().default(false).describe('Give the copy the owner and mode of its source'),
    subdir: z.boolean().default(false).describe('When the copy names a directory, put it in there'),
    makedirs,
    ...attributeArguments,
  }),
  async check(wanted, context) {
    const { files } = context;
    const source = await findFile(files, await realPath(files, wanted.source));
    if (source === undefined) throw fileUnknown('copy', wanted.source);
    const path = await placeOf(wanted, context);
    const stat = await findFile(files, path);
    const attributes = await wantedAttributes(wanted, context);
    const kept: typeof attributes = wanted.preserve
      ? { ...(await attributesOf(source, context)), ...defined(attributes) }
      : attributes;
    if (stat !== undefined && !wanted.force) return {};
    return differences<Wish>(
      {
        exists: true,
        parents: stat === undefined ? await missingParents(files, path, wanted) : undefined,
        ...kept,
        contents: await read(wanted.source, context),
      },
      {
        exists: stat !== undefined,
        ...(await attributesOf(stat, context)),
        contents: stat && (await read(path, context)),
      },
    );
  },
  async apply({ parents, contents, ...rest }, wanted, context) {
    const { files } = context;
    const path = await placeOf(wanted, context);
    for (const each of parents?.to ?? []) await files.makeDirectory(each, { parents: true });
    const attributes = { ...sideOf(rest, 'to'), ...defined(await wantedAttributes(wanted, context)) };
    if (contents?.to !== undefined) {
      const content = await sameContent(contents.to, () => files.read(wanted.source));
      await files.write(path, content, await made(attributes, context));
    } else await setAttributes(path, attributes, context);
    return { path };
  },
  async revert({ exists, parents, contents, ...rest }, wanted, context) {
    const { files } = context;
    const path = await placeOf(wanted, context);
    if (isContentNote(contents?.from)) throw notKept(path, 'its earlier content');
    if (exists) {
      await files.remove(path);
      await removeParents(files, parents?.to ?? []);
      return { path };
    }
    const attributes = sideOf(rest, 'from');
    if (contents?.from === undefined) await setAttributes(path, attributes, context);
    else await files.write(path, bytesOf(contents.from), await made(attributes, context));
    return { path };
  },
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
      title: 'A source that does not exist',
      args: { name: '/etc/app.conf', source: '/srv/app.conf' },
      expect: { refusal: 'FILE_UNKNOWN' },
    },
  ],
  differs: ['It copies files; a directory is what file.recurse is for.'],
});

export const touch = state({
  name: 'file.touch',
  summary: 'Ensure a file exists, empty if it is new',
  args: z.object({ name: name.describe('Path of the file'), makedirs }),
  async check(wanted, { files }) {
    if ((await files.stat(wanted.name)) !== undefined) return {};
    const parents = await missingParents(files, wanted.name, wanted);
    return differences<{ exists: boolean; parents: readonly string[] | undefined }>(
      { exists: true, parents },
      { exists: false },
    );
  },
  async apply({ parents }, { name: path }, { files }) {
    for (const each of parents?.to ?? []) await files.makeDirectory(each, { parents: true });
    await files.write(path, new Uint8Array());
  },
  async revert({ parents }, { name: path }, { files }) {
    await files.remove(path);
    await removeParents(files, parents?.to ?? []);
  },
  examples: [
    { title: 'A new file', args: { name: '/srv/ready' }, expect: { exists: { from: false, to: true } }, real: true },
    {
      title: 'A file that is there',
      args: { name: '/srv/ready' },
      given: { files: { '/srv/ready': 'x' } },
      expect: {},
      real: true,
    },
    { title: 'A missing parent directory', args: { name: '/srv/a/ready' }, expect: { refusal: 'FILE_PARENT_MISSING' } },
  ],
  differs: ['The times of a file that exists stay as they are.'],
});

/** To replace a directory by what lies in it would remove both. */
async function refuseNested({ name: path, source }: { name: string; source: string }, files: Files): Promise<void> {
  const [from, to] = [await realPlace(files, source), await realPlace(files, path)];
  // By way of a symlink that is renamed itself, the new path would lead nowhere.
  if (!areNested(from, to) && !areNested(source, path)) return;
  const reason = from === to ? 'they are the same' : 'one lies inside the other';
  throw new ZesterError('source', 'RENAME_INTO_ITSELF', `Cannot rename "${source}" to "${path}": ${reason}`, {
    hint: 'Name a place outside of it',
  });
}

function areNested(a: string, b: string): boolean {
  return `${a}/`.startsWith(`${b}/`) || `${b}/`.startsWith(`${a}/`);
}

export const rename = state({
  name: 'file.rename',
  saltOnly: [],
  summary: 'Ensure what was at one path is at another',
  args: z.object({
    name: name.describe('Path it shall have'),
    source: AbsolutePath.describe('Path it has now; when nothing is there, it was renamed already'),
    force: z.boolean().default(false).describe('Replace what is at the new path'),
    makedirs,
  }),
  async check(wanted, { files }) {
    const [source, present] = [await files.stat(wanted.source), await files.stat(wanted.name)];
    if (source === undefined && present === undefined) throw fileUnknown('rename', wanted.source);
    if (source === undefined) return {};
    await refuseNested(wanted, files);
    if (present !== undefined && !wanted.force) throw fileExists('rename to', wanted.name);
    const parents = await missingParents(files, wanted.name, wanted);
    return differences<{
      path: string;
      parents: readonly string[] | undefined;
      replaced: FileStat['kind'] | undefined;
    }>({ path: wanted.name, parents, replaced: present?.kind }, { path: wanted.source });
  },
  async apply({ parents, replaced }, { name: path, source }, { files }) {
    for (const each of parents?.to ?? []) await files.makeDirectory(each, { parents: true });
    if (replaced) await files.remove(path);
    await files.rename(source, path);
  },
  async revert({ parents, replaced }, { name: path, source }, { files }) {
    if (replaced) throw notKept(path, 'what was in its place');
    await files.rename(path, source);
    await removeParents(files, parents?.to ?? []);
  },
  examples: [
    {
      title: 'A file to rename',
      args: { name: '/etc/new.conf', source: '/etc/old.conf' },
      given: { files: { '/etc/old.conf': 'x' } },
      expect: { path: { from: '/etc/old.conf', to: '/etc/new.conf' } },
      real: true,
    },
    {
      title: 'A file that was renamed already',
      args: { name: '/etc/new.conf', source: '/etc/old.conf' },
      given: { files: { '/etc/new.conf': 'x' } },
      expect: {},
      real: true,
    },
    {
      title: 'Another file in its place',
      args: { name: '/etc/new.conf', source: '/etc/old.conf' },
      given: { files: { '/etc/old.conf': 'x', '/etc/new.conf': 'y' } },
      expect: { refusal: 'FILE_EXISTS' },
    },
    {
      title: 'Another file in its place, to replace',
      args: { name: '/etc/new.conf', source: '/etc/old.conf', force: true },
      given: { files: { '/etc/old.conf': 'x', '/etc/new.conf': 'y' } },
      expect: { path: { from: '/etc/old.conf', to: '/etc/new.conf' }, replaced: { to: 'file' } },
      reverts: false,
    },
    {
      title: 'A directory, by what lies in it',
      args: { name: '/srv/app', source: '/srv/app/next', force: true },
      given: { files: { '/srv/app/next/a': 'x' } },
      expect: { refusal: 'RENAME_INTO_ITSELF' },
      real: true,
    },
    {
      title: 'Neither the one nor the other',
      args: { name: '/etc/new.conf', source: '/etc/old.conf' },
      expect: { refusal: 'FILE_UNKNOWN' },
    },
  ],
});

type Wish = {
  exists: boolean;
  parents: readonly string[] | undefined;
  contents: Content | undefined;
  user?: string | undefined;
  group?: string | undefined;
  mode?: string | undefined;
};

type Files = Parameters<typeof realPath>[0];

async function placeOf(
  { name: path, source, subdir }: { name: string; source: string; subdir: boolean },
  { files }: { readonly files: Files },
): Promise<string> {
  const place = await realPath(files, path);
  const isFolder = subdir && (await files.stat(place))?.kind === 'directory';
  return isFolder ? `${place}/${baseName(source)}` : place;
}

async function read(path: string, { files }: { readonly files: Files }): Promise<Content> {
  const bytes = await files.read(path);
  if (bytes === undefined) throw fileUnknown('copy', path);
  return contentOf(bytes);
}

function defined<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Partial<T>;
}
