import { checkName, commentOf, parseComment } from '../accounts.ts';
import {
  groupExists,
  groupIdTaken,
  groupPrimary,
  groupUnknown,
  userExists,
  userIdTaken,
  userUnknown,
} from '../errors.ts';
import type { Files, Group, Groups, PasswordAges, User, Users, UserWish } from '../machine.ts';

/** All accounts of a machine, and the rules by which shadow's tools change them: what the fake and plain files share. */
export interface Accounts {
  /** Name → entry, as in `/etc/passwd` with the field of `/etc/shadow`. */
  readonly users: Map<string, Account>;
  readonly groups: Map<string, { gid: number; members: Set<string> }>;
  /** In days since 1970. */
  readonly today: number;
}

export interface Account {
  uid: number;
  gid: number;
  /** Full name, room and telephones, as they stand in the file. */
  comment: string;
  home: string;
  shell: string;
  passwordHash: string;
  ages: PasswordAges;
}

/** What shadow's tools give to a new user. */
export const newAges: Omit<PasswordAges, 'date'> = {
  mindays: 0,
  maxdays: 99_999,
  warndays: 7,
  inactdays: -1,
  expire: -1,
};

const regularIds = { first: 1000, last: 60_000 };
const systemIds = { first: 100, last: 999 };

/** The groups port on a set of accounts, with the habits of shadow's `groupadd`, `groupmod`, `gpasswd` and `groupdel`. */
export function groupsOf(accounts: Accounts): Groups {
  const { groups, users } = accounts;
  const entry = (action: string, name: string) => {
    const group = groups.get(name);
    if (group === undefined) throw groupUnknown(action, name);
    return group;
  };
  return {
    find: async (name) => groupOf(accounts, name),
    list: async () => [...groups.keys()].flatMap((name) => groupOf(accounts, name) ?? []),
    add: async (name, options) => addGroup(accounts, name, options),

    async setId(name, gid, { sharesId = false } = {}) {
      const action = `change the id of the group "${name}"`;
      const group = entry(action, name);
      const holder = holderOf(groups, gid, 'gid');
      if (holder !== undefined && holder !== name && !sharesId) throw groupIdTaken(action, gid, holder);
      for (const user of users.values()) if (user.gid === group.gid) user.gid = gid;
      group.gid = gid;
    },

    async setMembers(name, members) {
      const action = `set the members of the group "${name}"`;
      const group = entry(action, name);
      for (const member of members) if (!users.has(member)) throw userUnknown(action, member);
      group.members = new Set(members);
    },

    async remove(name) {
      const group = groups.get(name);
      if (group === undefined) throw groupUnknown(`remove the group "${name}"`, name);
      const user = holderOf(users, group.gid, 'gid');
      if (user !== undefined) throw groupPrimary(name, user);
      groups.delete(name);
    },
  };
}

/** The users port on a set of accounts, with the habits of shadow's `useradd`, `usermod` and `userdel`. */
export function usersOf(accounts: Accounts, files: Files): Users {
  const { users, groups } = accounts;
  const entry = (action: string, name: string) => {
    const user = users.get(name);
    if (user === undefined) throw userUnknown(action, name);
    return user;
  };
  return {
    find: async (name) => userOf(accounts, name),
    list: async () => [...users.keys()].flatMap((name) => userOf(accounts, name) ?? []),

    async add(name, { createHome = false, system = false, ownGroup = true, ...asked }) {
      const action = `add the user "${name}"`;
      checkName('user', name);
      if (users.has(name)) throw userExists(name);
      const wish = ownGroup ? asked : { ...asked, gid: asked.gid ?? entryGid(accounts, action, 'users') };
      checkWish(accounts, action, name, wish);
      if (wish.gid === undefined && groups.has(name)) throw groupExists(name, action);
      const uid = wish.uid ?? freeId(new Set([...users.values()].map((each) => each.uid)), system);
      if (wish.gid === undefined) {
        addGroup(accounts, name, { gid: holderOf(groups, uid, 'gid') === undefined ? uid : undefined, system });
      }
      const gid = wish.gid ?? entryGid(accounts, action, name);
      const home = wish.home ?? `/home/${name}`;
      const { shell = '/bin/sh' } = wish;
      const ages = { date: accounts.today, ...newAges };
      users.set(name, { uid, gid, comment: commentOf(wish) ?? '', home, shell, passwordHash: '!', ages });
      setGroupsOf(accounts, name, wish.groups);
      if (createHome) await makeHome(files, home, { uid, gid });
    },

    async change(name, { moveHome = false, ...wish }) {
      const action = `change the user "${name}"`;
      const user = entry(action, name);
      checkWish(accounts, action, name, wish);
      const { uid, home } = user;
      user.uid = wish.uid ?? uid;
      user.gid = wish.gid ?? user.gid;
      user.comment = commentOf(wish, parseComment(user.comment)) ?? user.comment;
      user.home = wish.home ?? home;
      user.shell = wish.shell ?? user.shell;
      setGroupsOf(accounts, name, wish.groups);
      if (moveHome && user.home !== home && (await files.stat(home))) await files.rename(home, user.home);
      if (user.uid !== uid) await giveAway(files, user.home, uid, user.uid);
    },

    async remove(name, { purge = false } = {}) {
      const { home, gid } = entry(`remove the user "${name}"`, name);
      users.delete(name);
      for (const group of groups.values()) group.members.delete(name);
      const own = groups.get(name);
      const isFree = own?.gid === gid && own.members.size === 0 && holderOf(users, gid, 'gid') === undefined;
      if (isFree) groups.delete(name);
      if (purge) await files.remove(home);
    },

    passwordHash: async (name) => users.get(name)?.passwordHash,
    async setPasswordHash(name, hash) {
      const user = entry(`set the password of the user "${name}"`, name);
      user.passwordHash = hash;
      user.ages = { ...user.ages, date: accounts.today };
    },

    passwordAges: async (name) => users.get(name)?.ages,
    async setPasswordAges(name, ages) {
      const user = entry(`set the days of the password of the user "${name}"`, name);
      const given = Object.fromEntries(Object.entries(ages).filter(([, days]) => days !== undefined));
      user.ages = { ...user.ages, ...given };
    },
  };
}

function addGroup(
  { groups }: Accounts,
  name: string,
  { gid, system = false, sharesId = false }: NonNullable<Parameters<Groups['add']>[1]> = {},
): void {
  checkName('group', name);
  if (groups.has(name)) throw groupExists(name);
  const holder = gid === undefined || sharesId ? undefined : holderOf(groups, gid, 'gid');
  if (gid !== undefined && holder !== undefined) throw groupIdTaken(`add the group "${name}"`, gid, holder);
  const taken = new Set([...groups.values()].map((each) => each.gid));
  groups.set(name, { gid: gid ?? freeId(taken, system), members: new Set() });
}

function checkWish(accounts: Accounts, action: string, name: string, wish: UserWish): void {
  const { users, groups } = accounts;
  const holder = wish.uid === undefined || wish.sharesId ? undefined : holderOf(users, wish.uid, 'uid');
  if (wish.uid !== undefined && holder !== undefined && holder !== name) throw userIdTaken(action, wish.uid, holder);
  if (wish.gid !== undefined && holderOf(groups, wish.gid, 'gid') === undefined) throw groupUnknown(action, wish.gid);
  for (const group of wish.groups ?? []) if (!groups.has(group)) throw groupUnknown(action, group);
}

function setGroupsOf({ groups }: Accounts, user: string, wanted: readonly string[] | undefined): void {
  if (wanted === undefined) return;
  for (const [name, { members }] of groups) {
    if (wanted.includes(name)) members.add(user);
    else members.delete(user);
  }
}

/** People's ids grow from the highest in use, those of the system shrink from the top of their range: as shadow does. */
function freeId(taken: ReadonlySet<number>, system: boolean): number {
  if (system) {
    let id = systemIds.last;
    while (taken.has(id)) id--;
    return id;
  }
  const used = [...taken].filter((id) => id >= regularIds.first && id <= regularIds.last);
  return Math.max(regularIds.first - 1, ...used) + 1;
}

function holderOf<Key extends 'uid' | 'gid'>(
  entries: ReadonlyMap<string, Readonly<Record<Key, number>>>,
  id: number,
  key: Key,
): string | undefined {
  for (const [name, entry] of entries) if (entry[key] === id) return name;
  return undefined;
}

function entryGid({ groups }: Accounts, action: string, name: string): number {
  const group = groups.get(name);
  if (group === undefined) throw groupUnknown(action, name);
  return group.gid;
}

/** An existing home stays as it is; a new one gets what `/etc/skel` holds. */
async function makeHome(files: Files, home: string, owner: { uid: number; gid: number }): Promise<void> {
  if (await files.stat(home)) return;
  await files.makeDirectory(home.slice(0, home.lastIndexOf('/')) || '/', { parents: true });
  await files.makeDirectory(home, { owner });
  for (const name of (await files.list('/etc/skel')) ?? []) {
    const content = await files.read(`/etc/skel/${name}`);
    if (content === undefined) continue;
    await files.write(`${home}/${name}`, content, { owner });
  }
}

/** `usermod -u` hands the files under the home over to the new id; a directory after what it holds, as long as it is known whose it was. */
export async function giveAway(files: Files, path: string, from: number, to: number): Promise<void> {
  const stat = await files.stat(path);
  if (stat === undefined) return;
  const names = stat.kind === 'directory' ? await files.list(path) : [];
  for (const name of names ?? []) await giveAway(files, `${path}/${name}`, from, to);
  if (stat.uid === from) await files.setOwner(path, { uid: to });
}

function groupOf({ groups }: Accounts, name: string): Group | undefined {
  const group = groups.get(name);
  return group && { name, gid: group.gid, members: [...group.members].toSorted() };
}

function userOf({ users, groups }: Accounts, name: string): User | undefined {
  const user = users.get(name);
  if (user === undefined) return undefined;
  const { uid, gid, comment, home, shell } = user;
  const memberOf = [...groups].filter(([, { members }]) => members.has(name)).map(([group]) => group);
  return { name, uid, gid, ...parseComment(comment), home, shell, groups: memberOf.toSorted() };
}

/** Days since 1970. */
export function today(): number {
  return Math.floor(Date.now() / 86_400_000);
}
