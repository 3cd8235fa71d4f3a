import { accountFiles, checkName, commentOf, toolFailed } from '../accounts.ts';
import { groupExists, groupUnknown, nameInvalid, userBusy, userExists, userIdTaken, userUnknown } from '../errors.ts';
import type { CommandResult, NewUser, PasswordAges, User, Users, UserWish } from '../machine.ts';
import type { Tools } from '../provider.ts';

/** Users with shadow's `useradd`, `usermod`, `userdel` and `chpasswd`. */
export function shadowUsers(tools: Tools): Users {
  const { files, commands } = tools;
  const read = accountFiles(tools);
  const find = async (name: string) => (await read.users()).find((user) => user.name === name);

  /** Groups are looked up first: the tools report an unknown one by number, name and file alike. */
  async function checkGroups(action: string, { gid, groups = [] }: UserWish): Promise<void> {
    if (gid === undefined && groups.length === 0) return;
    const known = await read.groups();
    if (gid !== undefined && !known.some((group) => group.gid === gid)) throw groupUnknown(action, gid);
    const missing = groups.find((name) => !known.some((group) => group.name === name));
    if (missing !== undefined) throw groupUnknown(action, missing);
  }

  async function refusal(action: string, name: string, { uid }: UserWish, result: CommandResult): Promise<Error> {
    if (result.code === 4 && uid !== undefined) {
      return userIdTaken(action, uid, (await read.users()).find((user) => user.uid === uid)?.name);
    }
    if (result.code === 6) return userUnknown(action, name);
    const { stdout, stderr } = result;
    if (result.code === 8) return userBusy(action, { stdout, stderr });
    if (result.code === 3) return nameInvalid('user', name);
    return toolFailed(action, result);
  }

  return {
    find,
    list: read.users,

    async add(name, wish) {
      const action = `add the user "${name}"`;
      checkName('user', name);
      await checkGroups(action, wish);
      const result = await commands.run(['useradd', ...newOptions(wish), ...wishOptions(wish), name]);
      if (result.code === 0) return;
      if (result.code === 9) throw (await find(name)) ? userExists(name) : groupExists(name, action);
      throw await refusal(action, name, wish, result);
    },

    async change(name, { moveHome = false, ...wish }) {
      const action = `change the user "${name}"`;
      const user = await find(name);
      if (user === undefined) throw userUnknown(action, name);
      await checkGroups(action, wish);
      const options = [...wishOptions(wish, user), ...(moveHome && wish.home !== undefined ? ['--move-home'] : [])];
      if (options.length === 0) return;
      const result = await commands.run(['usermod', ...options, name]);
      if (result.code !== 0) throw await refusal(action, name, wish, result);
    },

    async remove(name, { purge = false, force = false } = {}) {
      const action = `remove the user "${name}"`;
      const user = await find(name);
      if (user === undefined) throw userUnknown(action, name);
      // userdel warns of a missing mail spool and exits 12 when a home is not the user's own: the account is gone then.
      const options = [...(purge ? ['--remove'] : []), ...(force ? ['--force'] : [])];
      const result = await commands.run(['userdel', ...options, name]);
      if (result.code !== 0 && !(result.code === 12 && !(await find(name)))) {
        throw await refusal(action, name, {}, result);
      }
      if (purge && user.home !== '/' && user.home !== '') await files.remove(user.home);
    },

    passwordHash: async (name) => (await read.passwords()).get(name)?.hash,

    async setPasswordHash(name, hash) {
      const action = `set the password of the user "${name}"`;
      if (!(await find(name))) throw userUnknown(action, name);
      // On standard input: arguments can be read by every user of the machine.
      const result = await commands.run(['chpasswd', '--encrypted'], { input: `${name}:${hash}\n` });
      if (result.code !== 0) throw toolFailed(action, result);
    },

    passwordAges: async (name) => (await read.passwords()).get(name)?.ages,

    async setPasswordAges(name, ages) {
      const action = `set the days of the password of the user "${name}"`;
      if (!(await find(name))) throw userUnknown(action, name);
      const options = Object.entries(ages).flatMap(([key, days]) =>
        days === undefined ? [] : [ageOptions[key as keyof PasswordAges], String(days)],
      );
      if (options.length === 0) return;
      const result = await commands.run(['chage', ...options, name]);
      if (result.code !== 0) throw toolFailed(action, result);
    },
  };
}

const ageOptions: Readonly<Record<keyof PasswordAges, string>> = {
  date: '--lastday',
  mindays: '--mindays',
  maxdays: '--maxdays',
  warndays: '--warndays',
  inactdays: '--inactive',
  expire: '--expiredate',
};

function newOptions({ createHome, system, gid, ownGroup, noLoginRecords }: NewUser): readonly string[] {
  return [
    createHome ? '--create-home' : '--no-create-home',
    ...(system ? ['--system'] : []),
    // Red Hat's useradd makes the mail folder for those without a home as well, and Debian's none at all.
    ...(gid === undefined ? [ownGroup === false ? '--no-user-group' : '--user-group'] : []),
    ...(noLoginRecords ? ['--no-log-init'] : []),
  ];
}

function wishOptions(wish: UserWish, user?: User): readonly string[] {
  const { uid, gid, home, shell, groups, sharesId } = wish;
  const comment = commentOf(wish, user);
  return [
    ...(uid === undefined ? [] : ['--uid', String(uid), ...(sharesId ? ['--non-unique'] : [])]),
    ...(gid === undefined ? [] : ['--gid', String(gid)]),
    ...(comment === undefined ? [] : ['--comment', comment]),
    ...(home === undefined ? [] : ['--home', home]),
    ...(shell === undefined ? [] : ['--shell', shell]),
    ...(groups === undefined ? [] : ['--groups', groups.join(',')]),
  ];
}
