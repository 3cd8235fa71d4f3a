import * as z from 'zod';
import {
  attributeArguments,
  attributesOf,
  made,
  setAttributes,
  wantedAttributes,
  windowsArguments,
} from '#kit/abilities/attributes.ts';
import {
  besideOf,
  contentToKeep,
  missingParents,
  notKept,
  refuseTakenBackup,
  removeParents,
} from '#kit/abilities/places.ts';
import { differences } from '#kit/changes.ts';
import { type Content, contentOf } from '#kit/content.ts';
import { state } from '#kit/state.ts';
import { AbsolutePath, FileMode } from '#kit/types.ts';
import { fileExists } from '#machine/errors.ts';
import type { FileOwner, Files } from '#machine/machine.ts';

export const symlink = state({
  name: 'file.symlink',
  saltOnly: ['inherit_user_and_group'],
  summary: 'Ensure a symbolic link exists and leads to the target',
  args: z.object({
    name: AbsolutePath.describe('Path of the link').meta({ primary: true, aliases: ['path'] }),
    target: z.string().min(1).describe('Where it leads, as written in the link'),
    force: z.boolean().default(false).describe('Remove what is in its place'),
    backupname: z.string().optional().describe('Move what is in its place there instead: a path, or a name beside it'),
    makedirs: z.boolean().default(false).describe('Make missing parent directories'),
    user: attributeArguments.user,
    group: attributeArguments.group,
    mode: FileMode.optional().describe('For Salt: means nothing, a link has no mode of its own'),
    atomic: z.boolean().optional().describe('For Salt: means nothing, a link is replaced in one step'),
    disallow_copy_and_unlink: z.boolean().optional().describe('For Salt: means nothing, nothing is copied'),
    ...windowsArguments,
  }),
  async check({ name, target, force, backupname, makedirs, user, group }, context) {
    const { files } = context;
    const stat = await files.stat(name);
    const isLink = stat?.kind === 'symlink';
    if (stat && !isLink && !force && backupname === undefined) throw fileExists('link', name);
    if (stat && !isLink) await refuseTakenBackup(files, name, { force, backupname });
    const content = stat && (await contentToKeep(files, name, stat));
    const replaced = stat && !isLink ? ((content && contentOf(content)) ?? stat.kind) : undefined;
    return {
      ...differences(
        {
          exists: true,
          target,
          parents: await missingParents(files, name, { makedirs }),
          ...(await wantedAttributes({ user, group }, context)),
        },
        { exists: isLink, target: stat?.target, ...(await attributesOf(isLink ? stat : undefined, context)) },
      ),
      ...(replaced === undefined
        ? {}
        : { replaced: { from: replaced as Content | 'directory' | 'other', to: undefined } }),
    };
  },
  async apply({ replaced, target, parents, user, group }, { name, backupname }, context) {
    const { files } = context;
    for (const each of parents?.to ?? []) await files.makeDirectory(each, { parents: true });
    if (replaced && backupname !== undefined) await files.rename(name, besideOf(name, backupname));
    else if (replaced) await files.remove(name);
    const owner = { user: user?.to, group: group?.to };
    if (target?.to === undefined) await setAttributes(name, owner, context);
    else await pointTo(name, target.to, (await made(owner, context)).owner, files);
  },
  async revert({ exists, replaced, target, parents, user, group }, { name, backupname }, context) {
    const { files } = context;
    const moved = replaced && backupname !== undefined ? besideOf(name, backupname) : undefined;
    if (replaced && moved === undefined) throw notKept(name, 'what was in its place');
    const owner = { user: user?.from, group: group?.from };
    if (target?.from !== undefined) await pointTo(name, target.from, (await made(owner, context)).owner, files);
    else if (target) await files.remove(name);
    if (moved !== undefined) await files.rename(moved, name);
    if (exists && !moved) await removeParents(files, parents?.to ?? []);
    if (!exists && !target) await setAttributes(name, owner, context);
  },
  manages: ({ name }) => [{ path: name }],
  provides: ({ name }) => ({ path: [name] }),
  examples: [
    {
      title: 'A new link',
      args: { name: '/srv/current', target: '/srv/v2' },
      expect: { exists: { from: false, to: true }, target: { to: '/srv/v2' } },
      real: true,
    },
    {
      title: 'A link that is already so',
      args: { name: '/srv/current', target: 'v2' },
      given: { files: { '/srv/current': { link: 'v2' } } },
      expect: {},
      real: true,
    },
    {
      title: 'A link that leads elsewhere',
      args: { name: '/srv/current', target: '/srv/v2' },
      given: { files: { '/srv/current': { link: '/srv/v1' } } },
      expect: { target: { from: '/srv/v1', to: '/srv/v2' } },
      real: true,
    },
    {
      title: 'A file in its place, to keep under another name',
      args: { name: '/etc/app.conf', target: '/srv/app.conf', backupname: 'app.conf.orig' },
      given: { files: { '/etc/app.conf': 'port 1\n' } },
      expect: { exists: { from: false, to: true }, target: { to: '/srv/app.conf' }, replaced: { from: 'port 1\n' } },
      real: true,
    },
    {
      title: 'A directory in its place, to remove',
      args: { name: '/srv/current', target: '/srv/v2', force: true },
      given: { files: { '/srv/current/a': '' } },
      expect: { exists: { from: false, to: true }, target: { to: '/srv/v2' }, replaced: { from: 'directory' } },
      reverts: false,
    },
    {
      title: 'A file in its place',
      args: { name: '/etc/app.conf', target: '/srv/app.conf' },
      given: { files: { '/etc/app.conf': 'port 1\n' } },
      expect: { refusal: 'FILE_EXISTS' },
      real: true,
    },
  ],
  notes: ['The target need not exist.'],
});

/** A link is made anew to lead elsewhere; it stays whose it was. */
async function pointTo(name: string, target: string, owner: FileOwner | undefined, files: Files): Promise<void> {
  const before = await files.stat(name);
  const kept = before && { uid: before.uid, gid: before.gid };
  await files.link(name, target, { replace: before?.kind === 'symlink', owner: { ...kept, ...owner } });
}
