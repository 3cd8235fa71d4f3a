import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import {
  type Attributes,
  attributeArguments,
  attributesOf,
  made,
  setAllAttributes,
  sideOf,
  wantedAttributes,
  windowsArguments,
} from '#kit/abilities/attributes.ts';
import { strays, topmost } from '#kit/abilities/cleaning.ts';
import {
  besideOf,
  missingParents,
  notKept,
  realPath,
  refuseProtected,
  refuseTakenBackup,
  removeParents,
  walkTree,
} from '#kit/abilities/places.ts';
import { ruled } from '#kit/arguments.ts';
import { differences, sameValue } from '#kit/changes.ts';
import type { Context } from '#kit/context.ts';
import { state } from '#kit/state.ts';
import { AbsolutePath, FileMode, StringList } from '#kit/types.ts';
import { fileNotDirectory } from '#machine/errors.ts';
import type { FileStat } from '#machine/machine.ts';

export const directory = state({
  name: 'file.directory',
  saltOnly: [],
  summary: 'Ensure a directory exists, with the given owner and mode',
  args: z
    .object({
      name: AbsolutePath.describe('Path of the directory').meta({ primary: true, aliases: ['path'] }),
      user: attributeArguments.user,
      group: attributeArguments.group,
      mode: attributeArguments.mode.describe('Permissions in octal; a new directory gets 0755 otherwise'),
      dir_mode: FileMode.optional()
        .describe('The same, and it counts where both are given')
        .meta({ aliases: ['dirmode'] }),
      file_mode: FileMode.optional().describe(
        'Mode of the files in it, with "recurse: [mode]"; that of the directory otherwise',
      ),
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
      max_depth: z.int().min(0).optional().describe('So many levels "recurse" goes down: 1 for what lies in it only'),
      children_only: z.boolean().default(false).describe('"recurse" sees to what is in it, and leaves it as it is'),
      clean: z.boolean().default(false).describe('Remove everything in it that no state of the run manages'),
      exclude_pat: StringList.default([]).describe('Names and globs, relative to the directory, that cleaning spares'),
      force: z.boolean().default(false).describe('Remove a file or a symlink that is in the way'),
      backupname: z.string().optional().describe('Move what is in the way there instead: a path, or a name beside it'),
      follow_symlinks: z
        .boolean()
        .default(false)
        .describe('"recurse" sees to what symlinks in it lead to, instead of the links'),
      ...windowsArguments,
      allow_symlink: z
        .boolean()
        .default(true)
        .describe('A symlink to a directory is fine, and what it leads to is managed; with "force" it is replaced'),
    })
    .refine(
      ({ clean, max_depth }) => !clean || max_depth === undefined,
      ruled('"max_depth" and "clean" do not go together', { at: 'max_depth', hint: 'Leave one of them out' }),
    ),
  async check(wanted, context) {
    const { files } = context;
    refuseOwnerless(wanted);
    const path = await placeOf(wanted, context);
    if (wanted.clean) await refuseProtected(files, 'clean', path);
    const found = await files.stat(path);
    const stat = found?.kind === 'directory' ? found : undefined;
    if (found && !stat && !wanted.force && wanted.backupname === undefined)
      throw fileNotDirectory('manage as a directory', path);
    if (found && !stat) await refuseTakenBackup(files, path, wanted);
    const parents = await missingParents(files, path, wanted);
    const walks = stat !== undefined && (wanted.clean || wanted.recurse.length > 0);
    const inside = walks ? await walkTree(files, path, wanted.max_depth) : new Map<string, FileStat>();
    const removed = wanted.clean ? await strays({ ...wanted, folder: path, inside }, context) : [];
    const entries = await unlikeEntries(inside, new Set(removed), wanted, context);
    const own = wanted.children_only && stat ? {} : await wantedAttributes(attributesWanted(wanted), context);
    return differences(
      {
        exists: true,
        replaced: found && !stat ? found.kind : undefined,
        parents,
        ...own,
        removed: removed.length === 0 ? undefined : topmost(removed),
        entries: entries?.to,
      },
      { exists: stat !== undefined, ...(await attributesOf(stat, context)), entries: entries?.from },
    );
  },
  async apply({ exists, replaced, parents, removed, entries, ...rest }, wanted, context) {
    const { files } = context;
    const path = await placeOf(wanted, context);
    if (replaced && wanted.backupname !== undefined) await files.rename(path, besideOf(path, wanted.backupname));
    else if (replaced) await files.remove(path);
    const attributes = sideOf(rest, 'to');
    const options = { mode: 0o755, ...(await made(attributes, context)), parents: true };
    for (const each of parents?.to ?? []) await files.makeDirectory(each, options);
    const isNew = exists !== undefined && (await files.makeDirectory(path, options));
    for (const each of removed?.to ?? []) await files.remove(each);
    await setAllAttributes({ ...(isNew ? {} : { [path]: attributes }), ...entries?.to }, context);
    return undefined;
  },
  async revert({ exists, replaced, parents, removed, entries, ...rest }, wanted, context) {
    const { files } = context;
    const path = await placeOf(wanted, context);
    if (replaced && wanted.backupname === undefined) throw notKept(path, 'what was in its place');
    if (removed) throw notKept(path, 'what was in it');
    if (exists) {
      await removeParents(files, [...(parents?.to ?? []), path]);
      if (replaced && wanted.backupname !== undefined) await files.rename(besideOf(path, wanted.backupname), path);
      return undefined;
    }
    await setAllAttributes({ [path]: sideOf(rest, 'from'), ...entries?.from }, context);
    return undefined;
  },
  manages: ({ name }) => [{ path: name, whole: 'required' }],
  provides: ({ name }) => ({ path: [name] }),
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
      title: 'A symlink in the way, to be replaced',
      args: { name: '/srv/app', force: true },
      given: { files: { '/srv/app': { link: '/srv/nowhere' } } },
      expect: { exists: { from: false, to: true }, replaced: { to: 'symlink' } },
      reverts: false,
    },
    {
      title: 'A file in the way, to keep under another name',
      args: { name: '/srv/app', backupname: 'app.old' },
      given: { files: { '/srv/app': 'x' } },
      expect: { exists: { from: false, to: true }, replaced: { to: 'file' } },
    },
    {
      title: 'Modes of what lies in it, and no deeper',
      args: { name: '/srv/app', mode: '0750', recurse: ['mode'], max_depth: 1, children_only: true },
      given: { files: { '/srv/app/a': 'x', '/srv/app/b/c': 'x' } },
      expect: {
        entries: {
          from: { '/srv/app/a': { mode: '0644' }, '/srv/app/b': { mode: '0755' } },
          to: { '/srv/app/a': { mode: '0750' }, '/srv/app/b': { mode: '0750' } },
        },
      },
    },
    {
      title: 'To set an owner that is not given',
      args: { name: '/srv/app', recurse: ['user'] },
      expect: { refusal: 'RECURSE_OWNERLESS' },
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
    '"clean" spares what any state of the run manages, whether or not it is required: no run undoes itself.',
    'A symlink that another user may have placed is not followed; a file with several names, which another user may have linked there, is not changed by "recurse".',
  ],
});

/** What "recurse" shall set must be given: Salt fails such a state too, but lets the others of its file run. */
function refuseOwnerless({ name, recurse, user, group }: RecurseWish & { readonly name: string }): void {
  const missing = (['user', 'group'] as const).find(
    (key) => recurse.includes(key) && { user, group }[key] === undefined,
  );
  if (missing === undefined) return;
  throw new ZesterError(
    'source',
    'RECURSE_OWNERLESS',
    `Cannot manage "${name}": "recurse" shall set a ${missing}, and none is given`,
    {
      hint: `Add "${missing}", or take it out of "recurse"`,
    },
  );
}

interface PlaceWish {
  readonly name: string;
  readonly allow_symlink: boolean;
  readonly force: boolean;
  readonly backupname?: string | undefined;
}

/** Where the directory is: behind a symlink that may be there, or in the place of one that may not. */
async function placeOf({ name, allow_symlink, force, backupname }: PlaceWish, { files }: Context): Promise<string> {
  return allow_symlink && !force && backupname === undefined ? realPath(files, name) : name;
}

/** "dir_mode" before "mode", as in Salt. */
function attributesWanted({ user, group, mode, dir_mode }: RecurseWish) {
  return { user, group, mode: dir_mode ?? mode };
}

interface RecurseWish {
  readonly user?: string | number | undefined;
  readonly group?: string | number | undefined;
  readonly mode?: number | undefined;
  readonly dir_mode?: number | undefined;
  readonly file_mode?: number | undefined;
  readonly recurse: readonly string[];
  readonly follow_symlinks: boolean;
}

/** Path → attributes that differ, on both sides, of all that is in the directory and stays. */
async function unlikeEntries(
  inside: ReadonlyMap<string, FileStat>,
  removed: ReadonlySet<string>,
  wanted: RecurseWish,
  context: Context,
): Promise<{ from: Record<string, Attributes>; to: Record<string, Attributes> } | undefined> {
  const { recurse } = wanted;
  if (recurse.length === 0) return undefined;
  const [from, to]: [Record<string, Attributes>, Record<string, Attributes>] = [{}, {}];
  const { mode } = attributesWanted(wanted);
  const wishFor = (stat: FileStat) => ({
    user: recurse.includes('user') ? wanted.user : undefined,
    group: recurse.includes('group') ? wanted.group : undefined,
    mode:
      recurse.includes('mode') && stat.kind !== 'symlink'
        ? stat.kind === 'directory'
          ? mode
          : (wanted.file_mode ?? mode)
        : undefined,
  });
  for (const [name, own] of inside) {
    if (removed.has(name)) continue;
    const path = own.kind === 'symlink' && wanted.follow_symlinks ? await realPath(context.files, name) : name;
    const stat = path === name ? own : await context.files.stat(path);
    if (stat === undefined) continue;
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
