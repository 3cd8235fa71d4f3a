import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { areNested, missingParents, notKept, realPlace, removeParents } from '#kit/abilities/places.ts';
import { differences } from '#kit/changes.ts';
import { state } from '#kit/state.ts';
import { AbsolutePath } from '#kit/types.ts';
import { fileExists, fileUnknown } from '#machine/errors.ts';
import type { FileStat, Files } from '#machine/machine.ts';

export const rename = state({
  name: 'file.rename',
  saltOnly: [],
  summary: 'Ensure what was at one path is at another',
  args: z.object({
    name: AbsolutePath.describe('Path it shall have').meta({ primary: true, aliases: ['path'] }),
    source: AbsolutePath.describe('Path it has now; when nothing is there, it was renamed already'),
    force: z.boolean().default(false).describe('Replace what is at the new path'),
    makedirs: z.boolean().default(false).describe('Make missing parent directories'),
    ignore_missing: z.boolean().default(false).describe('Nothing at either path is fine').meta({ inSalt: true }),
    ignore_existing: z
      .boolean()
      .default(false)
      .describe('With something at the new path, both stay as they are')
      .meta({ inSalt: true }),
  }),
  async check(wanted, { files }) {
    const [source, present] = [await files.stat(wanted.source), await files.stat(wanted.name)];
    if (source === undefined && present === undefined && !wanted.ignore_missing)
      throw fileUnknown('rename', wanted.source);
    if (source === undefined || (present !== undefined && !wanted.force && wanted.ignore_existing)) return {};
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
  manages: ({ name }) => [{ path: name, whole: 'always' }],
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
      title: 'Another file in its place, which is fine',
      args: { name: '/etc/new.conf', source: '/etc/old.conf', ignore_existing: true },
      given: { files: { '/etc/old.conf': 'x', '/etc/new.conf': 'y' } },
      expect: {},
    },
    {
      title: 'Neither the one nor the other, which is fine',
      args: { name: '/etc/new.conf', source: '/etc/old.conf', ignore_missing: true },
      expect: {},
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
