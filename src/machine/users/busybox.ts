import { accountFiles, ageFields, agesOf, checkName, commentOf, toolFailed } from '../accounts.ts';
import { groupExists, groupUnknown, nameInvalid, userExists, userIdTaken, userUnknown } from '../errors.ts';
import { editLines } from '../groups/busybox.ts';
import type { Group, Groups, Users, UserWish } from '../machine.ts';
import type { Tools } from '../provider.ts';
import { giveAway } from './account-rules.ts';

/** Users with BusyBox's `adduser`, `deluser` and `chpasswd`, and the user file itself for what they cannot do. */
export function busyboxUsers(tools: Tools, groups: Groups): Users {
  const { files, commands } = tools;
  const read = accountFiles(tools);
  const find = async (name: string) => (await read.users()).find((user) => user.name === name);

  async function check(
    action: string,
    name: string,
    { uid, gid, groups: wanted = [], sharesId }: UserWish,
  ): Promise<void> {
    const holder = uid === undefined || sharesId ? undefined : (await read.users()).find((user) => user.uid === uid);
    if (uid !== undefined && holder !== undefined && holder.name !== name) throw userIdTaken(action, uid, holder.name);
    const known = await read.groups();
    if (gid !== undefined && !known.some((group) => group.gid === gid)) throw groupUnknown(action, gid);
    const missing = wanted.find((each) => !known.some((group) => group.name === each));
    if (missing !== undefined) throw groupUnknown(action, missing);
  }

  async function setGroups(name: string, wanted: readonly string[] | undefined): Promise<void> {
    if (wanted === undefined) return;
    for (const group of await read.groups()) {
      const isMember = group.members.includes(name);
      if (wanted.includes(group.name) === isMember) continue;
      const members = isMember ? group.members.filter((member) => member !== name) : [...group.members, name];
      await groups.setMembers(group.name, members);
    }
  }

  const users: Users = {
    find,
    list: read.users,

    async add(name, { createHome = false, system = false, ownGroup = true, ...wish }) {
      const action = `add the user "${name}"`;
      checkName('user', name);
      if (await find(name)) throw userExists(name);
      await check(action, name, wish);
      const known = await read.groups();
      if (wish.gid === undefined && !ownGroup)
        return users.add(name, { ...wish, gid: sharedGid(action, known), createHome, system });
      if (wish.gid === undefined && known.some((group) => group.name === name)) throw groupExists(name, action);
      // `adduser -S` would put the user into `nogroup`: its own group is made first, as for everyone.
      if (wish.gid === undefined) {
        const isFree = wish.uid !== undefined && !known.some((group) => group.gid === wish.uid);
        await groups.add(name, { gid: isFree ? wish.uid : undefined, system });
      }
      const primary = known.find((group) => group.gid === wish.gid)?.name ?? name;
      const { uid, home = `/home/${name}`, shell = '/bin/sh' } = wish;
      const ids = uid === undefined ? [] : ['-u', String(uid)];
      const kind = [...(system ? ['-S'] : []), ...(createHome ? [] : ['-H'])];
      const identity = ['-G', primary, '-g', commentOf(wish) ?? '', '-h', home, '-s', shell];
      const result = await commands.run(['adduser', '-D', ...kind, ...ids, ...identity, name]);
      if (/illegal|invalid|bad name/i.test(result.stderr)) throw nameInvalid('user', name);
      if (result.code !== 0) throw toolFailed(action, result);
      // `adduser` lists the user as a member of its primary group; shadow's tools do not.
      await setGroups(name, wish.groups ?? []);
    },

    async change(name, { moveHome = false, ...wish }) {
      const action = `change the user "${name}"`;
      const user = await find(name);
      if (user === undefined) throw userUnknown(action, name);
      await check(action, name, wish);
      const { uid = user.uid, gid = user.gid, home = user.home, shell = user.shell } = wish;
      const comment = commentOf(wish, user);
      if (moveHome && home !== user.home && (await files.stat(user.home))) await files.rename(user.home, home);
      // BusyBox has no usermod.
      await editLines(files, '/etc/passwd', (fields) => {
        if (fields[0] !== name) return fields;
        return [name, fields[1] ?? 'x', String(uid), String(gid), comment ?? fields[4] ?? '', home, shell];
      });
      // Not with `find` and `chown`: they go by paths, and whose home it is could lead them out of it meanwhile.
      if (uid !== user.uid) await giveAway(files, home, user.uid, uid);
      await setGroups(name, wish.groups);
    },

    async remove(name, { purge = false } = {}) {
      const action = `remove the user "${name}"`;
      const user = await find(name);
      if (user === undefined) throw userUnknown(action, name);
      const result = await commands.run(['deluser', name]);
      if (result.code !== 0) throw toolFailed(action, result);
      // `deluser` leaves the user's own group where it has another id than the user.
      const own = await groups.find(name);
      if (own?.gid === user.gid && own.members.length === 0) await groups.remove(name).catch(() => {});
      if (purge && user.home !== '/' && user.home !== '') await files.remove(user.home);
    },

    passwordHash: async (name) => (await read.passwords()).get(name)?.hash,

    async setPasswordHash(name, hash) {
      const action = `set the password of the user "${name}"`;
      if (!(await find(name))) throw userUnknown(action, name);
      const result = await commands.run(['chpasswd', '-e'], { input: `${name}:${hash}\n` });
      if (result.code !== 0) throw toolFailed(action, result);
    },

    passwordAges: async (name) => (await read.passwords()).get(name)?.ages,

    async setPasswordAges(name, ages) {
      if (!(await find(name))) throw userUnknown(`set the days of the password of the user "${name}"`, name);
      // BusyBox has no chage.
      await editLines(files, '/etc/shadow', (fields) => {
        const [user = '', hash = '', ...days] = fields;
        const given = Object.fromEntries(Object.entries(ages).filter(([, value]) => value !== undefined));
        return user === name ? [user, hash, ...ageFields({ ...agesOf(days), ...given }), fields[8] ?? ''] : fields;
      });
    },
  };
  return users;
}

/** Alpine's and everybody's group of those without one of their own. */
function sharedGid(action: string, groups: readonly Group[]): number {
  const group = groups.find(({ name }) => name === 'users');
  if (group === undefined) throw groupUnknown(action, 'users');
  return group.gid;
}
