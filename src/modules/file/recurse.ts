import * as z from 'zod';
import { isError } from '#base/errors.ts';
import {
  type Attributes,
  attributeArguments,
  attributesOf,
  made,
  setAllAttributes,
  wantedAttributes,
  windowsArguments,
} from '#kit/abilities/attributes.ts';
import { strays } from '#kit/abilities/cleaning.ts';
import {
  contentToKeep,
  findFile,
  keepBackup,
  missingParents,
  notKept,
  realPath,
  refuseProtected,
  removeParents,
  walkTree,
} from '#kit/abilities/places.ts';
import type { Change } from '#kit/changes.ts';
import { bytesOf, type Content, contentOf, isContentNote, sameContent } from '#kit/content.ts';
import type { Context } from '#kit/context.ts';
import { type ManagedPath, state } from '#kit/state.ts';
import { AbsolutePath, AnyMap, FileMode, FileModeOrKeep, StringList, TemplateFlag } from '#kit/types.ts';
import { fileExists, fileNotDirectory } from '#machine/errors.ts';
import type { FileStat } from '#machine/machine.ts';
import { type Path, type WantedTree, wantedTree } from './recurse-wish.ts';

const args = z.object({
  name: AbsolutePath.describe('Path of the directory').meta({ primary: true, aliases: ['path'] }),
  source: StringList.describe(
    'Folder of the state tree ("zester://…", "salt://…", a path in it), or an absolute one; of a list, the first that exists',
  ),
  user: attributeArguments.user,
  group: attributeArguments.group,
  file_mode: FileModeOrKeep.optional().describe(
    'Mode of the files; new ones get 0644 otherwise. "keep": that of each in the source',
  ),
  dir_mode: FileMode.optional().describe('Mode of the directories; new ones get 0755 otherwise'),
  sym_mode: FileMode.optional().describe('For Salt: means nothing, a link has no mode of its own'),
  template: TemplateFlag.optional().describe('Render every file with Jinja'),
  context: AnyMap.optional().describe('Names the templates may use'),
  defaults: AnyMap.optional().describe('Names the templates may use unless "context" has them'),
  include_pat: StringList.default([]).describe('Only these: globs, or regular expressions after "E@"'),
  exclude_pat: StringList.default([]).describe('Not these: globs, or regular expressions after "E@"'),
  maxdepth: z.int().min(0).optional().describe('So many levels down: 0 for what lies in the folder only'),
  clean: z
    .boolean()
    .default(false)
    .describe('Remove what neither the source has nor another state of the run manages, and what is in the way'),
  replace: z.boolean().default(true).describe('When false, the content of files that exist stays'),
  backup: z
    .union([z.boolean(), z.string()])
    .default(false)
    .describe('Keep content that is replaced beside its file, as ".bak" or with the given suffix'),
  makedirs: z.boolean().default(true).describe('Make missing parent directories'),
  include_empty: z.boolean().default(false).describe('Make folders that have nothing in them too'),
  keep_symlinks: z
    .boolean()
    .default(false)
    .describe('Make links of the source as they are written, instead of what they lead to'),
  force_symlinks: z.boolean().default(false).describe('Replace a file where a link shall be'),
  keep_source: z.boolean().optional().describe('For Salt: means nothing, a source is not kept on the machine'),
  ...windowsArguments,
});

type Wish = z.output<typeof args>;

/** A key that is a path is a file; its change is that of its content. */
type RecurseChanges = { readonly [path: Path]: Change<Content> } & {
  readonly directories?: Change<readonly string[]>;
  readonly links?: Change<Readonly<Record<string, string>>>;
  readonly attributes?: Change<Readonly<Record<string, Attributes>>>;
  /** What cleaning removes, beside its content. */
  readonly removed?: Change<Readonly<Record<string, Removed>>>;
};

type Removed = Attributes & { readonly target?: string | undefined; readonly directory?: true | undefined };

export const recurse = state({
  name: 'file.recurse',
  takesTemplateNames: true,
  summary: 'Ensure a directory holds the files of a folder of the state tree',
  args,
  async check(written, context): Promise<RecurseChanges> {
    const { files } = context;
    const wanted = await followed(written, context);
    if (wanted.clean) await refuseProtected(files, 'clean', wanted.name);
    const wish = await wantedTree(wanted, context);
    const present = await presentTree(wanted.name, context);
    const gone = wanted.clean ? await goneFrom(wanted, wish, present, context) : new Set<string>();
    const changes: Record<Path, Change<Content>> = {};
    for (const [path, file] of wish.files) {
      const place = await realPath(files, path);
      const stat = isGone(gone, path) ? undefined : await findFile(files, place);
      if (stat !== undefined && !wanted.replace) continue;
      const current = stat && (await files.read(place));
      const [from, to] = [current && contentOf(current), contentOf(await file.content())];
      if (JSON.stringify(from) !== JSON.stringify(to)) changes[path] = { from, to };
    }
    const removed: Record<string, Removed> = {};
    for (const path of gone) {
      const stat = present.get(path);
      if (stat === undefined) continue;
      removed[path] = await removedOf(stat, context);
      const content = await contentToKeep(files, path, stat);
      if (content) changes[path as Path] = { from: contentOf(content), to: undefined };
    }
    const directories = await missingFolders(wanted, wish, gone, context);
    const links = await unlikeLinks(wanted, wish, gone, context);
    const attributes = await unlike(wanted, wish, gone, context);
    return {
      ...changes,
      ...(directories.length === 0 ? {} : { directories: { from: undefined, to: directories } }),
      ...(links && { links }),
      ...(attributes && { attributes }),
      ...(Object.keys(removed).length === 0 ? {} : { removed: { from: removed, to: undefined } }),
    };
  },
  async apply({ directories, links, attributes, removed, ...changes }, written, context) {
    const { files } = context;
    const wanted = await followed(written, context);
    const { user, group, dir_mode } = wanted;
    const folderOptions = await made(await wantedAttributes({ user, group, mode: dir_mode }, context), context);
    const settled = new Set<string>();
    for (const path of Object.keys(removed?.from ?? {})) await files.remove(path);
    for (const each of directories?.to ?? []) {
      if (await files.makeDirectory(each, { ...folderOptions, parents: true })) settled.add(each);
    }
    const wish = await wantedTree(wanted, context);
    for (const [path, { from, to }] of contentChanges(changes)) {
      if (to === undefined) continue;
      const place = await realPath(files, path);
      const file = wish.files.get(path);
      if (wanted.backup !== false && from !== undefined) await keepBackup(files, place, wanted.backup);
      const options = await made(await wantedAttributes({ user, group, mode: await file?.mode() }, context), context);
      await files.write(place, await sameContent(to, async () => file?.content()), options);
      settled.add(place);
    }
    for (const [path, target] of Object.entries(links?.to ?? {})) {
      const owner = (await made(await wantedAttributes({ user, group }, context), context)).owner;
      await files.link(path, target, { replace: true, ...(owner && { owner }) });
      settled.add(path);
    }
    const left = Object.entries(attributes?.to ?? {}).filter(([path]) => !settled.has(path));
    await setAllAttributes(Object.fromEntries(left), context);
    return undefined;
  },
  async revert({ directories, links, attributes, removed, ...changes }, _wanted, context) {
    const { files } = context;
    const earlier = Object.entries(removed?.from ?? {});
    const lost = contentChanges(changes).find(([, { from }]) => isContentNote(from));
    if (lost !== undefined) throw notKept(lost[0], 'its earlier content');
    const special = earlier.find(([path, { target, directory }]) => !target && !directory && !(path in changes));
    if (special !== undefined) throw notKept(special[0], 'what it was');
    const isNew = contentChanges(changes).flatMap(([path, { from }]) => (from === undefined ? [path] : []));
    const newLinks = Object.keys(links?.to ?? {}).filter((path) => links?.from?.[path] === undefined);
    for (const path of [...isNew, ...newLinks]) await files.remove(path);
    for (const each of (directories?.to ?? []).toReversed()) await removeParents(files, [each]);
    for (const [path, { directory, ...entry }] of earlier) {
      if (directory) await files.makeDirectory(path, { ...(await made(entry, context)), parents: true });
    }
    for (const [path, { from }] of contentChanges(changes)) {
      if (from !== undefined)
        await files.write(path, bytesOf(String(from)), await made(removed?.from?.[path] ?? {}, context));
    }
    for (const [path, { target, ...entry }] of earlier) {
      if (target !== undefined) await files.link(path, target, await made(entry, context));
    }
    for (const [path, target] of Object.entries(links?.from ?? {})) await files.link(path, target, { replace: true });
    const fresh = new Set<string>([...isNew, ...newLinks, ...(directories?.to ?? [])]);
    const left = Object.entries(attributes?.from ?? {}).filter(([path]) => !fresh.has(path));
    await setAllAttributes(Object.fromEntries(left), context);
    return undefined;
  },
  manages: managedBy,
  provides: ({ name }) => ({ path: [name] }),
  examples: [
    {
      title: 'A folder to put down',
      args: { name: '/srv/app', source: ['zester://app'], file_mode: '0600' },
      given: { tree: { 'app/a.conf': 'a\n', 'app/sub/b.conf': 'b\n', 'apple/c': 'c\n' } },
      expect: {
        '/srv/app/a.conf': { to: 'a\n' },
        '/srv/app/sub/b.conf': { to: 'b\n' },
        directories: { to: ['/srv/app', '/srv/app/sub'] },
        attributes: {
          from: { '/srv/app/a.conf': {}, '/srv/app/sub/b.conf': {} },
          to: { '/srv/app/a.conf': { mode: '0600' }, '/srv/app/sub/b.conf': { mode: '0600' } },
        },
      },
    },
    {
      title: 'A folder that is there, and a file beside it',
      args: { name: '/srv/app', source: ['salt://app/'] },
      given: { tree: { 'app/a.conf': 'a\n' }, files: { '/srv/app/a.conf': 'a\n', '/srv/app/mine': 'x' } },
      expect: {},
    },
    {
      title: 'A file that differs, one too many, and one that is spared',
      args: { name: '/srv/app', source: ['app'], clean: true, exclude_pat: ['*.local'] },
      given: {
        tree: { 'app/a.conf': 'a\n' },
        files: { '/srv/app/a.conf': 'x\n', '/srv/app/old': 'old\n', '/srv/app/b.local': 'mine\n' },
      },
      expect: {
        '/srv/app/a.conf': { from: 'x\n', to: 'a\n' },
        '/srv/app/old': { from: 'old\n' },
        removed: { from: { '/srv/app/old': { user: 'root', group: 'root', mode: '0644' } } },
      },
    },
    {
      title: 'Files rendered with Jinja',
      args: { name: '/srv/app', source: ['app'], template: 'jinja', context: { port: 80 } },
      given: { tree: { 'app/a.conf': 'port {{ port }}\n' }, files: { '/srv/app': { directory: true } } },
      expect: { '/srv/app/a.conf': { to: 'port 80\n' } },
    },
    {
      title: 'The first of several folders that exists',
      args: { name: '/srv/app', source: ['salt://none', 'salt://app'] },
      given: { tree: { 'app/a.conf': 'a\n' }, files: { '/srv/app': { directory: true } } },
      expect: { '/srv/app/a.conf': { to: 'a\n' } },
    },
    {
      title: 'A directory where a file shall be, and one too many, to clean',
      args: { name: '/srv/app', source: ['app'], clean: true },
      given: { tree: { 'app/a': 'a\n' }, files: { '/srv/app/a/x': 'x\n', '/srv/app/old': { directory: true } } },
      expect: {
        '/srv/app/a': { to: 'a\n' },
        '/srv/app/a/x': { from: 'x\n' },
        removed: {
          from: {
            '/srv/app/a': { user: 'root', group: 'root', mode: '0755', directory: true },
            '/srv/app/a/x': { user: 'root', group: 'root', mode: '0644' },
            '/srv/app/old': { user: 'root', group: 'root', mode: '0755', directory: true },
          },
        },
      },
    },
    {
      title: 'A folder that does not exist',
      args: { name: '/srv/app', source: ['zester://app'] },
      expect: { refusal: 'SOURCE_MISSING' },
    },
    {
      title: 'A file in the way',
      args: { name: '/srv/app', source: ['app'] },
      given: { tree: { 'app/a': 'a' }, files: { '/srv/app': 'x' } },
      expect: { refusal: 'FILE_NOT_DIRECTORY' },
    },
  ],
  notes: ['A file that a symlink of the machine leads to is managed where it lies.'],
  differs: ['"clean" spares what any state of the run manages, whether or not it is required: no run undoes itself.'],
});

/** Where the source is missing its own plan says so, and nobody else takes away what it brought before. */
async function managedBy(wanted: Wish, context: Context): Promise<readonly ManagedPath[]> {
  try {
    const { files, links, folders } = await wantedTree(wanted, context);
    return [...folders, ...files.keys(), ...links.keys()].map((path) => ({ path }));
  } catch (error) {
    if (isError(error, 'SOURCE_MISSING')) return [{ path: wanted.name, whole: 'always' }];
    throw error;
  }
}

/** What is needed to put it back, but for its content; a symlink has no mode of its own. */
async function removedOf(stat: FileStat, context: Context): Promise<Removed> {
  const { mode, ...owner } = await attributesOf(stat, context);
  if (stat.kind === 'symlink') return { ...owner, target: stat.target };
  return { ...owner, mode, ...(stat.kind === 'directory' && { directory: true }) };
}

/** A symlink to a directory is filled where it leads. */
async function followed(wanted: Wish, { files }: Context): Promise<Wish> {
  return { ...wanted, name: await realPath(files, wanted.name) };
}

async function presentTree(folder: string, { files }: Context): Promise<ReadonlyMap<string, FileStat>> {
  const stat = await files.stat(folder);
  if (stat !== undefined && stat.kind !== 'directory') throw fileNotDirectory('fill', folder);
  return stat === undefined ? new Map() : walkTree(files, folder);
}

/** What cleaning removes: strays, and what is in the way of something of another kind. */
async function goneFrom(
  wanted: Wish,
  wish: WantedTree,
  present: ReadonlyMap<string, FileStat>,
  context: Context,
): Promise<ReadonlySet<string>> {
  const own = [...wish.folders, ...wish.files.keys(), ...wish.links.keys()];
  const gone = new Set(await strays({ ...wanted, folder: wanted.name, inside: present, own }, context));
  for (const path of wish.files.keys()) if (present.get(path)?.kind === 'directory') gone.add(path);
  for (const path of wish.folders) if (present.get(path)?.kind === 'file') gone.add(path);
  return gone;
}

/** Whether a path, or a directory on the way to it, is removed first. */
function isGone(gone: ReadonlySet<string>, path: string): boolean {
  for (let each = path; gone.size > 0 && each !== '/'; each = each.slice(0, each.lastIndexOf('/')) || '/') {
    if (gone.has(each)) return true;
  }
  return false;
}

async function missingFolders(
  wanted: Wish,
  { folders }: WantedTree,
  gone: ReadonlySet<string>,
  { files }: Context,
): Promise<readonly string[]> {
  const missing: string[] = [];
  for (const each of folders) {
    const stat = isGone(gone, each) ? undefined : await files.stat(await realPath(files, each));
    if (stat !== undefined && stat.kind !== 'directory') throw fileNotDirectory('fill', each);
    if (stat === undefined) missing.push(each);
  }
  return [...((await missingParents(files, wanted.name, wanted)) ?? []), ...missing];
}

/** Links that lead elsewhere, or are missing, on both sides. Throws `FILE_EXISTS` when something is in their place. */
async function unlikeLinks(
  { force_symlinks }: Wish,
  { links }: WantedTree,
  gone: ReadonlySet<string>,
  { files }: Context,
): Promise<Change<Readonly<Record<string, string>>> | undefined> {
  const [from, to]: [Record<string, string>, Record<string, string>] = [{}, {}];
  for (const [path, target] of links) {
    const stat = isGone(gone, path) ? undefined : await files.stat(path);
    if (stat?.target === target) continue;
    if (stat !== undefined && stat.kind !== 'symlink' && !force_symlinks) throw fileExists('link', path);
    if (stat?.target !== undefined) from[path] = stat.target;
    to[path] = target;
  }
  return Object.keys(to).length === 0 ? undefined : { from, to };
}

/** Attributes that differ, on both sides, by where things lie; what does not exist yet has none. */
async function unlike(wanted: Wish, tree: WantedTree, gone: ReadonlySet<string>, context: Context) {
  const { user, group, dir_mode } = wanted;
  const [from, to]: [Record<string, Attributes>, Record<string, Attributes>] = [{}, {}];
  const compare = async (path: string, place: string, mode: number | undefined) => {
    const wish = await wantedAttributes({ user, group, mode }, context);
    const actual = isGone(gone, path) ? {} : await attributesOf(await context.files.stat(place), context);
    const keys = (['user', 'group', 'mode'] as const).filter(
      (key) => wish[key] !== undefined && wish[key] !== actual[key],
    );
    if (keys.length === 0) return;
    from[place] = Object.fromEntries(keys.flatMap((key) => (actual[key] === undefined ? [] : [[key, actual[key]]])));
    to[place] = Object.fromEntries(keys.map((key) => [key, wish[key]]));
  };
  for (const path of tree.folders) await compare(path, await realPath(context.files, path), dir_mode);
  for (const [path, file] of tree.files) await compare(path, await realPath(context.files, path), await file.mode());
  for (const path of tree.links.keys()) await compare(path, path, undefined);
  return Object.keys(to).length === 0 ? undefined : { from, to };
}

function contentChanges(changes: Readonly<Record<string, unknown>>): readonly [Path, Change<Content>][] {
  return Object.entries(changes) as [Path, Change<Content>][];
}
