import { fakeCommands } from './fake/commands.ts';
import { fakePackages, type PackageState } from './fake/packages.ts';
import { fakeServices, plainName, type ServiceState } from './fake/services.ts';
import { baseFiles, type FakeSystem, fakeSystem } from './fake/system.ts';
import { memoryFiles, type Node, plantDirectory, type Tree } from './files/memory.ts';
import type { Given, GivenCommand, GivenFile } from './given.ts';
import type { Machine } from './machine.ts';
import { normal, parentPath } from './path.ts';
import { type Accounts, groupsOf, newAges, usersOf } from './users/account-rules.ts';

export interface FakeMachine extends Machine {
  /** The whole state as plain data with sorted keys, for "a plan changes nothing": compare two of them. */
  snapshot(): Snapshot;
  /** Every command line run, in order; reading with commands is no change, so they are not in the snapshot. */
  readonly calls: readonly string[];
}

export interface Snapshot {
  /** Path → node; content as text, or as `base64:` when it is not UTF-8. */
  readonly files: Readonly<Record<string, SnapshotNode>>;
  readonly users: Readonly<Record<string, unknown>>;
  readonly groups: Readonly<Record<string, { readonly gid: number; readonly members: readonly string[] }>>;
  readonly packages: {
    readonly installed: Readonly<Record<string, string>>;
    readonly held: readonly string[];
    readonly remnants: readonly string[];
  };
  readonly services: Readonly<Record<string, unknown>>;
  /** The answers of given commands: running one may change another's. */
  readonly commands: Readonly<Record<string, GivenCommand>>;
}

export interface SnapshotNode {
  readonly kind: Node['kind'];
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly content?: string;
  readonly target?: string;
}

/**
 * A machine in memory: a small Debian with root alone, and what is given on top. It behaves as the contract suites
 * demand of every provider. Given files bring their parents; a given owner must be a given user or group, or root.
 */
export function fakeMachine(given: Given = {}): FakeMachine {
  const tree = baseTree();
  const accounts = accountsOf(given);
  const packages = packagesOf(given);
  const services = servicesOf(given);
  const answers = new Map(Object.entries(given.commands ?? {}));
  const calls: string[] = [];

  const files = memoryFiles(tree);
  const users = usersOf(accounts, files);
  const groups = groupsOf(accounts);
  const system: FakeSystem = fakeSystem(given.system ?? {}, tree);
  for (const [name, { home, uid, gid }] of accounts.users) {
    if (given.users?.[name]?.hasHome !== false) plantHome(tree, home, uid, gid);
  }
  for (const [path, file] of Object.entries(given.files ?? {})) plant(tree, accounts, path, file);

  const plantLater = async (path: string, file: string | GivenFile | null) => {
    if (file === null) await files.remove(path);
    else plant(tree, accounts, path, file);
  };
  return {
    files,
    commands: fakeCommands({ files, users, groups, answers, plant: plantLater, calls }),
    users,
    groups,
    packages: fakePackages(packages, files),
    services: fakeServices(services),
    system: system.port(files),
    calls,
    snapshot: () => ({
      files: sorted(tree, snapshotNode),
      users: sorted(accounts.users, (user) => ({ ...user })),
      groups: sorted(accounts.groups, ({ gid, members }) => ({ gid, members: [...members].toSorted() })),
      packages: {
        installed: sorted(packages.installed, (version) => version),
        held: [...packages.held].toSorted(),
        remnants: [...packages.remnants].toSorted(),
      },
      services: sorted(services, (service) => ({ ...service })),
      commands: sorted(answers, (answer) => answer),
    }),
  };
}

function baseTree(): Tree {
  const tree: Tree = new Map();
  for (const path of ['/', '/etc', '/home', '/opt', '/proc', '/run', '/srv', '/sys', '/usr/bin', '/usr/local/bin']) {
    plantDirectory(tree, path);
  }
  for (const path of ['/usr/share', '/var/cache', '/var/lib', '/var/log', '/var/spool']) plantDirectory(tree, path);
  tree.set('/root', { kind: 'directory', mode: 0o700, uid: 0, gid: 0 });
  for (const path of ['/tmp', '/var/tmp']) tree.set(path, { kind: 'directory', mode: 0o1777, uid: 0, gid: 0 });
  for (const [path, content] of Object.entries(baseFiles)) {
    plantDirectory(tree, parentPath(path));
    tree.set(path, { kind: 'file', content: new TextEncoder().encode(content), mode: 0o644, uid: 0, gid: 0 });
  }
  return tree;
}

/** A day in 2024, and always the same. */
const today = 19_800;
const givenAges = { date: today, ...newAges };

function accountsOf(given: Given): Accounts {
  const users: Accounts['users'] = new Map([
    [
      'root',
      { uid: 0, gid: 0, comment: 'root', home: '/root', shell: '/bin/bash', passwordHash: '*', ages: givenAges },
    ],
  ]);
  const groups: Accounts['groups'] = new Map([['root', { gid: 0, members: new Set<string>() }]]);
  for (const [name, { gid, members = [] }] of Object.entries(given.groups ?? {})) {
    groups.set(name, { gid, members: new Set(members) });
  }
  for (const [name, user] of Object.entries(given.users ?? {})) {
    const uid = user.uid ?? nextId([...users.values()].map((each) => each.uid));
    const gid = user.gid ?? groups.get(name)?.gid ?? uid;
    // A given user has a primary group, as every real one: its own, unless the id names another.
    if (![...groups.values()].some((group) => group.gid === gid)) groups.set(name, { gid, members: new Set() });
    const { fullname = '', home = `/home/${name}`, shell = '/bin/sh', passwordHash = '!', ages = {} } = user;
    users.set(name, { uid, gid, comment: fullname, home, shell, passwordHash, ages: { ...givenAges, ...ages } });
    for (const group of user.groups ?? []) {
      const entry = groups.get(group) ?? {
        gid: nextId([...groups.values()].map((each) => each.gid)),
        members: new Set(),
      };
      groups.set(group, entry);
      entry.members.add(name);
    }
  }
  return { users, groups, today };
}

function packagesOf(given: Given): PackageState {
  return {
    installed: new Map(Object.entries(given.packages ?? {})),
    repository: new Map(
      Object.entries(given.repository ?? {}).map(([name, offer]) => [
        name,
        typeof offer === 'string' ? { versions: [offer] } : offer,
      ]),
    ),
    held: new Set(),
    remnants: new Set(),
  };
}

function servicesOf({ services = {} }: Given): ServiceState {
  const entries = Object.entries(services).map(([name, service]) => {
    const { running = false, enabled = false, masked = false, fixed = false, start = 'runs' } = service;
    return [plainName(name), { running, enabled, masked, fixed, start }] as const;
  });
  return new Map(entries);
}

function plantHome(tree: Tree, home: string, uid: number, gid: number): void {
  if (tree.has(home)) return;
  plantDirectory(tree, home);
  tree.set(home, { kind: 'directory', mode: 0o755, uid, gid });
}

function plant(tree: Tree, { users, groups }: Accounts, path: string, file: string | GivenFile): void {
  const place = normal(path);
  plantDirectory(tree, parentPath(place));
  const {
    content = '',
    directory,
    link,
    mode,
    user = 'root',
    group,
  } = typeof file === 'string' ? { content: file } : file;
  const owner = users.get(user);
  const holder = groups.get(group ?? 'root');
  // A mistake in an example, not a condition of a machine: say it loudly.
  if (owner === undefined) throw new TypeError(`The given file ${path} belongs to "${user}", who is no given user`);
  if (holder === undefined)
    throw new TypeError(`The given file ${path} belongs to "${group}", which is no given group`);
  const ids = { uid: owner.uid, gid: group === undefined ? owner.gid : holder.gid };
  if (link !== undefined) tree.set(place, { kind: 'symlink', target: link, mode: 0o777, ...ids });
  else if (directory) tree.set(place, { kind: 'directory', mode: mode ?? 0o755, ...ids });
  else tree.set(place, { kind: 'file', content: new TextEncoder().encode(content), mode: mode ?? 0o644, ...ids });
}

function nextId(taken: readonly number[]): number {
  return Math.max(999, ...taken.filter((id) => id < 60_000)) + 1;
}

function snapshotNode(node: Node): SnapshotNode {
  const { kind, mode, uid, gid } = node;
  if (node.kind === 'file') return { kind, mode, uid, gid, content: contentText(node.content) };
  return node.kind === 'symlink' ? { kind, mode, uid, gid, target: node.target } : { kind, mode, uid, gid };
}

function contentText(content: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(content);
  } catch {
    return `base64:${Buffer.from(content).toString('base64')}`;
  }
}

function sorted<T, U>(entries: ReadonlyMap<string, T>, show: (value: T) => U): Readonly<Record<string, U>> {
  const names = [...entries.keys()].toSorted();
  return Object.fromEntries(names.map((name) => [name, show(entries.get(name) as T)]));
}
