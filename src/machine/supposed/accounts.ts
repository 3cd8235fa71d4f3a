import { commentOf } from '../accounts.ts';
import type { Files, Groups, Machine, PasswordAges, User, Users } from '../machine.ts';
import { type Account, type Accounts, groupsOf, newAges, today, usersOf } from '../users/account-rules.ts';
import { type Ledger, readOnly } from './ledger.ts';

type AccountPorts = Pick<Machine, 'users' | 'groups'>;

export interface SupposedAccounts {
  /** For looking: of what only changes something there is nothing. */
  readonly reading: AccountPorts;
  doneBy(author: string, files: Files): AccountPorts;
}

const accountFiles = ['/etc/passwd', '/etc/group', '/etc/shadow', '/etc/gshadow'];

/** The machine's accounts; from the first supposed change on, a book of them that is changed as shadow's tools would. */
export function supposedAccounts(base: AccountPorts, files: Files, ledger: Ledger): SupposedAccounts {
  let book: Promise<Accounts> | undefined;
  /** Those that were set, or are supposed to be new: all others stay where they are. */
  const hashes = new Map<string, string | undefined>();
  const ages = new Map<string, PasswordAges | undefined>();

  const load = () => {
    book ??= bookOf(base);
    return book;
  };
  const now = async (): Promise<AccountPorts> => {
    if (book === undefined) return base;
    const accounts = await book;
    return { users: usersOf(accounts, files), groups: groupsOf(accounts) };
  };

  const users: Users = {
    find: async (name: string) => (await now()).users.find(name),
    list: async () => (await now()).users.list(),
    passwordHash: async (name: string) => (hashes.has(name) ? hashes.get(name) : base.users.passwordHash(name)),
    add: readOnly,
    change: readOnly,
    remove: readOnly,
    setPasswordHash: readOnly,
    passwordAges: async (name: string) => (ages.has(name) ? ages.get(name) : base.users.passwordAges(name)),
    setPasswordAges: readOnly,
  };
  const groups: Groups = {
    find: async (name: string) => (await now()).groups.find(name),
    list: async () => (await now()).groups.list(),
    add: readOnly,
    setId: readOnly,
    setMembers: readOnly,
    remove: readOnly,
  };

  function doneBy(author: string, own: Files): AccountPorts {
    const changing = async (work: (users: Users, groups: Groups) => Promise<void>) => {
      const accounts = await load();
      await work(usersOf(accounts, own), groupsOf(accounts));
      ledger.spoil(accountFiles, author);
    };
    const changedUser = (name: string) => {
      ledger.changed('user', name, author);
      ledger.changed('group', name, author);
    };
    const changingUsers: Users = {
      ...users,
      async add(name, wish) {
        await changing((book) => book.add(name, wish));
        hashes.set(name, '!');
        ages.set(name, await usersOf(await load(), own).passwordAges(name));
        changedUser(name);
      },
      async change(name, wish) {
        await changing((book) => book.change(name, wish));
        changedUser(name);
      },
      async remove(name, options) {
        await changing((book) => book.remove(name, options));
        hashes.set(name, undefined);
        ages.set(name, undefined);
        changedUser(name);
      },
      async setPasswordHash(name, hash) {
        await changing((book) => book.setPasswordHash(name, hash));
        hashes.set(name, hash);
        changedUser(name);
      },
      async setPasswordAges(name, given) {
        const before = await users.passwordAges(name);
        await changing((book) => book.setPasswordAges(name, given));
        const days = Object.entries(given).filter(([, value]) => value !== undefined);
        ages.set(name, before && { ...before, ...Object.fromEntries(days) });
        changedUser(name);
      },
    };
    const changingGroup = async (name: string, work: (groups: Groups) => Promise<void>) => {
      await changing((_, book) => work(book));
      ledger.changed('group', name, author);
    };
    const changingGroups: Groups = {
      ...groups,
      add: (name, options) => changingGroup(name, (book) => book.add(name, options)),
      setId: (name, gid, options) => changingGroup(name, (book) => book.setId(name, gid, options)),
      setMembers: (name, members) => changingGroup(name, (book) => book.setMembers(name, members)),
      remove: (name) => changingGroup(name, (book) => book.remove(name)),
    };
    return { users: changingUsers, groups: changingGroups };
  }

  return { reading: { users, groups }, doneBy };
}

async function bookOf({ users, groups }: AccountPorts): Promise<Accounts> {
  const [allUsers, allGroups] = [await users.list(), await groups.list()];
  return {
    users: new Map(allUsers.map((user) => [user.name, accountOf(user)])),
    groups: new Map(allGroups.map(({ name, gid, members }) => [name, { gid, members: new Set(members) }])),
    today: today(),
  };
}

/** Without its password, which is looked up where it counts. */
function accountOf({ uid, gid, home, shell, ...user }: User): Account {
  return { uid, gid, home, shell, comment: commentOf(user) ?? '', passwordHash: '', ages: { date: 0, ...newAges } };
}
