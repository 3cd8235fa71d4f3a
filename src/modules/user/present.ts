import * as z from 'zod';
import { ZesterError } from '#base/errors.ts';
import { notKept } from '#kit/abilities/places.ts';
import { type Change, differences, removal } from '#kit/changes.ts';
import type { Context } from '#kit/context.ts';
import { state } from '#kit/state.ts';
import { type AccountRef, GroupRef, StringList } from '#kit/types.ts';
import { groupUnknown, userIdTaken } from '#machine/errors.ts';
import type { User, UserWish } from '#machine/machine.ts';

const name = z.string().describe('Name of the user').meta({ primary: true });

export const present = state({
  name: 'user.present',
  summary: 'Ensure a user exists, with the given id, groups, home, shell and password',
  args: z.object({
    name,
    uid: z.int().min(0).optional().describe('User id; the system picks one when left out'),
    gid: GroupRef.optional()
      .describe('Primary group, by name or id')
      .meta({ aliases: ['primary_group'] }),
    usergroup: z.boolean().optional().describe('Whether a new user without "gid" gets a group of its own name'),
    groups: StringList.optional().describe('Supplementary groups; they must exist').meta({ refers: 'group' }),
    optional_groups: StringList.optional()
      .describe('Supplementary groups, of which only those that exist count')
      .meta({ refers: 'group' }),
    remove_groups: z.boolean().default(true).describe('Leave supplementary groups that are not listed'),
    home: z.string().optional().describe('Home directory').meta({ refers: 'path' }),
    createhome: z.boolean().default(true).describe('Make the home directory of a new user'),
    shell: z.string().optional().describe('Login shell'),
    fullname: z.string().optional().describe('Full name'),
    password: z.string().optional().describe('Hash of the password, as in the shadow file').meta({ secret: true }),
    enforce_password: z.boolean().default(true).describe('Set the password of a user that exists, too'),
    empty_password: z.boolean().default(false).describe('Let the user log in without a password'),
    system: z.boolean().default(false).describe('Take the id from those of the system when the user is made'),
    allow_uid_change: z.boolean().default(false).describe('Change the id of a user that exists'),
    allow_gid_change: z.boolean().default(false).describe('Change the primary group of a user that exists'),
  }),
  async check(wanted, context) {
    const user = await context.users.find(wanted.name);
    const gid = wanted.gid ?? (wanted.usergroup && !user ? (await context.groups.find(wanted.name))?.gid : undefined);
    const group = gid === undefined ? undefined : await groupNamed(gid, context);
    await refuseIdChanges(wanted, user, group, context);
    const { home, shell, fullname, uid } = wanted;
    // A home that is there already is somebody's: it is not made, and a revert leaves it.
    const makesHome = !user && wanted.createhome && !(await context.files.stat(home ?? `/home/${wanted.name}`));
    return differences(
      {
        exists: true,
        createhome: makesHome ? true : undefined,
        uid,
        group,
        groups: await wantedGroups(wanted, user?.groups ?? [], context),
        home,
        shell,
        fullname,
        password: user && !wanted.enforce_password ? undefined : wantedPassword(wanted),
      },
      {
        exists: user !== undefined,
        createhome: false,
        ...(user && { uid: user.uid, home: user.home, shell: user.shell, fullname: user.fullname }),
        ...(user && {
          group: await groupNamed(user.gid, context),
          password: await context.users.passwordHash(user.name),
        }),
        groups: user?.groups ?? [],
      },
    );
  },
  async apply(changes, { name, createhome, system }, context) {
    const wish = await wishOf(changes, 'to', context);
    if (changes.exists) await context.users.add(name, { ...wish, createHome: createhome, system });
    else if (Object.keys(wish).length > 0) await context.users.change(name, wish);
    if (changes.password?.to !== undefined) await context.users.setPasswordHash(name, changes.password.to);
    return { action: changes.exists ? 'created' : 'modified' };
  },
  async revert(changes, { name }, context) {
    const purge = changes.createhome !== undefined;
    if (changes.exists) return context.users.remove(name, { purge }).then(() => undefined);
    const wish = await wishOf(changes, 'from', context);
    if (Object.keys(wish).length > 0) await context.users.change(name, wish);
    if (changes.password) await context.users.setPasswordHash(name, changes.password.from ?? '!');
    return undefined;
  },
  holds: ['/etc/passwd'],
  examples: [
    {
      title: 'A new user',
      args: { name: 'anna', uid: 1200, shell: '/bin/bash', groups: ['wheel'] },
      given: { groups: { wheel: { gid: 10 } } },
      expect: {
        exists: { from: false, to: true },
        createhome: { from: false, to: true },
        uid: { to: 1200 },
        shell: { to: '/bin/bash' },
        groups: { from: [], to: ['wheel'] },
      },
      real: true,
    },
    {
      title: 'A new user of the system, whose home is there',
      args: { name: 'app', system: true, home: '/srv/app' },
      given: { files: { '/srv/app/data': 'x' } },
      expect: { exists: { from: false, to: true }, home: { to: '/srv/app' } },
      real: true,
    },
    {
      title: 'A user that is already so',
      args: { name: 'anna', shell: '/bin/sh', groups: ['wheel'] },
      given: { groups: { wheel: { gid: 10 } }, users: { anna: { groups: ['wheel'] } } },
      expect: {},
    },
    {
      title: 'A group to leave and a group to join',
      args: { name: 'anna', groups: ['web'], optional_groups: ['docker'] },
      given: { groups: { wheel: { gid: 10 }, web: { gid: 11 } }, users: { anna: { groups: ['wheel'] } } },
      expect: { groups: { from: ['wheel'], to: ['web'] } },
    },
    {
      title: 'A group to join beside the others',
      args: { name: 'anna', groups: ['web'], remove_groups: false },
      given: { groups: { wheel: { gid: 10 }, web: { gid: 11 } }, users: { anna: { groups: ['wheel'] } } },
      expect: { groups: { from: ['wheel'], to: ['web', 'wheel'] } },
    },
    {
      title: 'Another password, which nobody sees',
      args: { name: 'anna', password: '$6$new' },
      given: { users: { anna: { passwordHash: '$6$old' } } },
      expect: { password: { from: '$6$old', to: '$6$new' } },
    },
    {
      title: 'Another primary group, by name',
      args: { name: 'anna', gid: 'staff', allow_gid_change: true },
      given: { groups: { staff: { gid: 50 } }, users: { anna: {} } },
      expect: { group: { from: 'anna', to: 'staff' } },
    },
    {
      title: 'Another id without leave to change it',
      args: { name: 'anna', uid: 1300 },
      given: { users: { anna: { uid: 1200 } } },
      expect: { refusal: 'ID_CHANGE_REFUSED' },
    },
    {
      title: 'An id that another user holds',
      args: { name: 'anna', uid: 1200 },
      given: { users: { ben: { uid: 1200 } } },
      expect: { refusal: 'USER_ID_TAKEN' },
    },
    {
      title: 'A group that does not exist',
      args: { name: 'anna', groups: ['web'] },
      expect: { refusal: 'GROUP_UNKNOWN' },
    },
  ],
  notes: [
    'Supplementary groups are compared only when "groups" or "optional_groups" is given.',
    'Reverting a new user removes its home directory only if it was made with the user.',
  ],
  differs: ['Dates of expiry and the office and phone fields are not managed.'],
});

export const absent = state({
  name: 'user.absent',
  summary: 'Ensure a user does not exist',
  args: z.object({
    name,
    purge: z.boolean().default(false).describe('Remove the home directory and mail as well'),
    force: z.boolean().default(false).describe('Remove the user even while processes of it are running'),
  }),
  async check({ name }, { users }) {
    const user = await users.find(name);
    if (user === undefined) return removal<Removed>(undefined);
    const { uid, gid, home, shell, fullname, groups } = user;
    return removal<Removed>({ uid, gid, home, shell, fullname, groups, password: await users.passwordHash(name) });
  },
  async apply(_changes, { name, purge, force }, { users }) {
    await users.remove(name, { purge, force });
  },
  async revert(changes, { name, purge }, { users, groups }) {
    const { uid, gid, home, shell, fullname, groups: memberOf } = changes;
    if (purge) throw notKept(name, 'its home directory');
    // The user's own group goes with the user.
    if (gid?.from !== undefined && !(await groups.list()).some((each) => each.gid === gid.from)) {
      await groups.add(name, { gid: gid.from });
    }
    const wish = { uid: uid?.from, gid: gid?.from, home: home?.from, shell: shell?.from, fullname: fullname?.from };
    await users.add(name, { ...wish, groups: memberOf?.from });
    if (changes.password?.from !== undefined) await users.setPasswordHash(name, changes.password.from);
  },
  hides: () => ['password'],
  holds: ['/etc/passwd'],
  examples: [
    {
      title: 'A user to remove',
      args: { name: 'anna' },
      given: { users: { anna: { uid: 1200, passwordHash: '*' } } },
      expect: {
        exists: { from: true, to: false },
        uid: { from: 1200 },
        gid: { from: 1200 },
        home: { from: '/home/anna' },
        shell: { from: '/bin/sh' },
        fullname: { from: '' },
        groups: { from: [] },
        password: { from: '*' },
      },
    },
    { title: 'A user that is not there', args: { name: 'anna' }, expect: {}, real: true },
    {
      title: 'A user to remove with the home directory',
      args: { name: 'anna', purge: true },
      given: { users: { anna: { uid: 1200, passwordHash: '*' } }, files: { '/home/anna/notes': 'x' } },
      expect: {
        exists: { from: true, to: false },
        uid: { from: 1200 },
        gid: { from: 1200 },
        home: { from: '/home/anna' },
        shell: { from: '/bin/sh' },
        fullname: { from: '' },
        groups: { from: [] },
        password: { from: '*' },
      },
      reverts: false,
    },
  ],
});

type Removed = Omit<User, 'name'> & { password: string | undefined };

interface AccountChanges {
  readonly uid?: Change<number>;
  readonly group?: Change<string>;
  readonly groups?: Change<readonly string[]>;
  readonly home?: Change<string>;
  readonly shell?: Change<string>;
  readonly fullname?: Change<string>;
}

async function wishOf(changes: AccountChanges, side: 'from' | 'to', context: Context): Promise<UserWish> {
  const group = changes.group?.[side];
  const wish = {
    uid: changes.uid?.[side],
    gid: group === undefined ? undefined : await gidOf(group, context),
    groups: changes.groups?.[side],
    home: changes.home?.[side],
    shell: changes.shell?.[side],
    fullname: changes.fullname?.[side],
  };
  return Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined));
}

async function refuseIdChanges(
  wanted: { name: string; uid?: number | undefined; allow_uid_change: boolean; allow_gid_change: boolean },
  user: User | undefined,
  group: string | undefined,
  context: Context,
): Promise<void> {
  const { name, uid } = wanted;
  const holder =
    uid === undefined || uid === user?.uid ? undefined : (await context.users.list()).find((each) => each.uid === uid);
  if (uid !== undefined && holder !== undefined) throw userIdTaken(`set up the user "${name}"`, uid, holder.name);
  if (user === undefined) return;
  if (uid !== undefined && uid !== user.uid && !wanted.allow_uid_change) {
    throw idChange(name, `user id from ${user.uid} to ${uid}`, 'allow_uid_change');
  }
  const current = await groupNamed(user.gid, context);
  if (group !== undefined && group !== current && !wanted.allow_gid_change) {
    throw idChange(name, `primary group from "${current}" to "${group}"`, 'allow_gid_change');
  }
}

async function wantedGroups(
  wanted: {
    groups?: readonly string[] | undefined;
    optional_groups?: readonly string[] | undefined;
    remove_groups: boolean;
  },
  current: readonly string[],
  { groups }: Context,
): Promise<readonly string[] | undefined> {
  if (wanted.groups === undefined && wanted.optional_groups === undefined) return undefined;
  const known = new Set((await groups.list()).map((group) => group.name));
  const missing = wanted.groups?.find((group) => !known.has(group));
  if (missing !== undefined) throw groupUnknown('set the groups of a user', missing);
  const optional = (wanted.optional_groups ?? []).filter((group) => known.has(group));
  const kept = wanted.remove_groups ? [] : current;
  return [...new Set([...(wanted.groups ?? []), ...optional, ...kept])].toSorted();
}

function wantedPassword({ password, empty_password }: { password?: string | undefined; empty_password: boolean }) {
  return empty_password ? '' : password;
}

async function groupNamed(ref: AccountRef, { groups }: Context): Promise<string> {
  const list = await groups.list();
  const group = list.find((each) => (typeof ref === 'number' ? each.gid === ref : each.name === ref));
  if (group === undefined) throw groupUnknown('set the primary group of a user', ref);
  return group.name;
}

async function gidOf(name: string, { groups }: Context): Promise<number> {
  const group = await groups.find(name);
  if (group === undefined) throw groupUnknown('set the primary group of a user', name);
  return group.gid;
}

function idChange(name: string, what: string, leave: string): ZesterError {
  return new ZesterError('machine', 'ID_CHANGE_REFUSED', `Cannot change "${name}": its ${what} would be another`, {
    hint: `Set "${leave}: true" if that is meant; files keep the old id`,
  });
}
