import { accountFiles, checkName, toolFailed } from '../accounts.ts';
import { groupExists, groupIdTaken, groupPrimary, groupUnknown, nameInvalid, userUnknown } from '../errors.ts';
import type { Groups } from '../machine.ts';
import type { Tools } from '../provider.ts';

/** Groups with shadow's `groupadd`, `groupmod`, `groupdel` and `gpasswd`. */
export function shadowGroups(tools: Tools): Groups {
  const { commands } = tools;
  const read = accountFiles(tools);
  const find = async (name: string) => (await read.groups()).find((group) => group.name === name);
  const holderOf = async (gid: number) => (await read.groups()).find((group) => group.gid === gid)?.name;
  const get = async (action: string, name: string) => {
    const group = await find(name);
    if (group === undefined) throw groupUnknown(action, name);
    return group;
  };

  return {
    find,
    list: read.groups,

    async add(name, { gid, system = false, sharesId = false } = {}) {
      checkName('group', name);
      const options = [...idOptions(gid, sharesId), ...(system ? ['--system'] : [])];
      const result = await commands.run(['groupadd', ...options, name]);
      if (result.code === 0) return;
      const action = `add the group "${name}"`;
      if (result.code === 9) throw groupExists(name);
      if (result.code === 4 && gid !== undefined) throw groupIdTaken(action, gid, await holderOf(gid));
      if (result.code === 3) throw nameInvalid('group', name);
      throw toolFailed(action, result);
    },

    async setId(name, gid, { sharesId = false } = {}) {
      const action = `change the id of the group "${name}"`;
      const result = await commands.run(['groupmod', ...idOptions(gid, sharesId), name]);
      if (result.code === 0) return;
      if (result.code === 4) throw groupIdTaken(action, gid, await holderOf(gid));
      if (result.code === 6) throw groupUnknown(action, name);
      throw toolFailed(action, result);
    },

    async setMembers(name, members) {
      const action = `set the members of the group "${name}"`;
      await get(action, name);
      const users = new Set((await read.users()).map((user) => user.name));
      const stranger = members.find((member) => !users.has(member));
      if (stranger !== undefined) throw userUnknown(action, stranger);
      const result = await commands.run(['gpasswd', '--members', members.join(','), name]);
      if (result.code !== 0) throw toolFailed(action, result);
    },

    async remove(name) {
      const action = `remove the group "${name}"`;
      const group = await get(action, name);
      const result = await commands.run(['groupdel', name]);
      if (result.code === 0) return;
      if (result.code === 8) {
        throw groupPrimary(name, (await read.users()).find((user) => user.gid === group.gid)?.name);
      }
      throw toolFailed(action, result);
    },
  };
}

function idOptions(gid: number | undefined, sharesId: boolean): readonly string[] {
  return gid === undefined ? [] : ['--gid', String(gid), ...(sharesId ? ['--non-unique'] : [])];
}
