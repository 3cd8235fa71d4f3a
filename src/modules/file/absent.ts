import * as z from 'zod';
import { attributesOf, made } from '#kit/abilities/attributes.ts';
import { contentToKeep, notKept, refuseProtected } from '#kit/abilities/places.ts';
import { removal } from '#kit/changes.ts';
import { bytesOf, type Content, contentOf } from '#kit/content.ts';
import { state } from '#kit/state.ts';
import { AbsolutePath } from '#kit/types.ts';
import type { FileStat } from '#machine/machine.ts';

export const absent = state({
  name: 'file.absent',
  saltOnly: [],
  summary: 'Ensure a path does not exist, whatever it is',
  args: z.object({ name: AbsolutePath.describe('Path to remove').meta({ primary: true, aliases: ['path'] }) }),
  async check({ name }, context) {
    await refuseProtected(context.files, 'remove', name);
    const stat = await context.files.stat(name);
    if (stat === undefined) return removal<Removed>(undefined);
    const content = await contentToKeep(context.files, name, stat);
    return removal<Removed>({
      kind: stat.kind,
      target: stat.target,
      contents: content && contentOf(content),
      ...(stat.kind === 'directory' ? {} : await attributesOf(stat, context)),
      // A symlink has no mode of its own.
      ...(stat.kind === 'symlink' ? { mode: undefined } : {}),
    });
  },
  async apply(_changes, { name }, { files }) {
    await files.remove(name);
  },
  async revert({ kind, target, contents, user, group, mode }, { name }, context) {
    const owner = { user: user?.from, group: group?.from };
    if (kind?.from === 'symlink' && target?.from !== undefined) {
      await context.files.link(name, target.from, await made(owner, context));
    } else if (typeof contents?.from === 'string') {
      await context.files.write(name, bytesOf(contents.from), await made({ ...owner, mode: mode?.from }, context));
    } else throw notKept(name, 'what it held');
  },
  examples: [
    {
      title: 'A file to remove',
      args: { name: '/etc/motd' },
      given: { files: { '/etc/motd': { content: 'Welcome\n', mode: 0o600 } } },
      expect: {
        exists: { from: true, to: false },
        kind: { from: 'file' },
        contents: { from: 'Welcome\n' },
        user: { from: 'root' },
        group: { from: 'root' },
        mode: { from: '0600' },
      },
      real: true,
    },
    { title: 'A path that is not there', args: { name: '/etc/nothing' }, expect: {}, real: true },
    {
      title: 'A directory with all that is in it',
      args: { name: '/srv/app/' },
      given: { files: { '/srv/app/a': '', '/srv/app/b/c': '' } },
      expect: { exists: { from: true, to: false }, kind: { from: 'directory' } },
      reverts: false,
      real: true,
    },
    {
      title: 'A symlink, and not what it leads to',
      args: { name: '/srv/current' },
      given: { files: { '/srv/current': { link: '/srv/v1' }, '/srv/v1/a': '' } },
      expect: {
        exists: { from: true, to: false },
        kind: { from: 'symlink' },
        target: { from: '/srv/v1' },
        user: { from: 'root' },
        group: { from: 'root' },
      },
      real: true,
    },
    { title: 'The whole machine', args: { name: '/' }, expect: { refusal: 'FILE_PROTECTED' }, real: true },
    { title: 'The whole machine, less plainly', args: { name: '/etc/../' }, expect: { refusal: 'FILE_PROTECTED' } },
    { title: 'A directory the system needs', args: { name: '/usr/lib' }, expect: { refusal: 'FILE_PROTECTED' } },
    {
      title: 'A directory the system needs, by way of a symlink',
      args: { name: '/srv/all/etc' },
      given: { files: { '/srv/all': { link: '/' } } },
      expect: { refusal: 'FILE_PROTECTED' },
    },
    { title: 'A path from nowhere', args: { name: 'etc/motd' }, expect: { refusal: 'ARGUMENT_INVALID' } },
  ],
  notes: ['A file of text and a symlink can be put back; a directory and other content cannot.'],
  differs: ['"/" and the directories a system consists of are refused.'],
});

type Removed = {
  kind: FileStat['kind'];
  target: string | undefined;
  contents: Content | undefined;
  user?: string | undefined;
  group?: string | undefined;
  mode?: string | undefined;
};
