import * as z from 'zod';
import { ruled } from '#kit/arguments.ts';
import { type Change, differences } from '#kit/changes.ts';
import type { Context } from '#kit/context.ts';
import { state } from '#kit/state.ts';
import { GroupRef, StringList } from '#kit/types.ts';
import type { PasswordAges, UserWish } from '#machine/machine.ts';
import { gidOf, groupOf, refuseIdChanges, wantedGroup, wantedGroups } from './membership.ts';
import { wantedPassword } from './password.ts';

/** A day as the shadow file counts it: since 1970, or as a date. */
const Day = z.union([z.int(), z.string()]).transform((written, context) => {
  if (typeof written === 'number') return written;
  const ms = /^\d{4}-\d\d-\d\d/.test(written) ? Date.parse(`${written.slice(0, 10)}T00:00:00Z`) : Number.NaN;
  if (!Number.isNaN(ms)) return ms / 86_400_000;
  context.addIssue({ code: 'custom', message: 'must be a date such as "2030-12-31", or days since 1970' });
  return z.NEVER;
});

/** A field of the comment, which its neighbours are divided from by commas. */
const Field = z.string().refine((text) => !/[,:\n]/.test(text), 'must not hold a comma, a colon or a line break');

const args = z
  .object({
    name: z.string().describe('Name of the user').meta({ primary: true }),
    uid: z.int().min(0).optional().describe('User id; the system picks one when left out'),
    unique: z.boolean().default(true).describe('False to take an id that another user has'),
    gid: GroupRef.optional()
      .describe('Primary group, by name or id')
      .meta({ aliases: ['primary_group'] }),
    gid_from_name: z
      .boolean()
      .default(false)
      .describe('The group of the same name is the primary group; it is made with the user'),
    usergroup: z
      .boolean()
      .optional()
      .describe('Whether a new user without "gid" gets a group of its own name; otherwise it is in that for everybody'),
    groups: StringList.optional().describe('Supplementary groups; they must exist').meta({ refers: 'group' }),
    optional_groups: StringList.optional()
      .describe('Supplementary groups, of which only those that exist count')
      .meta({ refers: 'group' }),
    remove_groups: z.boolean().default(true).describe('Leave supplementary groups that are not listed'),
    home: z.string().optional().describe('Home directory').meta({ refers: 'path' }),
    createhome: z.boolean().default(true).describe('Make the home directory where it is not there'),
    shell: z.string().optional().describe('Login shell'),
    fullname: Field.optional().describe('Full name'),
    roomnumber: Field.optional().describe('Number of the room'),
    workphone: Field.optional().describe('Telephone at work'),
    homephone: Field.optional().describe('Telephone at home'),
    other: z.string().optional().describe('What stands behind the telephones'),
    password: z.string().optional().describe('Hash of the password, as in the shadow file').meta({ secret: true }),
    hash_password: z.boolean().default(false).describe('The password is given in clear, and hashed here (SHA-512)'),
    enforce_password: z.boolean().default(true).describe('Set the password of a user that has another, too'),
    empty_password: z.boolean().default(false).describe('Let the user log in without a password'),
    password_lock: z.boolean().optional().describe('Whether the password is locked; left alone when not given'),
    date: Day.optional().describe(
      'Day of the last change of the password: a date, or days since 1970; 0 asks for a new one at the next login',
    ),
    mindays: z.int().optional().describe('Days that must lie between two changes of the password'),
    maxdays: z.int().optional().describe('Days after which the password must be changed; -1 for never'),
    warndays: z.int().optional().describe('Days before that on which the user is warned'),
    inactdays: z.int().optional().describe('Days after that until the account is locked; -1 for never'),
    expire: Day.optional().describe(
      'Day on which the account ends: a date, or days since 1970; -1 for never, 0 leaves it alone as in Salt',
    ),
    system: z.boolean().default(false).describe('Take the id from those of the system when the user is made'),
    nologinit: z.boolean().default(false).describe('Leave the records of logins alone, which grow with the highest id'),
    allow_uid_change: z.boolean().default(false).describe('Change the id of a user that exists'),
    allow_gid_change: z.boolean().default(false).describe('Change the primary group of a user that exists'),
    loginclass: z.string().optional().describe('For Salt: means nothing on Linux'),
  })
  .refine(
    ({ hash_password, password }) =>
      !hash_password || password === undefined || !/^\$(\d|2[aby]|y|gy|7)\$/.test(password),
    ruled('it is to be hashed, but looks like a hash already', {
      at: 'password',
      hint: 'Leave "hash_password" out, or give the password itself',
    }),
  );

type Wanted = z.output<typeof args>;

export const present = state({
  name: 'user.present',
  summary: 'Ensure a user exists, with the given id, groups, home, shell and password',
  args,
  async check(wanted, context) {
    const { users, files } = context;
    const user = await users.find(wanted.name);
    const group = await wantedGroup(wanted, user, context);
    await refuseIdChanges(wanted, user, group, context);
    const { uid, fullname, roomnumber, workphone, homephone, other } = wanted;
    const [home, shell] = [wanted.home || undefined, wanted.shell || undefined];
    const place = home ?? user?.home ?? `/home/${wanted.name}`;
    // A home that is there already is somebody's: it is not made, and a revert leaves it.
    const makesHome = wanted.createhome && !homeless.has(place) && !(await files.stat(place));
    const current = user && (await groupOf(user, context));
    const primary = group ?? current;
    const memberOf = user?.groups ?? [];
    const hash = user && (await users.passwordHash(user.name));
    const ages = user && (await users.passwordAges(user.name));
    return differences(
      {
        exists: true,
        createhome: makesHome ? true : undefined,
        uid,
        group,
        groups: await wantedGroups(wanted, primary, memberOf, context),
        ...{ home, shell, fullname, roomnumber, workphone, homephone, other },
        password: await wantedPassword(wanted, hash, context),
        ...wantedAges(wanted),
      },
      {
        ...user,
        ...ages,
        exists: user !== undefined,
        createhome: false,
        group: current,
        password: hash,
        // That of the primary group says nothing.
        groups: memberOf.filter((each) => each !== primary),
      },
    );
  },
  async apply(changes, wanted, context) {
    const { users } = context;
    const { name, createhome, system, nologinit, usergroup } = wanted;
    const wish = { ...(await wishOf(changes, 'to', context)), sharesId: !wanted.unique };
    const isNew = changes.exists !== undefined;
    if (isNew) {
      const primary = wanted.gid_from_name || usergroup !== false;
      await users.add(name, { ...wish, createHome: createhome, system, noLoginRecords: nologinit, ownGroup: primary });
    } else if (Object.keys(wish).length > 1) await users.change(name, wish);
    if (changes.createhome && !isNew) await makeHome(name, context);
    if (changes.password?.to !== undefined) await users.setPasswordHash(name, changes.password.to);
    // After the password: with it, the day of its change is today.
    await users.setPasswordAges(name, agesOf(changes, 'to'));
    return { action: isNew ? 'created' : 'modified' };
  },
  async revert(changes, { name, unique }, context) {
    const { users } = context;
    const purge = changes.createhome !== undefined;
    if (changes.exists) return users.remove(name, { purge }).then(() => undefined);
    const user = await users.find(name);
    if (purge && user !== undefined) await removeEmpty(user.home, context);
    const wish = { ...(await wishOf(changes, 'from', context)), sharesId: !unique };
    if (Object.keys(wish).length > 1) await users.change(name, wish);
    if (changes.password) await users.setPasswordHash(name, changes.password.from ?? '!');
    await users.setPasswordAges(name, agesOf(changes, 'from'));
    return undefined;
  },
  holds: ['/etc/passwd'],
  provides: ({ name, home = `/home/${name}` }) => ({ user: [name], path: [home] }),
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
      title: 'A home that is missing',
      args: { name: 'anna' },
      given: { users: { anna: { hasHome: false } } },
      expect: { createhome: { from: false, to: true } },
    },
    {
      title: 'A password that must be changed every 90 days, and an account that ends',
      args: { name: 'anna', maxdays: 90, expire: '2030-12-31' },
      given: { users: { anna: {} } },
      expect: { maxdays: { from: 99_999, to: 90 }, expire: { from: -1, to: 22_279 } },
    },
    {
      title: 'A telephone',
      args: { name: 'anna', workphone: '555' },
      given: { users: { anna: { fullname: 'Anna' } } },
      expect: { workphone: { from: '', to: '555' } },
    },
    {
      title: 'A password to lock',
      args: { name: 'anna', password_lock: true },
      given: { users: { anna: { passwordHash: '$6$x$y' } } },
      expect: { password: { from: '$6$x$y', to: '!$6$x$y' } },
    },
    {
      title: 'A group of the same name that is there already',
      args: { name: 'docker' },
      given: { groups: { docker: { gid: 900 } } },
      expect: { refusal: 'GROUP_EXISTS' },
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
  differs: ['A home called "/nonexistent" is not made.'],
});

/** Homes that are said to be none. */
const homeless: ReadonlySet<string> = new Set(['', '/nonexistent', '/dev/null']);

const textFields = ['home', 'shell', 'fullname', 'roomnumber', 'workphone', 'homephone', 'other'] as const;
const ageFields = ['date', 'mindays', 'maxdays', 'warndays', 'inactdays', 'expire'] as const;

type AccountChanges = {
  readonly uid?: Change<number>;
  readonly group?: Change<string>;
  readonly groups?: Change<readonly string[]>;
} & { readonly [Field in (typeof textFields)[number]]?: Change<string> };

type AgeChanges = { readonly [Field in (typeof ageFields)[number]]?: Change<number> };

async function wishOf(changes: AccountChanges, side: 'from' | 'to', context: Context): Promise<UserWish> {
  const group = changes.group?.[side];
  const wish = {
    uid: changes.uid?.[side],
    gid: group === undefined ? undefined : await gidOf(group, context),
    groups: changes.groups?.[side],
    ...Object.fromEntries(textFields.map((field) => [field, changes[field]?.[side]])),
  };
  return Object.fromEntries(Object.entries(wish).filter(([, value]) => value !== undefined));
}

function agesOf(changes: AgeChanges, side: 'from' | 'to'): Partial<PasswordAges> {
  const days = ageFields.map((field) => [field, changes[field]?.[side]] as const);
  return Object.fromEntries(days.filter(([, value]) => value !== undefined));
}

/** Zero days of life are what Salt passes over. */
function wantedAges({ date, mindays, maxdays, warndays, inactdays, expire }: Wanted) {
  return { date, mindays, maxdays, warndays, inactdays, expire: expire === 0 ? undefined : expire };
}

/** An empty one, as `usermod` leaves it to others: what a new user finds in it is for `useradd` to say. */
async function makeHome(name: string, { users, files }: Context): Promise<void> {
  const user = await users.find(name);
  if (user === undefined) return;
  const { uid, gid, home } = user;
  await files.makeDirectory(home.slice(0, home.lastIndexOf('/')) || '/', { parents: true });
  await files.makeDirectory(home, { mode: 0o755, owner: { uid, gid } });
}

async function removeEmpty(home: string, { files }: Context): Promise<void> {
  if ((await files.list(home))?.length === 0) await files.remove(home);
}
