import * as z from 'zod';
import { notKept } from '#kit/abilities/places.ts';
import { removal } from '#kit/changes.ts';
import { state } from '#kit/state.ts';
import type { PasswordAges, User } from '#machine/machine.ts';

const name = z.string().describe('Name of the user').meta({ primary: true });

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
    const [password, ages] = [await users.passwordHash(name), await users.passwordAges(name)];
    return removal<Removed>({ uid, gid, home, shell, fullname, groups, ...contactOf(user), password, ages });
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
    const contact = Object.fromEntries(contactFields.map((field) => [field, changes[field]?.from]));
    const wish = { uid: uid?.from, gid: gid?.from, home: home?.from, shell: shell?.from, fullname: fullname?.from };
    await users.add(name, { ...wish, ...contact, groups: memberOf?.from });
    if (changes.password?.from !== undefined) await users.setPasswordHash(name, changes.password.from);
    if (changes.ages?.from !== undefined) await users.setPasswordAges(name, changes.ages.from);
  },
  secretChanges: ['password'],
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
        ages: { from: { date: 19_800, mindays: 0, maxdays: 99_999, warndays: 7, inactdays: -1, expire: -1 } },
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
        ages: { from: { date: 19_800, mindays: 0, maxdays: 99_999, warndays: 7, inactdays: -1, expire: -1 } },
      },
      reverts: false,
    },
  ],
});

const contactFields = ['roomnumber', 'workphone', 'homephone', 'other'] as const;

type Contact = { readonly [Field in (typeof contactFields)[number]]?: string | undefined };

type Removed = Pick<User, 'uid' | 'gid' | 'home' | 'shell' | 'fullname' | 'groups'> &
  Contact & { password: string | undefined; ages: PasswordAges | undefined };

/** Most have none, and need not be told so. */
function contactOf(user: User): Contact {
  return Object.fromEntries(contactFields.map((field) => [field, user[field] || undefined]));
}
