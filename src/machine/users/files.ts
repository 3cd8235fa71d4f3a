import { ageFields, agesOf, parseShadow } from '../accounts.ts';
import type { Files, Groups, Users } from '../machine.ts';
import { type Accounts, groupsOf, newAges, today, usersOf } from './account-rules.ts';

/**
 * Users and groups by writing `/etc/passwd` and its kin directly, with shadow's rules: for a folder that stands for a
 * machine, and for machines without any tool. Lines that do not change stay as they are, byte for byte.
 */
export function fileAccounts(files: Files): { readonly groups: Groups; readonly users: Users } {
  const reading = async <T>(use: (accounts: Accounts) => Promise<T>) => use(await load(files));
  const changing = async (use: (accounts: Accounts) => Promise<void>) => {
    const accounts = await load(files);
    await use(accounts);
    await save(files, accounts);
  };
  return {
    groups: {
      find: (name) => reading((accounts) => groupsOf(accounts).find(name)),
      list: () => reading((accounts) => groupsOf(accounts).list()),
      add: (name, options) => changing((accounts) => groupsOf(accounts).add(name, options)),
      setId: (name, gid, options) => changing((accounts) => groupsOf(accounts).setId(name, gid, options)),
      setMembers: (name, members) => changing((accounts) => groupsOf(accounts).setMembers(name, members)),
      remove: (name) => changing((accounts) => groupsOf(accounts).remove(name)),
    },
    users: {
      find: (name) => reading((accounts) => usersOf(accounts, files).find(name)),
      list: () => reading((accounts) => usersOf(accounts, files).list()),
      add: (name, wish) => changing((accounts) => usersOf(accounts, files).add(name, wish)),
      change: (name, wish) => changing((accounts) => usersOf(accounts, files).change(name, wish)),
      remove: (name, options) => changing((accounts) => usersOf(accounts, files).remove(name, options)),
      passwordHash: (name) => reading((accounts) => usersOf(accounts, files).passwordHash(name)),
      setPasswordHash: (name, hash) => changing((accounts) => usersOf(accounts, files).setPasswordHash(name, hash)),
      passwordAges: (name) => reading((accounts) => usersOf(accounts, files).passwordAges(name)),
      setPasswordAges: (name, ages) => changing((accounts) => usersOf(accounts, files).setPasswordAges(name, ages)),
    },
  };
}

const [passwd, group, shadow, gshadow] = ['/etc/passwd', '/etc/group', '/etc/shadow', '/etc/gshadow'];

type Fields = readonly string[];

async function load(files: Files): Promise<Accounts> {
  const passwords = parseShadow(await textOf(files, shadow));
  const users: Accounts['users'] = new Map();
  for (const [name = '', , uid, gid, comment = '', home = '', shell = ''] of await entries(files, passwd)) {
    const { hash = '!', ages = { date: today(), ...newAges } } = passwords.get(name) ?? {};
    users.set(name, { uid: Number(uid), gid: Number(gid), comment, home, shell, passwordHash: hash, ages });
  }
  const groups: Accounts['groups'] = new Map();
  for (const [name = '', , gid, members = ''] of await entries(files, group)) {
    groups.set(name, { gid: Number(gid), members: new Set(members.split(',').filter(Boolean)) });
  }
  return { users, groups, today: today() };
}

/** Groups first, users last: a user never stands there without its group. */
async function save(files: Files, { users, groups }: Accounts): Promise<void> {
  await rewrite(files, group, groups, (name, { gid, members }, before) => [
    name,
    before?.[1] ?? 'x',
    String(gid),
    [...members].join(','),
  ]);
  if (await files.stat(gshadow)) {
    await rewrite(files, gshadow, groups, (name, { members }, before) => [
      name,
      before?.[1] ?? '!',
      before?.[2] ?? '',
      [...members].join(','),
    ]);
  }
  await rewrite(files, shadow, users, (name, { passwordHash, ages }, before) => {
    const days = ageFields(ages);
    if (before === undefined) return [name, passwordHash, ...days, ''];
    // However it is written, what says the same stays.
    const isSame = ageFields(agesOf(before.slice(2, 8))).join() === days.join();
    return isSame ? before.with(1, passwordHash) : [name, passwordHash, ...days, before[8] ?? ''];
  });
  await rewrite(files, passwd, users, (name, { uid, gid, comment, home, shell }, before) => [
    name,
    before?.[1] ?? 'x',
    String(uid),
    String(gid),
    comment,
    home,
    shell,
  ]);
}

async function rewrite<T>(
  files: Files,
  path: string,
  entriesNow: ReadonlyMap<string, T>,
  line: (name: string, entry: T, before: Fields | undefined) => Fields,
): Promise<void> {
  const text = await textOf(files, path);
  const written = new Set<string>();
  const kept = text.split('\n').flatMap((each) => {
    if (!isEntry(each)) return each === '' ? [] : [each];
    const before = each.split(':');
    const entry = entriesNow.get(before[0] ?? '');
    written.add(before[0] ?? '');
    return entry === undefined ? [] : [line(before[0] ?? '', entry, before).join(':')];
  });
  const added = [...entriesNow]
    .filter(([name]) => !written.has(name))
    .map(([name, entry]) => line(name, entry, undefined));
  const next = [...kept, ...added.map((fields) => fields.join(':')), ''].join('\n');
  if (next === text) return;
  // Hashes are for root alone; a file that exists keeps its mode.
  const isNew = (await files.stat(path)) === undefined;
  const isSecret = path === shadow || path === gshadow;
  await files.write(path, new TextEncoder().encode(next), isNew ? { mode: isSecret ? 0o600 : 0o644 } : {});
}

async function entries(files: Files, path: string): Promise<readonly Fields[]> {
  return (await textOf(files, path))
    .split('\n')
    .filter(isEntry)
    .map((line) => line.split(':'));
}

/** Comments and the `+` and `-` lines of NIS are no entries. */
function isEntry(line: string): boolean {
  return /^[^#+\-:\s][^:]*:/.test(line);
}

async function textOf(files: Files, path: string): Promise<string> {
  return new TextDecoder().decode((await files.read(path)) ?? new Uint8Array());
}
