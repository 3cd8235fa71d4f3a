import * as z from 'zod';
import { missingParents, notKept, removeParents } from '#kit/abilities/places.ts';
import { type Change, differences } from '#kit/changes.ts';
import { state } from '#kit/state.ts';
import { AbsolutePath } from '#kit/types.ts';
import { machineError } from '#machine/errors.ts';
import type { CommandResult, Files } from '#machine/machine.ts';

type TouchChanges = {
  readonly exists?: Change<boolean>;
  readonly parents?: Change<readonly string[]>;
  readonly times?: Change<'now'>;
};

export const touch = state({
  name: 'file.touch',
  summary: 'Ensure a file exists, empty if it is new',
  args: z.object({
    name: AbsolutePath.describe('Path of the file').meta({ primary: true, aliases: ['path'] }),
    makedirs: z.boolean().default(false).describe('Make missing parent directories'),
    renew: z
      .boolean()
      .default(false)
      .describe('Set the times of a file that exists to now, which is a change at every run')
      .meta({ inSalt: true }),
  }),
  async check(wanted, { files }): Promise<TouchChanges> {
    const exists = (await files.stat(wanted.name)) !== undefined;
    if (exists) return wanted.renew ? { times: { from: undefined, to: 'now' } } : {};
    return differences<{ exists: boolean; parents: readonly string[] | undefined }>(
      { exists: true, parents: await missingParents(files, wanted.name, wanted) },
      { exists: false },
    );
  },
  async apply(changes, { name: path }, { files, commands, signal }) {
    if (changes.times) renew(path, await commands.run(['touch', '--', path], { signal }));
    else await makeEmpty(path, changes, files);
    return undefined;
  },
  // Other times are none of what a later state looks at.
  suppose: async (changes, { name }, { files }) => (changes.times ? undefined : makeEmpty(name, changes, files)),
  async revert({ times, parents }, { name: path }, { files }) {
    if (times) throw notKept(path, 'when it was used before');
    await files.remove(path);
    await removeParents(files, parents?.to ?? []);
    return undefined;
  },
  manages: ({ name }) => [{ path: name }],
  examples: [
    { title: 'A new file', args: { name: '/srv/ready' }, expect: { exists: { from: false, to: true } }, real: true },
    {
      title: 'A file that is there',
      args: { name: '/srv/ready' },
      given: { files: { '/srv/ready': 'x' } },
      expect: {},
      real: true,
    },
    {
      title: 'A file that is there, to look as if it was written now',
      args: { name: '/srv/ready', renew: true },
      given: { files: { '/srv/ready': 'x' }, commands: { 'touch -- /srv/ready': {} } },
      expect: { times: { to: 'now' } },
      again: 'changes',
    },
    { title: 'A missing parent directory', args: { name: '/srv/a/ready' }, expect: { refusal: 'FILE_PARENT_MISSING' } },
  ],
  differs: ['Times are set to now only: "atime" and "mtime" are refused.'],
});

async function makeEmpty(path: string, { parents }: TouchChanges, files: Files): Promise<void> {
  for (const each of parents?.to ?? []) await files.makeDirectory(each, { parents: true });
  await files.write(path, new Uint8Array());
}

function renew(path: string, { code, stderr }: CommandResult): void {
  if (code === 0) return;
  throw machineError('FILE_TIMES_FAILED', `Cannot set the times of "${path}": touch exits ${code}`, {
    details: { stderr },
  });
}
