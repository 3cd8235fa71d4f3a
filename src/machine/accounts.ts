import { machineError, nameInvalid } from './errors.ts';
import type { CommandResult, Group, User } from './machine.ts';
import { noMemory } from './memory.ts';
import type { Tools } from './provider.ts';

/** What the readers of `/etc/passwd` and its kin give: the same for every tool that writes them. */
export interface AccountFiles {
  users(): Promise<readonly User[]>;
  groups(): Promise<readonly Group[]>;
  /** User → the password field of `/etc/shadow`. */
  passwordHashes(): Promise<ReadonlyMap<string, string>>;
}

export function accountFiles({ files, memory = noMemory }: Pick<Tools, 'files' | 'memory'>): AccountFiles {
  const text = async (path: string) => new TextDecoder().decode((await files.read(path)) ?? new Uint8Array());
  const groups = () => memory.recall('groups', async () => parseGroup(await text('/etc/group')));
  return {
    users: () => memory.recall('users', async () => parsePasswd(await text('/etc/passwd'), await groups())),
    groups,
    passwordHashes: () => memory.recall('passwords', async () => parseShadow(await text('/etc/shadow'))),
  };
}

export function parsePasswd(text: string, groups: readonly Group[]): readonly User[] {
  return entries(text).map(([name = '', , uid, gid, comment = '', home = '', shell = '']) => ({
    name,
    uid: Number(uid),
    gid: Number(gid),
    // The comment is a list (name, room, telephones): only its first part is the full name.
    fullname: comment.split(',')[0] ?? '',
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

export function parseShadow(text: string): ReadonlyMap<string, string> {
  return new Map(entries(text).map(([name = '', hash = '']) => [name, hash]));
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
