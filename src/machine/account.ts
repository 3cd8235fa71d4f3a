import * as fs from 'node:fs/promises';
import { userUnknown } from './errors.ts';
import { findProgram } from './program.ts';

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

/** The account a command is to run as. Throws `USER_UNKNOWN`. */
export async function accountOf(name: string, program: string): Promise<Account> {
  const lines = (await fs.readFile('/etc/passwd', 'utf8')).split('\n');
  const fields = lines.map((line) => line.split(':')).find(([user]) => user === name);
  if (fields === undefined) throw userUnknown(`run "${program}"`, name);
  const [, , uid, gid, , home = '/', shell = ''] = fields;
  return { name, uid: Number(uid), gid: Number(gid), home, shell: shell || '/bin/sh' };
}

/** The command as another user, with that user's groups: `setpriv` where util-linux is, else BusyBox's `su`. */
export async function asUser({ name, uid, gid }: Account, argv: readonly string[]): Promise<readonly string[]> {
  if (process.getuid?.() === uid) return argv;
  const setpriv = await findProgram('setpriv', process.env.PATH).catch(() => undefined);
  // BusyBox has a setpriv too, but that one cannot change ids.
  const isBusybox = setpriv !== undefined && (await fs.realpath(setpriv)).endsWith('busybox');
  if (setpriv !== undefined && !isBusybox) {
    return [setpriv, `--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--', ...argv];
  }
  const su = await findProgram('su', process.env.PATH);
  return [su, '-s', '/bin/sh', '-c', 'exec "$0" "$@"', name, '--', ...argv];
}

export function identity({ name, home, shell }: Account): Readonly<Record<string, string>> {
  return { USER: name, LOGNAME: name, HOME: home, SHELL: shell };
}
