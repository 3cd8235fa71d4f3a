import { machineError, nameInvalid } from './errors.ts';
import type { CommandResult, Group, PasswordAges, User, UserWish } from './machine.ts';
import { noMemory } from './memory.ts';
import type { Tools } from './provider.ts';

/** What the readers of `/etc/passwd` and its kin give: the same for every tool that writes them. */
export interface AccountFiles {
  users(): Promise<readonly User[]>;
  groups(): Promise<readonly Group[]>;
  /** User → what `/etc/shadow` has. */
  passwords(): Promise<ReadonlyMap<string, Password>>;
}

export interface Password {
  /** The field as it stands, locks included. */
  readonly hash: string;
  readonly ages: PasswordAges;
}

export function accountFiles({ files, memory = noMemory }: Pick<Tools, 'files' | 'memory'>): AccountFiles {
  const text = async (path: string) => new TextDecoder().decode((await files.read(path)) ?? new Uint8Array());
  const groups = () => memory.recall('groups', async () => parseGroup(await text('/etc/group')));
  return {
    users: () => memory.recall('users', async () => parsePasswd(await text('/etc/passwd'), await groups())),
    groups,
    passwords: () => memory.recall('passwords', async () => parseShadow(await text('/etc/shadow'))),
  };
}

export function parsePasswd(text: string, groups: readonly Group[]): readonly User[] {
  return entries(text).map(([name = '', , uid, gid, comment = '', home = '', shell = '']) => ({
    name,
    uid: Number(uid),
    gid: Number(gid),
    ...parseComment(comment),
    home,
    shell,
    groups: groups
      .filter(({ members }) => members.includes(name))
      .map((group) => group.name)
      .toSorted(),
  }));
}

export function parseGroup(text: string): readonly Group[] {
  return entries(text).map(([name = '', , gid, members = '']) => ({
    name,
    gid: Number(gid),
    members: [...new Set(members.split(',').filter((member) => member !== ''))].toSorted(),
  }));
}

/** The comment field: full name, room, telephones at work and at home, and the rest. */
export function parseComment(comment: string): Comment {
  const [fullname = '', roomnumber = '', workphone = '', homephone = '', ...other] = comment.split(',');
  return { fullname, roomnumber, workphone, homephone, other: other.join(',') };
}

type Comment = Pick<User, 'fullname' | 'roomnumber' | 'workphone' | 'homephone' | 'other'>;

/** The field with what is given changed; undefined when nothing of it is. */
export function commentOf(wish: UserWish, user?: Comment): string | undefined {
  const keys = ['fullname', 'roomnumber', 'workphone', 'homephone', 'other'] as const;
  if (keys.every((key) => wish[key] === undefined)) return undefined;
  return keys
    .map((key) => wish[key] ?? user?.[key] ?? '')
    .join(',')
    .replace(/,+$/, '');
}

export function parseShadow(text: string): ReadonlyMap<string, Password> {
  return new Map(entries(text).map(([name = '', hash = '', ...days]) => [name, { hash, ages: agesOf(days) }]));
}

/** Fields behind the hash: an empty one is not set. */
export function agesOf(fields: readonly string[]): PasswordAges {
  const [date = -1, mindays = -1, maxdays = -1, warndays = -1, inactdays = -1, expire = -1] = fields.map((field) =>
    field === '' ? -1 : Number(field),
  );
  return { date, mindays, maxdays, warndays, inactdays, expire };
}

/** The other way round. */
export function ageFields({ date, mindays, maxdays, warndays, inactdays, expire }: PasswordAges): readonly string[] {
  return [date, mindays, maxdays, warndays, inactdays, expire].map((days) => (days === -1 ? '' : String(days)));
}

/**
 * Throws `ACCOUNT_NAME_INVALID` for names that would break the files or lead a home folder astray. Debian's tools take
 * almost anything, others much less: what is left is refused by the tool.
 */
export function checkName(kind: 'user' | 'group', name: string): void {
  if (!/^[^-+~:,/\s][^:,/\s]{0,255}$/.test(name) || name === '.' || name === '..') throw nameInvalid(kind, name);
}

/** The refusal for a tool that failed without a reason Zester knows by name. */
export function toolFailed(action: string, { code, stdout, stderr }: CommandResult) {
  const reason = stderr.trim().split('\n').at(-1) || stdout.trim().split('\n').at(-1) || `exit code ${code}`;
  return machineError('ACCOUNT_TOOL_FAILED', `Cannot ${action}: ${reason}`, {
    details: { stdout, stderr, exitcode: String(code) },
  });
}

/** Lines split at colons; comments and the `+` lines of NIS are no entries. */
function entries(text: string): readonly (readonly string[])[] {
  const lines = text.split('\n').filter((line) => /^[^#+\-:\s][^:]*:/.test(line));
  return lines.map((line) => line.split(':'));
}
