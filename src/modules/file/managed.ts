import { randomUUID } from 'node:crypto';
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
  windowsArguments,
} from '#kit/abilities/attributes.ts';
import { findFile, keepBackup, missingParents, notKept, realPath, removeParents } from '#kit/abilities/places.ts';
import { differences } from '#kit/changes.ts';
import { bytesOf, type Content, contentOf, isContentNote, sameContent, sha256 } from '#kit/content.ts';
import type { Context } from '#kit/context.ts';
import { state } from '#kit/state.ts';
import { AbsolutePath, AnyMap, FileMode, FileModeOrKeep, StringList, TemplateFlag } from '#kit/types.ts';
import { type ContentWish, sourceMode, wantedContent } from './wish.ts';

const managedArguments = z.object({
  name: AbsolutePath.describe('Path of the file').meta({ primary: true, aliases: ['path'] }),
  source: StringList.optional().describe(
    'Where the content comes from: "zester://…", "salt://…", a path in the state tree, or an absolute path; of a list, the first that exists',
  ),
  source_hash: z
    .string()
    .optional()
    .describe(
      'Hash the source must have, such as "sha256=…", or a file of the state tree or the machine that lists it',
    ),
  source_hash_name: z.string().optional().describe('Name that the hash has in that file'),
  keep_source: z.boolean().optional().describe('For Salt: means nothing, a source is not kept on the machine'),
  contents: z
    .union([z.string(), z.array(z.string()), z.instanceof(Uint8Array)])
    .optional()
    .describe('The content itself; a list is one line each')
    .meta({ aliases: ['content'] }),
  contents_pillar: StringList.optional()
    .describe('Settings that hold the content, such as "certs:web"')
    .meta({
      aliases: ['contents_settings'],
    }),
  contents_grains: StringList.optional()
    .describe('Facts that hold the content')
    .meta({ aliases: ['contents_facts'] }),
  contents_delimiter: z
    .string()
    .default(':')
    .describe('What separates the parts of the name of such a setting or fact'),
  allow_empty: z.boolean().default(true).describe('When false, a setting or fact that is empty is refused'),
  contents_newline: z.boolean().default(true).describe('End the given contents with a line break'),
  template: TemplateFlag.optional().describe('Render the content with Jinja: "jinja", or true'),
  context: AnyMap.optional().describe('Names the template may use'),
  defaults: AnyMap.optional().describe('Names the template may use unless "context" has them'),
  user: attributeArguments.user,
  group: attributeArguments.group,
  mode: FileModeOrKeep.optional().describe(
    'Permissions in octal, setuid, setgid and sticky bits included; "keep": those of the source',
  ),
  makedirs: z.boolean().default(false).describe('Make missing parent directories'),
  dir_mode: FileMode.optional().describe(
    'Mode of the parent directories that are made; open to whom the file is open to otherwise',
  ),
  follow_symlinks: z
    .boolean()
    .default(true)
    .describe('Manage what a symlink in its place leads to; when false, the file takes its place'),
  replace: z.boolean().default(true).describe('When false, the content of a file that exists stays'),
  create: z.boolean().default(true).describe('When false, a file that does not exist stays so'),
  backup: z
    .union([z.boolean(), z.string()])
    .default(false)
    .describe('Keep the content that is replaced beside the file, as ".bak" or with the given suffix'),
  check_cmd: z
    .string()
    .optional()
    .describe('Command that must accept the new content; the path of a copy is added to it as last argument'),
  tmp_ext: z.string().default('').describe('What the path of that copy ends with'),
  show_changes: z
    .boolean()
    .default(true)
    .describe('When false, the content is not shown')
    .meta({
      aliases: ['show_diff'],
    }),
  encoding: z
    .string()
    .regex(/^utf-?8$/i, 'must be "utf-8"')
    .optional()
    .describe('"utf-8": there is no other'),
  tmp_dir: AbsolutePath.default('/tmp').describe('Where the copy for "check_cmd" lies'),
  use_etag: z.boolean().optional().describe('For Salt: means something for sources of other servers only'),
  verify_ssl: z.boolean().optional().describe('For Salt: means something for sources of other servers only'),
  skip_verify: z.boolean().default(false).describe('Use the source even when its hash is another'),
  ...windowsArguments,
});

export const managed = state({
  name: 'file.managed',
  takesTemplateNames: true,
  saltOnly: ['attrs', 'encoding_errors', 'selinux'],
  summary: 'Ensure a file exists, with the given content, owner and mode',
  args: managedArguments,
  async check(wanted, context) {
    const { files } = context;
    const path = await placeOf(wanted, context);
    const link = wanted.follow_symlinks ? undefined : (await files.stat(path))?.target;
    const stat = link === undefined ? await findFile(files, path) : undefined;
    if (stat === undefined && link === undefined && !wanted.create) return {};
    const parents = stat === undefined ? await missingParents(files, path, wanted) : undefined;
    const resolved = await withMode(wanted, context);
    const wish = stat === undefined || wanted.replace ? await wantedContent(unverified(resolved), context) : undefined;
    const current = stat === undefined || wish === undefined ? undefined : await files.read(path);
    return differences<Wish>(
      {
        exists: true,
        parents,
        ...(await wantedAttributes(resolved, context)),
        contents: wish && contentOf(wish),
        link: link === undefined ? undefined : null,
      },
      {
        exists: stat !== undefined,
        ...(await attributesOf(stat, context)),
        contents: current && contentOf(current),
        link,
      },
    );
  },
  async apply({ exists, parents, contents, link, ...rest }, wanted, context) {
    const path = await placeOf(wanted, context);
    const resolved = await withMode(wanted, context);
    const wish =
      contents?.to === undefined
        ? new Uint8Array()
        : await sameContent(contents.to, () => wantedContent(unverified(resolved), context));
    if (exists || contents) await judge(wanted, wish, context);
    // All of them, not those that differed: what is there by now may be another file than the one that was looked at.
    const options = await made(await wantedAttributes(resolved, context), context);
    const folderMode = wanted.dir_mode ?? parentMode(resolved.mode);
    for (const each of parents?.to ?? []) {
      await context.files.makeDirectory(each, { ...options, mode: folderMode, parents: true });
    }
    if (wanted.backup && contents && !exists) await keepBackup(context.files, path, wanted.backup);
    if (link) await context.files.remove(path);
    // They come with the content, so that nobody reads a secret before its file is closed to them.
    if (exists || contents) await context.files.write(path, wish, options);
    else await setAttributes(path, sideOf(rest, 'to'), context);
    return { path };
  },
  // Its check_cmd would need the content on the disk: a plan takes it for content that is accepted.
  supposedAs: (wanted) => ({ ...wanted, check_cmd: undefined }),
  async revert({ exists, parents, contents, link, ...rest }, wanted, context) {
    const path = await placeOf(wanted, context);
    if (exists) {
      await context.files.remove(path);
      if (link?.from) await context.files.link(path, link.from);
      else await removeParents(context.files, parents?.to ?? []);
      return { path };
    }
    if (isContentNote(contents?.from)) throw notKept(path, 'its earlier content');
    const attributes = sideOf(rest, 'from');
    if (contents?.from === undefined) await setAttributes(path, attributes, context);
    else await context.files.write(path, bytesOf(contents.from), await made(attributes, context));
    return { path };
  },
  manages: ({ name }) => [{ path: name }],
  hides: ({ show_changes }) => (show_changes ? [] : ['contents']),
  examples: [
    {
      title: 'A new file',
      args: { name: '/etc/motd', contents: 'Welcome', mode: '0644' },
      expect: { exists: { from: false, to: true }, contents: { to: 'Welcome\n' }, mode: { to: '0644' } },
      real: true,
    },
    {
      title: 'A template that names its source',
      args: { name: '/etc/app.conf', source: ['zester://web/app.conf'], template: 'jinja', mode: '0640' },
      given: { tree: { 'web/app.conf': '# {{ name }} of {{ source }}, {{ mode }}\n' } },
      expect: {
        exists: { from: false, to: true },
        contents: { to: '# /etc/app.conf of zester://web/app.conf, 0640\n' },
        mode: { to: '0640' },
      },
    },
    {
      title: 'A file that is already so',
      args: { name: '/etc/motd', contents: 'Welcome', mode: 644, user: 'root' },
      given: { files: { '/etc/motd': 'Welcome\n' } },
      expect: {},
      real: true,
    },
    {
      title: 'Content that differs',
      args: { name: '/etc/motd', contents: ['Welcome', 'to web-01'] },
      given: { files: { '/etc/motd': { content: 'Welcome\n', mode: 0o600 } } },
      expect: { contents: { from: 'Welcome\n', to: 'Welcome\nto web-01\n' } },
      real: true,
    },
    {
      title: 'A file of the state tree, rendered with Jinja',
      args: {
        name: '/etc/app/app.conf',
        source: ['zester://app/app.conf'],
        template: 'jinja',
        context: { port: 8080 },
        makedirs: true,
      },
      given: { tree: { 'app/app.conf': 'host {{ facts.host }}\nport {{ port }}\n' }, facts: { host: 'web-01' } },
      expect: {
        exists: { from: false, to: true },
        parents: { to: ['/etc/app'] },
        contents: { to: 'host web-01\nport 8080\n' },
      },
    },
    {
      title: 'The first of several sources that exists',
      args: { name: '/etc/motd', source: ['salt://motd/web-01', 'salt://motd/default'] },
      given: { tree: { 'motd/default': 'Hello\n' }, files: { '/etc/motd': 'Hello\n' } },
      expect: {},
    },
    {
      title: 'The mode of the source, but for whom it runs as',
      args: { name: '/etc/app.sh', source: ['/srv/app.sh'], mode: 'keep' },
      given: { files: { '/srv/app.sh': { content: 'exit\n', mode: 0o4751 } } },
      expect: { exists: { from: false, to: true }, contents: { to: 'exit\n' }, mode: { to: '0751' } },
      real: true,
    },
    {
      title: 'A path from the home of a user',
      args: { name: '~app/.profile', contents: 'umask 077' },
      given: { users: { app: { uid: 990, home: '/srv/app' } }, files: { '/srv/app': { directory: true } } },
      expect: { exists: { from: false, to: true }, contents: { to: 'umask 077\n' } },
    },
    {
      title: 'A path from the home of nobody',
      args: { name: '~nobody-here/.profile', contents: 'umask 077' },
      expect: { refusal: 'USER_UNKNOWN' },
    },
    {
      title: 'A hash that a file of the tree lists',
      args: { name: '/etc/app.tgz', source: ['salt://app.tgz'], source_hash: 'salt://SHA256SUMS' },
      given: { tree: { 'app.tgz': 'a\n', SHA256SUMS: `${sha256('b\n')}  other.tgz\n${sha256('a\n')}  app.tgz\n` } },
      expect: { exists: { from: false, to: true }, contents: { to: 'a\n' } },
    },
    {
      title: 'A source with another hash',
      args: { name: '/etc/app.tgz', source: ['salt://app.tgz'], source_hash: `sha256=${sha256('b\n')}` },
      given: { tree: { 'app.tgz': 'a\n' } },
      expect: { refusal: 'SOURCE_HASH_WRONG' },
    },
    {
      title: 'A symlink in its place, which goes',
      args: { name: '/etc/app.conf', contents: 'port 1', follow_symlinks: false },
      given: { files: { '/etc/app.conf': { link: '/srv/app.conf' }, '/srv/app.conf': 'port 2\n' } },
      expect: {
        exists: { from: false, to: true },
        contents: { to: 'port 1\n' },
        link: { from: '/srv/app.conf', to: null },
      },
    },
    {
      title: 'Parent directories that are as closed as the file',
      args: { name: '/srv/a/b/key', contents: 'k3y', mode: '0640', makedirs: true },
      expect: {
        exists: { from: false, to: true },
        parents: { to: ['/srv/a', '/srv/a/b'] },
        contents: { to: 'k3y\n' },
        mode: { to: '0640' },
      },
    },
    {
      title: 'A source on another server',
      args: { name: '/etc/motd', source: ['https://example.org/motd'] },
      expect: { refusal: 'SOURCE_UNREACHABLE' },
    },
    {
      title: 'A secret from settings, for one user only',
      args: { name: '/etc/app.key', contents_pillar: ['app:key'], mode: '0600', user: 'app', show_changes: false },
      given: { users: { app: { uid: 990 } }, settings: { app: { key: 'k3y' } } },
      expect: {
        exists: { from: false, to: true },
        contents: { to: 'k3y\n' },
        mode: { to: '0600' },
        user: { to: 'app' },
      },
    },
    {
      title: 'Only owner and mode, whatever the content',
      args: { name: '/etc/app.conf', mode: '0640', group: 'app' },
      given: { groups: { app: { gid: 990 } }, files: { '/etc/app.conf': 'port 1\n' } },
      expect: { mode: { from: '0644', to: '0640' }, group: { from: 'root', to: 'app' } },
      real: true,
    },
    {
      title: 'A first content that people may change afterwards',
      args: { name: '/etc/app.conf', contents: 'port 1', replace: false },
      given: { files: { '/etc/app.conf': 'port 2\n' } },
      expect: {},
    },
    {
      title: 'Content that its check refuses',
      args: { name: '/etc/sudoers.d/deploy', contents: 'deploy ALL=oops', makedirs: true, check_cmd: 'false' },
      expect: { refusal: 'CHECK_REFUSED' },
    },
    {
      title: 'A missing parent directory',
      args: { name: '/etc/app/app.conf', contents: 'port 1' },
      expect: { refusal: 'FILE_PARENT_MISSING' },
    },
    {
      title: 'A source that does not exist',
      args: { name: '/etc/motd', source: ['zester://motd'] },
      expect: { refusal: 'SOURCE_MISSING' },
    },
    {
      title: 'A directory in the way',
      args: { name: '/etc', contents: 'x' },
      expect: { refusal: 'FILE_IS_DIRECTORY' },
    },
  ],
  notes: [
    'With neither source nor contents, only owner and mode are managed; a missing file is made empty.',
    'A new file without a declared mode gets 0644; a mode that is not declared is never changed.',
    'Contents that are text are kept with the changes, so that they can be put back; other contents are not.',
  ],
  differs: [
    'The plan shows the same diff as the run, and check_cmd judges the content before the file is touched.',
    'A backup lies beside the file, with a suffix; there is no folder of dated copies.',
    'A symlink that another user may have placed is not followed, on the way to the file neither.',
  ],
});

type Wish = {
  /** Where a symlink in its place leads, which goes. */
  link: string | null | undefined;
  exists: boolean;
  parents: readonly string[] | undefined;
  contents: Content | undefined;
  user?: string | undefined;
  group?: string | undefined;
  mode?: string | undefined;
};

type Wanted = z.output<typeof managedArguments>;

async function placeOf({ name, follow_symlinks }: Wanted, { files }: Context): Promise<string> {
  return follow_symlinks ? realPath(files, name) : name;
}

/** With the mode of the source where that is to be kept. */
async function withMode(wanted: Wanted, context: Context) {
  const { mode } = wanted;
  return { ...wanted, mode: mode === 'keep' ? await sourceMode(wanted, context) : mode };
}

function unverified<W extends ContentWish & { skip_verify: boolean }>(wanted: W): ContentWish {
  return wanted.skip_verify ? { ...wanted, source_hash: undefined } : wanted;
}

async function judge(
  { name, check_cmd, tmp_ext, tmp_dir }: Pick<Wanted, 'name' | 'check_cmd' | 'tmp_ext' | 'tmp_dir'>,
  content: Uint8Array,
  { files, commands, signal }: Context,
): Promise<void> {
  if (check_cmd === undefined) return;
  // Not beside the file: a folder such as /etc/sudoers.d would be read with the copy in it.
  const copy = `${tmp_dir}/.zester-${randomUUID()}${tmp_ext}`;
  await files.write(copy, content, { mode: 0o600 });
  const judged = commands.run(['/bin/sh', '-c', `${check_cmd} ${copy}`], { signal });
  const { code, stdout, stderr } = await judged.finally(() => files.remove(copy));
  if (code === 0) return;
  throw new ZesterError('machine', 'CHECK_REFUSED', `Cannot write "${name}": its check_cmd exits ${code}`, {
    details: { stdout, stderr },
    hint: 'Correct the content; the file was left as it was',
  });
}
