import { createHash } from 'node:crypto';
import * as z from 'zod';
import { attributesOf, setAttributes } from '#kit/abilities/attributes.ts';
import { realPath, refuseProtected } from '#kit/abilities/places.ts';
import { bytesOf, textOf } from '#kit/content.ts';
import { moduleFunction } from '#kit/function.ts';
import { AbsolutePath, baseName, FileMode, modeText, parentOf } from '#kit/types.ts';
import { fileUnknown } from '#machine/errors.ts';
import type { FileStat, Files } from '#machine/machine.ts';

const path = AbsolutePath.describe('The path').meta({ primary: true, aliases: ['name'] });
const given = { files: { '/etc/motd': 'Welcome\n', '/srv/app': { directory: true as const } } };

export const read = moduleFunction({
  name: 'file.read',
  summary: 'What a file holds',
  args: z.object({ path }),
  returns: 'The text; bytes in base64 when it is not UTF-8',
  changes: false,
  async run({ path }, { files }) {
    const bytes = await files.read(path);
    if (bytes === undefined) throw fileUnknown('read', path);
    return textOf(bytes) ?? Buffer.from(bytes).toString('base64');
  },
  examples: [
    { title: 'A text', args: { path: '/etc/motd' }, given, expect: 'Welcome\n' },
    { title: 'A file that is not there', args: { path: '/none' }, expect: { refusal: 'FILE_UNKNOWN' } },
  ],
});

export const write = moduleFunction({
  name: 'file.write',
  summary: 'Write a text to a file, in one step',
  args: z.object({
    path,
    contents: z
      .string()
      .describe('The text; a line break is added at its end')
      .meta({ aliases: ['content', 'args', 'text'] }),
    mode: FileMode.optional().describe('Mode of the file, in octal'),
  }),
  returns: 'Number of bytes written',
  changes: true,
  async run({ path, contents, mode }, { files }) {
    const bytes = bytesOf(contents === '' || contents.endsWith('\n') ? contents : `${contents}\n`);
    await files.write(path, bytes, mode === undefined ? {} : { mode });
    return bytes.length;
  },
  examples: [
    { title: 'A new file', args: { path: '/etc/issue', contents: 'Hello' }, expect: 6 },
    {
      title: 'A missing directory',
      args: { path: '/none/x', contents: '' },
      expect: { refusal: 'FILE_PARENT_MISSING' },
    },
  ],
});

export const append = moduleFunction({
  name: 'file.append',
  summary: 'Add a text at the end of a file',
  args: z.object({
    path,
    text: z
      .string()
      .describe('The text; it gets lines of its own')
      .meta({ aliases: ['args'] }),
  }),
  returns: 'Number of bytes the file then has',
  changes: true,
  async run({ path, text }, { files }) {
    const before = textOf((await files.read(path)) ?? new Uint8Array()) ?? '';
    const join = before === '' || before.endsWith('\n') ? '' : '\n';
    const bytes = bytesOf(`${before}${join}${text.replace(/\n$/, '')}\n`);
    await files.write(path, bytes);
    return bytes.length;
  },
  examples: [{ title: 'A line more', args: { path: '/etc/motd', text: 'Hi' }, given, expect: 11 }],
});

export const remove = moduleFunction({
  name: 'file.remove',
  summary: 'Remove a file, a link, or a directory with all that is in it',
  args: z.object({ path }),
  returns: 'True when something was removed',
  changes: true,
  async run({ path }, { files }) {
    await refuseProtected(files, 'remove', path);
    const stat = await files.stat(path);
    await files.remove(path);
    return stat !== undefined;
  },
  examples: [
    { title: 'A file', args: { path: '/etc/motd' }, given, expect: true },
    { title: 'Nothing there', args: { path: '/none' }, expect: false },
    { title: 'The whole machine', args: { path: '/' }, expect: { refusal: 'FILE_PROTECTED' } },
  ],
});

export const mkdir = moduleFunction({
  name: 'file.mkdir',
  summary: 'Make a directory, with its missing parents',
  args: z.object({ path, mode: FileMode.optional().describe('Mode of the directory, in octal') }),
  returns: 'True',
  changes: true,
  async run({ path, mode }, { files }) {
    await files.makeDirectory(path, { parents: true, ...(mode === undefined ? {} : { mode }) });
    return true;
  },
  examples: [{ title: 'A directory', args: { path: '/srv/a/b' }, expect: true }],
});

export const setMode = moduleFunction({
  name: 'file.set_mode',
  summary: 'Set the mode of a file',
  args: z.object({ path, mode: FileMode.describe('The mode, in octal') }),
  returns: 'The mode it has then, such as `0644`',
  changes: true,
  async run({ path, mode }, context) {
    await setAttributes(path, { mode: modeText(mode) }, context);
    return modeText(mode);
  },
  examples: [{ title: 'A mode', args: { path: '/etc/motd', mode: '600' }, given, expect: '0600' }],
});

export const stats = moduleFunction({
  name: 'file.stats',
  summary: 'Kind, size, owner and mode of a path',
  args: z.object({
    path,
    follow_symlinks: z.boolean().default(false).describe('Of what a symlink leads to'),
  }),
  returns:
    'Map of `target` (the path), `type`, `size` (bytes), `mode`, `user`, `group`, `uid`, `gid`, and `link` of a symlink',
  changes: false,
  async run({ path, follow_symlinks }, context) {
    const place = follow_symlinks ? await realPath(context.files, path) : path;
    const stat = await context.files.stat(place);
    if (stat === undefined) throw fileUnknown('look at', path);
    const { uid, gid, size, target } = stat;
    const type = { file: 'file', directory: 'dir', symlink: 'link', other: 'other' }[stat.kind];
    return {
      target: place,
      type,
      size,
      uid,
      gid,
      ...(await attributesOf(stat, context)),
      ...(target && { link: target }),
    };
  },
  examples: [
    {
      title: 'A file',
      args: { path: '/etc/motd' },
      given,
      expect: { target: '/etc/motd', type: 'file', size: 8, uid: 0, gid: 0, user: 'root', group: 'root', mode: '0644' },
    },
    { title: 'Nothing there', args: { path: '/none' }, expect: { refusal: 'FILE_UNKNOWN' } },
  ],
});

export const exists = asks('file.exists', 'Whether there is anything at a path', () => true);
export const fileExists = asks('file.file_exists', 'Whether a path is a file', ({ kind }) => kind === 'file');
export const directoryExists = asks(
  'file.directory_exists',
  'Whether a path is a directory',
  ({ kind }) => kind === 'directory',
);

export const isLink = moduleFunction({
  name: 'file.is_link',
  summary: 'Whether a path is a symlink',
  args: z.object({ path }),
  returns: 'True or false',
  changes: false,
  run: async ({ path }, { files }) => (await files.stat(path))?.kind === 'symlink',
  examples: [{ title: 'A file', args: { path: '/etc/motd' }, given, expect: false }],
});

export const readdir = moduleFunction({
  name: 'file.readdir',
  summary: 'Names in a directory',
  args: z.object({ path }),
  returns: 'Sorted list of names',
  changes: false,
  async run({ path }, { files }) {
    const names = await files.list(path);
    if (names === undefined) throw fileUnknown('list', path);
    return names;
  },
  examples: [
    { title: 'A directory', args: { path: '/srv' }, given, expect: ['app'] },
    { title: 'Nothing there', args: { path: '/none' }, expect: { refusal: 'FILE_UNKNOWN' } },
  ],
  notes: ['Without the names "." and "..", which Salt lists.'],
});

export const getHash = moduleFunction({
  name: 'file.get_hash',
  summary: 'Hash of what a file holds',
  args: z.object({
    path,
    form: z.enum(['sha256', 'sha512', 'sha1', 'md5']).default('sha256').describe('The algorithm'),
  }),
  returns: 'The hash in hexadecimal',
  changes: false,
  run: async ({ path, form }, { files }) => hashOf(files, path, form),
  examples: [
    {
      title: 'A SHA-256',
      args: { path: '/etc/motd' },
      given,
      expect: createHash('sha256').update('Welcome\n').digest('hex'),
    },
  ],
});

export const checkHash = moduleFunction({
  name: 'file.check_hash',
  summary: 'Whether a file has a hash',
  args: z.object({ path, file_hash: z.string().describe('The hash, with or without its algorithm: "sha256=…"') }),
  returns: 'True or false',
  changes: false,
  async run({ path, file_hash }, { files }) {
    const [algorithm, hex] = file_hash.includes('=') ? file_hash.split('=', 2) : [undefined, file_hash];
    const lengths: Readonly<Record<number, string>> = { 32: 'md5', 40: 'sha1', 64: 'sha256', 128: 'sha512' };
    const form = algorithm ?? lengths[hex?.length ?? 0] ?? 'sha256';
    return (await hashOf(files, path, form)) === hex?.toLowerCase();
  },
  examples: [
    { title: 'Another hash', args: { path: '/etc/motd', file_hash: 'sha256=00' }, given, expect: false },
    {
      title: 'The hash',
      args: { path: '/etc/motd', file_hash: createHash('md5').update('Welcome\n').digest('hex') },
      given,
      expect: true,
    },
  ],
});

export const dirname = moduleFunction({
  name: 'file.dirname',
  summary: 'The directory part of a path',
  args: z.object({ path: z.string().describe('The path').meta({ primary: true }) }),
  returns: 'The path without its last name',
  changes: false,
  run: async ({ path }) => (path.includes('/') ? parentOf(path) : ''),
  examples: [{ title: 'A file', args: { path: '/etc/motd' }, expect: '/etc' }],
});

export const basename = moduleFunction({
  name: 'file.basename',
  summary: 'The last name of a path',
  args: z.object({ path: z.string().describe('The path').meta({ primary: true }) }),
  returns: 'The name',
  changes: false,
  run: async ({ path }) => baseName(path),
  examples: [{ title: 'A file', args: { path: '/etc/motd' }, expect: 'motd' }],
});

export const join = moduleFunction({
  name: 'file.join',
  summary: 'Parts of a path, put together',
  args: z.object({ parts: z.array(z.string()).describe('The parts').meta({ primary: true, rest: true }) }),
  returns: 'The path; a part that starts with a slash starts afresh',
  changes: false,
  run: async ({ parts }) => {
    const start = Math.max(
      0,
      parts.findLastIndex((part) => part.startsWith('/')),
    );
    return parts
      .slice(start)
      .filter(Boolean)
      .join('/')
      .replace(/\/{2,}/g, '/');
  },
  examples: [
    { title: 'Three parts', args: { parts: ['/etc', 'app', 'a.conf'] }, expect: '/etc/app/a.conf' },
    { title: 'A second root', args: { parts: ['/etc', '/srv', 'a'] }, expect: '/srv/a' },
  ],
});

function asks(name: `file.${string}`, summary: string, holds: (stat: FileStat) => boolean) {
  return moduleFunction({
    name,
    summary,
    args: z.object({ path }),
    returns: 'True or false; symlinks are followed',
    changes: false,
    async run({ path }, { files }) {
      const stat = await files.stat(await realPath(files, path));
      return stat !== undefined && holds(stat);
    },
    examples: [
      { title: 'A file', args: { path: '/etc/motd' }, given, expect: name !== 'file.directory_exists' },
      { title: 'A directory', args: { path: '/srv/app' }, given, expect: name !== 'file.file_exists' },
      { title: 'Nothing there', args: { path: '/none' }, expect: false },
    ],
  });
}

async function hashOf(files: Files, path: string, algorithm: string): Promise<string> {
  const bytes = await files.read(path);
  if (bytes === undefined) throw fileUnknown('read', path);
  return createHash(algorithm).update(bytes).digest('hex');
}
