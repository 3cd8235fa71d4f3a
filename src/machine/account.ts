import * as fs from 'node:fs/promises';
import { commandGroupUnsupported, groupUnknown, userUnknown } from './errors.ts';
import { findProgram, isDirectory } from './program.ts';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** The account a command is to run as, by name or id. Throws `USER_UNKNOWN`. */
export async function accountOf(user: string, program: string): Promise<Account> {
  const found = await find('/etc/passwd', user);
  if (found === undefined) throw userUnknown(`run "${program}"`, user);
  return account(found);
}

/** Whose processes this one's are; undefined for an id without a name. */
export async function ownAccount(): Promise<Account | undefined> {
  const found = await find('/etc/passwd', String(process.getuid?.() ?? 0));
  return found && account(found);
}

/** The id of a group, by name or id. Throws `GROUP_UNKNOWN`. */
export async function gidOf(group: string, program: string): Promise<number> {
  const found = await find('/etc/group', group);
  if (found === undefined) throw groupUnknown(`run "${program}"`, group);
  return Number(found[2]);
}

/** Where an account's commands start: `/` when it has no home, or one that is not there. `root` stands before every path. */
export async function homeOf(account: Account | undefined, root: string): Promise<string> {
  const home = account?.home;
  return home?.startsWith('/') && (await isDirectory(root + home)) ? home : '/';
}

export interface Ids {
  /** A user with all of its groups. */
  readonly account: Account | undefined;
  /** In place of the user's primary group. */
  readonly gid: number | undefined;
}

/** The command with other ids: with `setpriv` where util-linux is, else BusyBox's `su`. Throws `COMMAND_GROUP_UNSUPPORTED`. */
export async function withIds(argv: readonly string[], { account, gid }: Ids): Promise<readonly string[]> {
  const user = account !== undefined && process.getuid?.() !== account.uid ? account : undefined;
  const group = gid ?? user?.gid;
  if (group === undefined) return argv;
  const setpriv = await findProgram('setpriv', process.env.PATH).catch(() => undefined);
  // BusyBox has a setpriv too, but that one cannot change ids.
  const isBusybox = setpriv !== undefined && (await fs.realpath(setpriv)).endsWith('busybox');
  if (setpriv !== undefined && !isBusybox) {
    const ids = user === undefined ? ['--keep-groups'] : [`--reuid=${user.uid}`, '--init-groups'];
    return [setpriv, `--regid=${group}`, ...ids, '--', ...argv];
  }
  if (gid !== undefined || user === undefined) throw commandGroupUnsupported(argv[0] ?? '');
  const su = await findProgram('su', process.env.PATH);
  return [su, '-s', '/bin/sh', '-c', 'exec "$0" "$@"', user.name, '--', ...argv];
}

export function identity({ name, home, shell }: Account): Readonly<Record<string, string>> {
  return { USER: name, LOGNAME: name, HOME: home, SHELL: shell };
}

/** The fields of an entry whose name, or id, it is: digits are an id, unless there is such a name. */
async function find(file: string, named: string): Promise<readonly string[] | undefined> {
  const entries = (await fs.readFile(file, 'utf8')).split('\n').map((line) => line.split(':'));
  const byName = entries.find(([name]) => name === named);
  return byName ?? (/^\d+$/.test(named) ? entries.find(([, , id]) => id === named) : undefined);
}

function account([name = '', , uid, gid, , home = '/', shell = '']: readonly string[]): Account {
  return { name, uid: Number(uid), gid: Number(gid), home, shell: shell || '/bin/sh' };
}
