import * as z from 'zod';
import { ruled } from '#kit/arguments.ts';
import { differences, removal } from '#kit/changes.ts';
import { moduleFunction } from '#kit/function.ts';
import { state } from '#kit/state.ts';
import { StringList } from '#kit/types.ts';
import { groupIdTaken, groupPrimary, groupUnknown } from '#machine/errors.ts';

const name = z.string().meta({ primary: true }).describe('Name of the group');

export const present = state({
  name: 'group.present',
  summary: 'Ensure a group exists, with the given id and members',
  args: z
    .object({
      name,
      gid: z.int().min(0).optional().describe('Group id; the system picks one when left out'),
      non_unique: z.boolean().default(false).describe('Take an id that another group has'),
      system: z.boolean().default(false).describe('Take the id from those of the system when the group is made'),
      members: StringList.optional().describe('All members; a member not listed is removed').meta({ refers: 'user' }),
      addusers: StringList.optional().describe('Users who must be members, beside any others').meta({ refers: 'user' }),
      delusers: StringList.optional().describe('Users who must not be members'),
    })
    .refine(
      ({ members, addusers, delusers }) => !members || !(addusers || delusers),
      ruled('"members" names all of them, so "addusers" and "delusers" cannot stand beside it', {
        at: 'members',
        hint: 'Leave "members" out, or the two others',
      }),
    )
    .refine(
      ({ addusers = [], delusers = [] }) => !addusers.some((user) => delusers.includes(user)),
      ruled('a user is in "addusers" and in "delusers"', { at: 'delusers', hint: 'Leave the user out of one of them' }),
    ),
  async check(wanted, { groups }) {
    const group = await groups.find(wanted.name);
    if (wanted.gid !== undefined && !wanted.non_unique && wanted.gid !== group?.gid) {
      const holder = (await groups.list()).find(({ gid }) => gid === wanted.gid);
      if (holder !== undefined) throw groupIdTaken(`set up the group "${wanted.name}"`, wanted.gid, holder.name);
    }
    return differences(
      { exists: true, gid: wanted.gid, members: membership(wanted, group?.members ?? []) },
      { exists: group !== undefined, gid: group?.gid, members: group?.members ?? [] },
    );
  },
  async apply(changes, { name, system, non_unique: sharesId }, { groups }) {
    if (changes.exists) await groups.add(name, { gid: changes.gid?.to, system, sharesId });
    else if (changes.gid?.to !== undefined) await groups.setId(name, changes.gid.to, { sharesId });
    if (changes.members?.to) await groups.setMembers(name, changes.members.to);
  },
  async revert(changes, { name, non_unique: sharesId }, { groups }) {
    if (changes.exists) await groups.remove(name);
    else if (changes.gid?.from !== undefined) await groups.setId(name, changes.gid.from, { sharesId });
    if (!changes.exists && changes.members?.from) await groups.setMembers(name, changes.members.from);
  },
  holds: ['/etc/passwd'],
  provides: ({ name }) => ({ group: [name] }),
  examples: [
    {
      title: 'A new group',
      args: { name: 'deploy', gid: 700 },
      expect: { exists: { from: false, to: true }, gid: { to: 700 } },
      real: true,
    },
    {
      title: 'A group that is already so',
      args: { name: 'deploy', gid: 700, members: ['anna', 'ben'] },
      given: { users: { anna: {}, ben: {} }, groups: { deploy: { gid: 700, members: ['ben', 'anna'] } } },
      expect: {},
      real: true,
    },
    {
      title: 'A member to remove',
      args: { name: 'deploy', members: ['anna'] },
      given: { users: { anna: {}, ben: {} }, groups: { deploy: { gid: 700, members: ['anna', 'ben'] } } },
      expect: { members: { from: ['anna', 'ben'], to: ['anna'] } },
      real: true,
    },
    {
      title: 'One member more, one less, the rest as they are',
      args: { name: 'deploy', addusers: ['anna'], delusers: ['ben'] },
      given: { users: { anna: {}, ben: {}, cleo: {} }, groups: { deploy: { gid: 700, members: ['ben', 'cleo'] } } },
      expect: { members: { from: ['ben', 'cleo'], to: ['anna', 'cleo'] } },
    },
    {
      title: 'Another id for a group',
      args: { name: 'deploy', gid: 701 },
      given: { groups: { deploy: { gid: 700 } } },
      expect: { gid: { from: 700, to: 701 } },
      real: true,
    },
    {
      title: 'An id that another group holds',
      args: { name: 'deploy', gid: 700 },
      given: { groups: { web: { gid: 700 } } },
      expect: { refusal: 'GROUP_ID_TAKEN' },
    },
  ],
  notes: ['Files that belong to the group keep its old id when the id changes.'],
});

export const absent = state({
  name: 'group.absent',
  summary: 'Ensure a group does not exist',
  args: z.object({ name }),
  async check({ name }, { groups, users }) {
    const group = await groups.find(name);
    const owner = group && (await users.list()).find(({ gid }) => gid === group.gid);
    if (owner !== undefined) throw groupPrimary(name, owner.name);
    return removal(group && { gid: group.gid, members: group.members });
  },
  async apply(_changes, { name }, { groups }) {
    await groups.remove(name);
  },
  async revert({ gid, members }, { name }, { groups }) {
    await groups.add(name, { gid: gid?.from });
    await groups.setMembers(name, members?.from ?? []);
  },
  holds: ['/etc/passwd'],
  examples: [
    {
      title: 'A group to remove',
      args: { name: 'deploy' },
      given: { users: { anna: {} }, groups: { deploy: { gid: 700, members: ['anna'] } } },
      expect: { exists: { from: true, to: false }, gid: { from: 700 }, members: { from: ['anna'] } },
      real: true,
    },
    { title: 'A group that is not there', args: { name: 'deploy' }, expect: {}, real: true },
    {
      title: 'The primary group of a user',
      args: { name: 'anna' },
      given: { users: { anna: {} } },
      expect: { refusal: 'GROUP_PRIMARY' },
    },
  ],
});

export const info = moduleFunction({
  name: 'group.info',
  summary: 'One group: its id and members',
  args: z.object({ name }),
  returns: 'Map of `name`, `gid` and `members` (a sorted list)',
  changes: false,
  async run({ name }, { groups }) {
    const group = await groups.find(name);
    if (group === undefined) throw groupUnknown('show a group', name);
    return group;
  },
  examples: [
    {
      title: 'A group with a member',
      args: { name: 'deploy' },
      given: { users: { anna: {} }, groups: { deploy: { gid: 700, members: ['anna'] } } },
      expect: { name: 'deploy', gid: 700, members: ['anna'] },
    },
    { title: 'An unknown group', args: { name: 'deploy' }, expect: { refusal: 'GROUP_UNKNOWN' } },
  ],
});

export const listGroups = moduleFunction({
  name: 'group.list_groups',
  summary: 'Names of all groups',
  args: z.object({}),
  returns: 'Sorted list of names',
  changes: false,
  run: async (_args, { groups }) => (await groups.list()).map(({ name }) => name).toSorted(),
  examples: [
    { title: 'A small machine', args: {}, given: { groups: { deploy: { gid: 700 } } }, expect: ['deploy', 'root'] },
  ],
});

function membership(
  {
    members,
    addusers,
    delusers,
  }: { members?: string[] | undefined; addusers?: string[] | undefined; delusers?: string[] | undefined },
  present: readonly string[],
): readonly string[] | undefined {
  if (members) return members.toSorted();
  if (!addusers && !delusers) return undefined;
  const kept = present.filter((each) => !delusers?.includes(each));
  return [...new Set([...kept, ...(addusers ?? [])])].toSorted();
}
