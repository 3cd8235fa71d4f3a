import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import {
  type Attributes,
  attributeArguments,
  attributesOf,
  made,
  setAllAttributes,
  wantedAttributes,
} from '#kit/abilities/attributes.ts';
import { nameMatcher } from '#kit/abilities/patterns.ts';
import {
  contentToKeep,
  findFile,
  missingParents,
  notKept,
  realPath,
  refuseProtected,
  removeParents,
  walkTree,
} from '#kit/abilities/places.ts';
import type { Change } from '#kit/changes.ts';
import { bytesOf, type Content, contentOf, isContentNote, sameContent, textOf } from '#kit/content.ts';
import type { Context } from '#kit/context.ts';
import { state } from '#kit/state.ts';
import { AbsolutePath, AnyMap, FileMode, parentOf, StringList, TemplateFlag } from '#kit/types.ts';
import { fileNotDirectory } from '#machine/errors.ts';
import type { FileStat } from '#machine/machine.ts';
import { templateNames } from './wish.ts';

const args = z.object({
  name: AbsolutePath.describe('Path of the directory').meta({ primary: true, aliases: ['path'] }),
  source: z.string().describe('Folder of the state tree ("zester://…", "salt://…", a path in it), or an absolute one'),
  user: attributeArguments.user,
  group: attributeArguments.group,
  file_mode: FileMode.optional().describe('Mode of the files; new ones get 0644 otherwise'),
  dir_mode: FileMode.optional().describe('Mode of the directories; new ones get 0755 otherwise'),
  template: TemplateFlag.optional().describe('Render every file with Jinja'),
  context: AnyMap.optional().describe('Names the templates may use'),
  defaults: AnyMap.optional().describe('Names the templates may use unless "context" has them'),
  include_pat: StringList.default([]).describe('Only these: globs, or regular expressions after "E@"'),
  exclude_pat: StringList.default([]).describe('Not these: globs, or regular expressions after "E@"'),
  clean: z.boolean().default(false).describe('Remove files the source does not have'),
  replace: z.boolean().default(true).describe('When false, the content of files that exist stays'),
  makedirs: z.boolean().default(true).describe('Make missing parent directories'),
  include_empty: z.boolean().default(false).describe('For Salt: means nothing, a state tree has no empty folders'),
  keep_symlinks: z.boolean().default(false).describe('For Salt: means nothing, a state tree has no symlinks'),
});

type Wish = z.output<typeof args>;

/** A key that is a path is a file; its change is that of its content. */
type RecurseChanges = { readonly [path: `/${string}`]: Change<Content> } & {
  readonly directories?: Change<readonly string[]>;
  readonly attributes?: Change<Readonly<Record<string, Attributes>>>;
  /** What cleaning removes, beside its content. */
  readonly removed?: Change<Readonly<Record<string, Removed>>>;
};

type Removed = Attributes & { readonly target?: string | undefined };

export const recurse = state({
  name: 'file.recurse',
  saltOnly: [
    'backup',
    'force_symlinks',
    'keep_source',
    'maxdepth',
    'sym_mode',
    'win_deny_perms',
    'win_inheritance',
    'win_owner',
    'win_perms',
  ],
  summary: 'Ensure a directory holds the files of a folder of the state tree',
  args,
  async check(written, context): Promise<RecurseChanges> {
    const { files } = context;
    const wanted = await followed(written, context);
    if (wanted.clean) await refuseProtected(files, 'clean', wanted.name);
    const wish = await wantedFiles(wanted, context);
    const present = await presentTree(wanted.name, context);
    const changes: Record<`/${string}`, Change<Content>> = {};
    for (const [path, read] of wish) {
      const stat = await findFile(files, path);
      if (stat !== undefined && !wanted.replace) continue;
      const current = stat && (await files.read(path));
      const [from, to] = [current && contentOf(current), contentOf(await read())];
      if (JSON.stringify(from) !== JSON.stringify(to)) changes[path] = { from, to };
    }
    const removed: Record<string, Removed> = {};
    for (const [path, stat] of wanted.clean ? present : []) {
      if (stat.kind === 'directory' || wish.has(path as `/${string}`) || isSpared(path, wanted)) continue;
      removed[path] = await removedOf(stat, context);
      const content = await contentToKeep(files, path, stat);
      if (content) changes[path as `/${string}`] = { from: contentOf(content), to: undefined };
    }
    const folders = [...new Set([wanted.name, ...[...wish.keys()].flatMap((path) => between(wanted.name, path))])];
    const above = (await missingParents(files, wanted.name, wanted)) ?? [];
    const missing: string[] = [];
    for (const each of folders) if ((await files.stat(each)) === undefined) missing.push(each);
    const made = [...above, ...missing.toSorted()];
    const attributes = await unlike(wanted, folders, [...wish.keys()], context);
    return {
      ...changes,
      ...(made.length === 0 ? {} : { directories: { from: undefined, to: made } }),
      ...(attributes && { attributes }),
      ...(Object.keys(removed).length === 0 ? {} : { removed: { from: removed, to: undefined } }),
    };
  },
  async apply({ directories, attributes, removed, ...changes }, written, context) {
    const { files } = context;
    const wanted = await followed(written, context);
    const { user, group, file_mode, dir_mode } = wanted;
    const folderOptions = await made(await wantedAttributes({ user, group, mode: dir_mode }, context), context);
    const fileOptions = await made(await wantedAttributes({ user, group, mode: file_mode }, context), context);
    const settled = new Set<string>();
    for (const each of directories?.to ?? []) {
      const isInside = each === wanted.name || each.startsWith(`${wanted.name}/`);
      const isNew = await files.makeDirectory(each, { ...(isInside ? folderOptions : {}), parents: true });
      if (isNew) settled.add(each);
    }
    const wish = await wantedFiles(wanted, context);
    for (const [path, { to }] of contentChanges(changes)) {
      if (to === undefined) continue;
      await files.write(path, await sameContent(to, async () => wish.get(path)?.()), fileOptions);
      settled.add(path);
    }
    for (const path of Object.keys(removed?.from ?? {})) await files.remove(path);
    const left = Object.entries(attributes?.to ?? {}).filter(([path]) => !settled.has(path));
    await setAllAttributes(Object.fromEntries(left), context);
    return undefined;
  },
  async revert({ directories, attributes, removed, ...changes }, _wanted, context) {
    const { files } = context;
    const lost = contentChanges(changes).find(([, { from }]) => isContentNote(from));
    if (lost !== undefined) throw notKept(lost[0], 'its earlier content');
    const special = Object.entries(removed?.from ?? {}).find(([path, { target }]) => !target && !(path in changes));
    if (special !== undefined) throw notKept(special[0], 'what it was');
    for (const [path, { from }] of contentChanges(changes)) {
      if (from === undefined) await files.remove(path);
      else await files.write(path, bytesOf(String(from)), await made(removed?.from?.[path] ?? {}, context));
    }
    for (const [path, { target, ...attributes }] of Object.entries(removed?.from ?? {})) {
      if (target !== undefined) await files.link(path, target, await made(attributes, context));
    }
    const isNew = new Set([
      ...(directories?.to ?? []),
      ...contentChanges(changes).map(([path, { from }]) => (from === undefined ? path : '')),
    ]);
    const left = Object.entries(attributes?.from ?? {}).filter(([path]) => !isNew.has(path));
    await setAllAttributes(Object.fromEntries(left), context);
    for (const each of (directories?.to ?? []).toReversed()) await removeParents(files, [each]);
    return undefined;
  },
  examples: [
    {
      title: 'A folder to put down',
      args: { name: '/srv/app', source: 'zester://app', file_mode: '0600' },
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
      args: { name: '/srv/app', source: 'salt://app/' },
      given: { tree: { 'app/a.conf': 'a\n' }, files: { '/srv/app/a.conf': 'a\n', '/srv/app/mine': 'x' } },
      expect: {},
    },
    {
      title: 'A file that differs, one too many, and one that is spared',
      args: { name: '/srv/app', source: 'app', clean: true, exclude_pat: ['*.local'] },
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
      args: { name: '/srv/app', source: 'app', template: 'jinja', context: { port: 80 } },
      given: { tree: { 'app/a.conf': 'port {{ port }}\n' }, files: { '/srv/app': { directory: true } } },
      expect: { '/srv/app/a.conf': { to: 'port 80\n' } },
    },
    {
      title: 'A folder that does not exist',
      args: { name: '/srv/app', source: 'zester://app' },
      expect: { refusal: 'SOURCE_MISSING' },
    },
    {
      title: 'A file in the way',
      args: { name: '/srv/app', source: 'app' },
      given: { tree: { 'app/a': 'a' }, files: { '/srv/app': 'x' } },
      expect: { refusal: 'FILE_NOT_DIRECTORY' },
    },
  ],
  differs: ['Cleaning removes files and links, never directories.'],
});

/** What is needed to put it back, but for its content; a symlink has no mode of its own. */
async function removedOf(stat: FileStat, context: Context): Promise<Removed> {
  const { mode, ...owner } = await attributesOf(stat, context);
  return stat.kind === 'symlink' ? { ...owner, target: stat.target } : { ...owner, mode };
}

/** A symlink to a directory is filled where it leads. */
async function followed(wanted: Wish, { files }: Context): Promise<Wish> {
  return { ...wanted, name: await realPath(files, wanted.name) };
}

/** Path on the machine → how to make its content, in the order of paths. */
async function wantedFiles(
  wanted: Wish,
  context: Context,
): Promise<ReadonlyMap<`/${string}`, () => Promise<Uint8Array>>> {
  const [, scheme = '', path = '', query = ''] = /^((?:zester|salt):\/\/)?([^?]*)(\?.*)?$/.exec(wanted.source) ?? [];
  const folder = path.replace(/\/+$/, '');
  const listed = await context.sources.list(`${scheme}${folder}${query}`);
  if (listed.length === 0) {
    throw new ZesterError(
      'source',
      'SOURCE_MISSING',
      `Cannot fill "${wanted.name}": there is no source folder "${wanted.source}"`,
    );
  }
  const inside = listed.map((each) => (folder === '' ? each : each.slice(folder.length + 1)));
  return new Map(
    inside
      .filter((each) => isSelected(each, wanted))
      .map((each) => [
        `${wanted.name}/${each}` as `/${string}`,
        () =>
          content(
            `${scheme}${folder === '' ? '' : `${folder}/`}${each}${query}`,
            { ...wanted, name: `${wanted.name}/${each}` },
            context,
          ),
      ]),
  );
}

async function content(source: string, wanted: Wish, { sources, templates }: Context): Promise<Uint8Array> {
  const bytes = await sources.read(source);
  if (bytes === undefined) {
    throw new ZesterError('source', 'SOURCE_MISSING', `Cannot fill "${wanted.name}": there is no source "${source}"`);
  }
  const text = wanted.template ? textOf(bytes) : undefined;
  if (text === undefined) return bytes;
  const names = {
    ...templateNames({ ...wanted, source, mode: wanted.file_mode }),
    ...wanted.defaults,
    ...wanted.context,
  };
  return bytesOf(templates.render(text, { path: source, context: names }));
}

async function presentTree(folder: string, { files }: Context) {
  const stat = await files.stat(folder);
  if (stat !== undefined && stat.kind === 'file') throw fileNotDirectory('fill', folder);
  return stat === undefined ? new Map() : walkTree(files, folder);
}

/** Attributes that differ, on both sides; what does not exist yet has none. */
async function unlike(wanted: Wish, folders: readonly string[], paths: readonly string[], context: Context) {
  const { user, group, file_mode, dir_mode } = wanted;
  const [from, to]: [Record<string, Attributes>, Record<string, Attributes>] = [{}, {}];
  for (const [path, mode] of [
    ...folders.map((each) => [each, dir_mode] as const),
    ...paths.map((each) => [each, file_mode] as const),
  ]) {
    const wish = await wantedAttributes({ user, group, mode }, context);
    const actual = await attributesOf(await context.files.stat(path), context);
    const keys = (['user', 'group', 'mode'] as const).filter(
      (key) => wish[key] !== undefined && wish[key] !== actual[key],
    );
    if (keys.length === 0) continue;
    from[path] = Object.fromEntries(keys.flatMap((key) => (actual[key] === undefined ? [] : [[key, actual[key]]])));
    to[path] = Object.fromEntries(keys.map((key) => [key, wish[key]]));
  }
  return Object.keys(to).length === 0 ? undefined : { from, to };
}

function contentChanges(changes: Readonly<Record<string, unknown>>): readonly [`/${string}`, Change<Content>][] {
  return Object.entries(changes) as [`/${string}`, Change<Content>][];
}

/** The directories between a folder and a file in it, topmost first. */
function between(folder: string, path: string): readonly string[] {
  const parent = parentOf(path);
  return parent === folder ? [] : [...between(folder, parent), parent];
}

function isSelected(path: string, { include_pat, exclude_pat }: Wish): boolean {
  const matches = (each: string) => nameMatcher(each)(path);
  return (include_pat.length === 0 || include_pat.some(matches)) && !exclude_pat.some(matches);
}

function isSpared(path: string, { name, exclude_pat }: Wish): boolean {
  return exclude_pat.some((each) => nameMatcher(each)(path.slice(name.length + 1)));
}
