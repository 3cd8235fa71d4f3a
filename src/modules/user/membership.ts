import { ZesterError } from '#base/errors.ts';
import type { Context } from '#kit/context.ts';
import type { AccountRef } from '#kit/types.ts';
import { groupExists, groupUnknown, userIdTaken } from '#machine/errors.ts';
import type { User } from '#machine/machine.ts';

/** What is asked of a user's ids and groups. */
export interface Membership {
  readonly name: string;
  readonly uid?: number | undefined;
  readonly unique: boolean;
  readonly gid?: AccountRef | undefined;
  readonly gid_from_name: boolean;
  readonly usergroup?: boolean | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly optional_groups?: readonly string[] | undefined;
  readonly remove_groups: boolean;
  readonly allow_uid_change: boolean;
  readonly allow_gid_change: boolean;
}

/** Refuses an id that another has, and one that is to be another without leave. */
export async function refuseIdChanges(
  wanted: Membership,
  user: User | undefined,
  group: string | undefined,
  context: Context,
): Promise<void> {
  const { name, uid, unique } = wanted;
  const holder =
    uid === undefined || !unique || uid === user?.uid
      ? undefined
      : (await context.users.list()).find((each) => each.uid === uid);
  if (uid !== undefined && holder !== undefined) throw userIdTaken(`set up the user "${name}"`, uid, holder.name);
  if (user === undefined) return;
  if (uid !== undefined && uid !== user.uid && !wanted.allow_uid_change) {
    throw idChange(name, `user id from ${user.uid} to ${uid}`, 'allow_uid_change');
  }
  const current = await groupOf(user, context);
  if (group !== undefined && group !== current && !wanted.allow_gid_change) {
    throw idChange(name, `primary group from "${current}" to "${group}"`, 'allow_gid_change');
  }
}

/**
 * The primary group that is asked for; undefined where the system picks one. A group of the user's name that is there
 * already is one to be said: nobody becomes a member of "docker" by being called so.
 */
export async function wantedGroup(
  wanted: Membership,
  user: User | undefined,
  context: Context,
): Promise<string | undefined> {
  const { name, gid, gid_from_name, usergroup, groups = [] } = wanted;
  if (gid !== undefined && gid !== '') return groupNamed(gid, context);
  const own = await context.groups.find(name);
  if (gid_from_name && user !== undefined) return groupNamed(name, context);
  if (user !== undefined) return usergroup ? own?.name : undefined;
  if (own === undefined || usergroup === false) return undefined;
  if (gid_from_name || usergroup || groups.includes(name)) return own.name;
  throw groupExists(name, `add the user "${name}"`, `Say "gid: ${name}" if it shall be the primary group`);
}

/** All supplementary groups, without the primary one, of which everybody is a member anyway. */
export async function wantedGroups(
  wanted: Membership,
  primary: string | undefined,
  current: readonly string[],
  { groups }: Context,
): Promise<readonly string[] | undefined> {
  if (wanted.groups === undefined && wanted.optional_groups === undefined) return undefined;
  const known = new Set((await groups.list()).map((group) => group.name));
  // The user's own group comes with the user.
  const missing = wanted.groups?.find((group) => !known.has(group) && group !== wanted.name);
  if (missing !== undefined) throw groupUnknown('set the groups of a user', missing);
  const optional = (wanted.optional_groups ?? []).filter((group) => known.has(group));
  const kept = wanted.remove_groups ? [] : current;
  const all = new Set([...(wanted.groups ?? []), ...optional, ...kept]);
  all.delete(primary ?? wanted.name);
  return [...all].toSorted();
}

/** The primary group of a user; its id where no group has it. */
export async function groupOf({ gid }: User, { groups }: Context): Promise<string> {
  return (await groups.list()).find((each) => each.gid === gid)?.name ?? String(gid);
}

async function groupNamed(ref: AccountRef, { groups }: Context): Promise<string> {
  const list = await groups.list();
  const group = list.find((each) => (typeof ref === 'number' ? each.gid === ref : each.name === ref));
  if (group === undefined) throw groupUnknown('set the primary group of a user', ref);
  return group.name;
}

/** The id of a group. Throws `GROUP_UNKNOWN`. */
export async function gidOf(name: string, { groups }: Context): Promise<number> {
  const group = await groups.find(name);
  if (group === undefined) throw groupUnknown('set the primary group of a user', name);
  return group.gid;
}

function idChange(name: string, what: string, leave: string): ZesterError {
  return new ZesterError('machine', 'ID_CHANGE_REFUSED', `Cannot change "${name}": its ${what} would be another`, {
    hint: `Set "${leave}: true" if that is meant; files keep the old id`,
  });
}
