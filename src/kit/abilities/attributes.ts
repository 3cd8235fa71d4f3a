import * as z from 'zod';
import { groupUnknown, userUnknown } from '#machine/errors.ts';
import type { FileOwner, FileStat, Machine } from '#machine/machine.ts';
import type { Change } from '../changes.ts';
import { type AccountRef, FileMode, GroupRef, modeText, parseMode, UserRef } from '../types.ts';

/** Arguments of every state that manages who may do what with a path. Left out, each stays as it is. */
export const attributeArguments = {
  user: UserRef.optional()
    .describe('Owner, by name or id')
    .meta({ aliases: ['owner'] }),
  group: GroupRef.optional().describe('Owning group, by name or id'),
  mode: FileMode.optional().describe('Permissions in octal, setuid, setgid and sticky bits included'),
};

const onWindows = z.unknown().optional().describe('For Salt: means something on Windows only');

/** What Salt's states take beside those, and pass over here: trees for both systems write it. */
export const windowsArguments = {
  win_owner: onWindows,
  win_perms: onWindows,
  win_deny_perms: onWindows,
  win_inheritance: onWindows,
  win_perms_reset: onWindows,
};

export interface AttributeWish {
  readonly user?: AccountRef | undefined;
  readonly group?: AccountRef | undefined;
  readonly mode?: number | undefined;
}

/** Attributes as changes carry them: names where there are names, modes in octal digits. */
export type Attributes = {
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  readonly mode?: string | undefined;
};

export type AttributeChanges = { readonly [Key in keyof Attributes]?: Change<string> };

/** A wish in the terms of changes. Throws `USER_UNKNOWN`, `GROUP_UNKNOWN`. */
export async function wantedAttributes(wish: AttributeWish, machine: Machine): Promise<Attributes> {
  return {
    user: wish.user === undefined ? undefined : await nameOf('user', wish.user, machine),
    group: wish.group === undefined ? undefined : await nameOf('group', wish.group, machine),
    mode: wish.mode === undefined ? undefined : modeText(wish.mode),
  };
}

/** What a path has now; nothing when it is not there. */
export async function attributesOf(stat: FileStat | undefined, machine: Machine): Promise<Attributes> {
  if (stat === undefined) return {};
  return {
    user: await nameOf('user', stat.uid, machine),
    group: await nameOf('group', stat.gid, machine),
    mode: modeText(stat.mode),
  };
}

/** Sets what is given. The owner first: the kernel clears setuid and setgid when it changes. */
export async function setAttributes(path: string, attributes: Attributes, machine: Machine): Promise<void> {
  const { owner, mode } = await made(attributes, machine);
  if (owner !== undefined) await machine.files.setOwner(path, owner);
  if (mode !== undefined) await machine.files.setMode(path, mode);
}

/**
 * Attributes as the files port takes them together with what it writes or makes: by a second call for the path, who may
 * write the directory could have put something else there.
 */
export async function made(
  { user, group, mode }: Attributes,
  machine: Machine,
): Promise<{ readonly owner?: FileOwner; readonly mode?: number }> {
  const owner: FileOwner = {
    ...(user === undefined ? {} : { uid: await idOf('user', user, machine) }),
    ...(group === undefined ? {} : { gid: await idOf('group', group, machine) }),
  };
  return {
    ...(user === undefined && group === undefined ? {} : { owner }),
    ...(mode === undefined ? {} : { mode: parseMode(mode) }),
  };
}

/**
 * Mode of the parents that are made for what gets this mode, as Salt has it: open to the same people, and whoever may do
 * anything with it may enter them.
 */
export function parentMode(mode: number | undefined): number {
  if (mode === undefined) return 0o755;
  const enters = (shift: number) => ((mode >> shift) & 0o7 ? 0o1 << shift : 0);
  return (mode & 0o777) | enters(6) | enters(3) | enters(0);
}

/** The same of many entries, those deepest in the tree first: a directory is no stranger's only after what it holds. */
export async function setAllAttributes(entries: Readonly<Record<string, Attributes>>, machine: Machine): Promise<void> {
  const deepestFirst = Object.entries(entries).toSorted(([one], [other]) => depthOf(other) - depthOf(one));
  for (const [path, attributes] of deepestFirst) await setAttributes(path, attributes, machine);
}

function depthOf(path: string): number {
  return path.split('/').length;
}

/** One side of the attributes among some changes. */
export function sideOf(changes: AttributeChanges, side: 'from' | 'to'): Attributes {
  return { user: changes.user?.[side], group: changes.group?.[side], mode: changes.mode?.[side] };
}

async function nameOf(kind: 'user' | 'group', ref: AccountRef, { users, groups }: Machine): Promise<string> {
  if (typeof ref === 'string') {
    const known = kind === 'user' ? await users.find(ref) : await groups.find(ref);
    if (known === undefined) throw unknownAccount(kind, ref);
    return ref;
  }
  // Looking root up in every plan of every file would read the whole list each time.
  if (ref === 0) return 'root';
  const holder =
    kind === 'user'
      ? (await users.list()).find(({ uid }) => uid === ref)
      : (await groups.list()).find(({ gid }) => gid === ref);
  return holder?.name ?? String(ref);
}

async function idOf(kind: 'user' | 'group', name: string, { users, groups }: Machine): Promise<number> {
  const id = kind === 'user' ? (await users.find(name))?.uid : (await groups.find(name))?.gid;
  if (id !== undefined) return id;
  if (/^\d+$/.test(name)) return Number(name);
  throw unknownAccount(kind, name);
}

function unknownAccount(kind: 'user' | 'group', name: string) {
  const action = 'set the owner of a file';
  return kind === 'user' ? userUnknown(action, name) : groupUnknown(action, name);
}
