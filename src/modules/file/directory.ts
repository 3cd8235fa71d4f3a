import * as z from 'zod';
import {
  type Attributes,
  attributeArguments,
  attributesOf,
  made,
  setAllAttributes,
  sideOf,
  wantedAttributes,
} from '#kit/abilities/attributes.ts';
import { nameMatcher } from '#kit/abilities/patterns.ts';
import { missingParents, notKept, realPath, refuseProtected, removeParents, walkTree } from '#kit/abilities/places.ts';
import { differences, sameValue } from '#kit/changes.ts';
import type { Context } from '#kit/context.ts';
import { state } from '#kit/state.ts';
import { AbsolutePath, FileMode, parentOf, StringList } from '#kit/types.ts';
import { fileNotDirectory } from '#machine/errors.ts';
import type { FileStat } from '#machine/machine.ts';

export const directory = state({
  name: 'file.directory',
  saltOnly: [
    'backupname',
    'children_only',
    'follow_symlinks',
    'max_depth',
    'win_deny_perms',
    'win_inheritance',
    'win_owner',
    'win_perms',
    'win_perms_reset',
  ],
  summary: 'Ensure a directory exists, with the given owner and mode',
  args: z.object({
    name: AbsolutePath.describe('Path of the directory').meta({ primary: true, aliases: ['path'] }),
    user: attributeArguments.user,
    group: attributeArguments.group,
    mode: FileMode.optional()
      .describe('Permissions in octal; a new directory gets 0755 otherwise')
      .meta({ aliases: ['dir_mode', 'dirmode'] }),
    file_mode: FileMode.optional().describe('Mode of the files in it, with "recurse: [mode]"'),
    makedirs: z
      .boolean()
      .default(false)
      .describe('Make missing parent directories')
      .meta({ aliases: ['make_dirs'] }),
    recurse: z
      .array(z.enum(['user', 'group', 'mode', 'ignore_files', 'ignore_dirs', 'silent']))
      .default([])
      .describe(
        'What to enforce on all that is in it: "user", "group", "mode"; "ignore_files" and "ignore_dirs" spare some',
      ),
    clean: z.boolean().default(false).describe('Remove everything in it'),
    exclude_pat: StringList.default([]).describe('Names and globs, relative to the directory, that cleaning spares'),
    force: z.boolean().default(false).describe('Remove a file that is in the way'),
    allow_symlink: z
      .boolean()
      .default(true)
      .describe('A symlink to a directory is fine, and what it leads to is managed'),
  }),
  async check(wanted, context) {
    const { files } = context;
    const path = wanted.allow_symlink ? await realPath(files, wanted.name) : wanted.name;
    if (wanted.clean) await refuseProtected(files, 'clean', path);
    const found = await files.stat(path);
    if (found && found.kind !== 'directory' && !wanted.force) throw fileNotDirectory('manage as a directory', path);
    const stat = found?.kind === 'directory' ? found : undefined;
    const parents = await missingParents(files, path, wanted);
    const inside = stat === undefined ? new Map<string, FileStat>() : await walkTree(files, path);
    const extra = wanted.clean ? extras(path, inside, wanted.exclude_pat) : [];
    const entries = await unlikeEntries(inside, extra, wanted, context);
    return differences(
      {
        exists: true,
        replaced: found && !stat ? found.kind : undefined,
        parents,
        ...(await wantedAttributes(wanted, context)),
        removed: extra.length === 0 ? undefined : extra,
        entries: entries?.to,
      },
      { exists: stat !== undefined, ...(await attributesOf(stat, context)), entries: entries?.from },
    );
  },
  async apply({ exists, replaced, parents, removed, entries, ...rest }, { name, ...wanted }, context) {
    const { files } = context;
    const path = wanted.allow_symlink ? await realPath(files, name) : name;
    if (replaced) await files.remove(path);
    const attributes = sideOf(rest, 'to');
    const options = { mode: 0o755, ...(await made(attributes, context)), parents: true };
    for (const each of parents?.to ?? []) await files.makeDirectory(each, options);
    const isNew = exists !== undefined && (await files.makeDirectory(path, options));
    for (const each of removed?.to ?? []) await files.remove(each);
    await setAllAttributes({ ...(isNew ? {} : { [path]: attributes }), ...entries?.to }, context);
    return undefined;
  },
  async revert({ exists, replaced, parents, removed, entries, ...rest }, { name, allow_symlink }, context) {
    const { files } = context;
    const path = allow_symlink ? await realPath(files, name) : name;
    if (replaced) throw notKept(path, 'what was in its place');
    if (removed) throw notKept(path, 'what was in it');
    if (exists) return removeParents(files, [...(parents?.to ?? []), path]).then(() => undefined);
    await setAllAttributes({ [path]: sideOf(rest, 'from'), ...entries?.from }, context);
    return undefined;
  },
  examples: [
    {
      title: 'A new directory with its parents',
      args: { name: '/srv/app/data', user: 'app', mode: '0750', makedirs: true },
      given: { users: { app: { uid: 990 } } },
      expect: {
        exists: { from: false, to: true },
        parents: { to: ['/srv/app'] },
        user: { to: 'app' },
        mode: { to: '0750' },
      },
      real: true,
    },
    {
      title: 'A directory that is already so',
      args: { name: '/srv/app', mode: 755 },
      given: { files: { '/srv/app': { directory: true, mode: 0o755 } } },
      expect: {},
      real: true,
    },
    {
      title: 'Owner and modes of all that is in it',
      args: { name: '/srv/app', user: 'app', mode: '0750', file_mode: '0640', recurse: ['user', 'mode'] },
      given: {
        users: { app: { uid: 990 } },
        files: { '/srv/app': { directory: true, mode: 0o750, user: 'app', group: 'root' }, '/srv/app/a': 'x' },
      },
      expect: {
        entries: {
          from: { '/srv/app/a': { user: 'root', mode: '0644' } },
          to: { '/srv/app/a': { user: 'app', mode: '0640' } },
        },
      },
      real: true,
    },
    {
      title: 'Everything in it must go, but for one file',
      args: { name: '/etc/cron.d', clean: true, exclude_pat: ['keep*'] },
      given: { files: { '/etc/cron.d/keep.me': '', '/etc/cron.d/old': '' } },
      expect: { removed: { to: ['/etc/cron.d/old'] } },
      reverts: false,
    },
    {
      title: 'A directory the system needs, to clean',
      args: { name: '/etc', clean: true },
      expect: { refusal: 'FILE_PROTECTED' },
    },
    {
      title: 'A file in the way',
      args: { name: '/srv/app' },
      given: { files: { '/srv/app': 'x' } },
      expect: { refusal: 'FILE_NOT_DIRECTORY' },
    },
    {
      title: 'A missing parent directory',
      args: { name: '/srv/app/data' },
      expect: { refusal: 'FILE_PARENT_MISSING' },
    },
  ],
  notes: ['A directory is reverted by removing it if it is empty: what has come into it since is not lost.'],
  differs: [
    '"clean" removes all that "exclude_pat" does not spare, also files that other states manage.',
    'A symlink that another user may have placed is not followed; a file with several names, which another user may have linked there, is not changed by "recurse".',
  ],
});

/** What cleaning removes: topmost paths, so that a directory goes with all that is in it, unless a part is spared. */
function extras(folder: string, inside: ReadonlyMap<string, FileStat>, spared: readonly string[]): readonly string[] {
  const patterns = spared.map(nameMatcher);
  const isSpared = (path: string) => patterns.some((matches) => matches(path.slice(folder.length + 1)));
  const kept = [...inside.keys()].filter(isSpared);
  const going = [...inside.keys()].filter(
    (path) => !kept.some((each) => each === path || each.startsWith(`${path}/`) || path.startsWith(`${each}/`)),
  );
  return going.filter((path) => !going.includes(parentOf(path)));
}

interface RecurseWish {
  readonly user?: string | number | undefined;
  readonly group?: string | number | undefined;
  readonly mode?: number | undefined;
  readonly file_mode?: number | undefined;
  readonly recurse: readonly string[];
}

/** Path → attributes that differ, on both sides, of all that is in the directory and stays. */
async function unlikeEntries(
  inside: ReadonlyMap<string, FileStat>,
  removed: readonly string[],
  wanted: RecurseWish,
  context: Context,
): Promise<{ from: Record<string, Attributes>; to: Record<string, Attributes> } | undefined> {
  const { recurse } = wanted;
  if (recurse.length === 0) return undefined;
  const [from, to]: [Record<string, Attributes>, Record<string, Attributes>] = [{}, {}];
  const wishFor = (stat: FileStat) => ({
    user: recurse.includes('user') ? wanted.user : undefined,
    group: recurse.includes('group') ? wanted.group : undefined,
    mode:
      recurse.includes('mode') && stat.kind !== 'symlink'
        ? stat.kind === 'directory'
          ? wanted.mode
          : wanted.file_mode
        : undefined,
  });
  for (const [path, stat] of inside) {
    if (removed.some((each) => path === each || path.startsWith(`${each}/`))) continue;
    if (recurse.includes(stat.kind === 'directory' ? 'ignore_dirs' : 'ignore_files')) continue;
    const [wish, actual] = [await wantedAttributes(wishFor(stat), context), await attributesOf(stat, context)];
    const unlike = (['user', 'group', 'mode'] as const).filter(
      (key) => wish[key] !== undefined && wish[key] !== actual[key],
    );
    if (unlike.length === 0) continue;
    from[path] = Object.fromEntries(unlike.map((key) => [key, actual[key]]));
    to[path] = Object.fromEntries(unlike.map((key) => [key, wish[key]]));
  }
  return sameValue(to, {}) ? undefined : { from, to };
}
