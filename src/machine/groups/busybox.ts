import { accountFiles, checkName, toolFailed } from '../accounts.ts';
import { groupExists, groupIdTaken, groupPrimary, groupUnknown, nameInvalid, userUnknown } from '../errors.ts';
import type { Groups } from '../machine.ts';
import type { Tools } from '../provider.ts';

/** Groups with BusyBox's `addgroup` and `delgroup`, and the group file itself for what they cannot do. */
export function busyboxGroups(tools: Tools): Groups {
  const { files, commands } = tools;
  const read = accountFiles(tools);
  const find = async (name: string) => (await read.groups()).find((group) => group.name === name);
  const get = async (action: string, name: string) => {
    const group = await find(name);
    if (group === undefined) throw groupUnknown(action, name);
    return group;
  };

  return {
    find,
    list: read.groups,

    async add(name, { gid, system = false } = {}) {
      checkName('group', name);
      const action = `add the group "${name}"`;
      // BusyBox `addgroup` exits 1 for a taken name and a taken id alike: look first, to tell the two apart.
      const groups = await read.groups();
      if (groups.some((group) => group.name === name)) throw groupExists(name);
      const holder = groups.find((group) => group.gid === gid);
      if (gid !== undefined && holder !== undefined) throw groupIdTaken(action, gid, holder.name);
      const options = [...(gid === undefined ? [] : ['-g', String(gid)]), ...(system ? ['-S'] : [])];
      const result = await commands.run(['addgroup', ...options, name]);
      if (/illegal|invalid|bad name/i.test(result.stderr)) throw nameInvalid('group', name);
      if (result.code !== 0) throw toolFailed(action, result);
    },

    async setId(name, gid, { sharesId = false } = {}) {
      const action = `change the id of the group "${name}"`;
      const group = await get(action, name);
      const holder = (await read.groups()).find((each) => each.gid === gid);
      if (holder !== undefined && holder.name !== name && !sharesId) throw groupIdTaken(action, gid, holder.name);
      // BusyBox has no groupmod: the group file and the primary groups in the user file are written here.
      await editLines(files, '/etc/group', (fields) => (fields[0] === name ? fields.with(2, String(gid)) : fields));
      await editLines(files, '/etc/passwd', (fields) =>
        fields[3] === String(group.gid) ? fields.with(3, String(gid)) : fields,
      );
    },

    async setMembers(name, members) {
      const action = `set the members of the group "${name}"`;
      await get(action, name);
      const users = new Set((await read.users()).map((user) => user.name));
      const stranger = members.find((member) => !users.has(member));
      if (stranger !== undefined) throw userUnknown(action, stranger);
      await editLines(files, '/etc/group', (fields) =>
        fields[0] === name ? fields.with(3, members.join(',')) : fields,
      );
    },

    async remove(name) {
      const action = `remove the group "${name}"`;
      const group = await get(action, name);
      const user = (await read.users()).find((each) => each.gid === group.gid);
      if (user !== undefined) throw groupPrimary(name, user.name);
      const result = await commands.run(['delgroup', name]);
      if (result.code !== 0) throw toolFailed(action, result);
    },
  };
}

/** Rewrites the entries of a colon-separated file; comments and odd lines stay as they are. */
export async function editLines(
  files: Tools['files'],
  path: string,
  edit: (fields: readonly string[]) => readonly string[],
): Promise<void> {
  const text = new TextDecoder().decode((await files.read(path)) ?? new Uint8Array());
  const lines = text.split('\n').map((line) => (line.includes(':') ? edit(line.split(':')).join(':') : line));
  const edited = lines.join('\n');
  if (edited !== text) await files.write(path, new TextEncoder().encode(edited));
}
