import { isError } from '#base/errors.ts';
import { rawArguments } from '#kit/arguments.ts';
import type { State } from '#kit/state.ts';
import type { Given, GivenFile } from '#machine/given.ts';
import { registry } from '#modules/registry.ts';
import { type Pools, randomArguments } from './arguments.ts';
import { chance, many, pick, type Random } from './random.ts';

/** A state to be written down: its id, and its arguments. */
export interface Wish {
  readonly id: string;
  readonly state: string;
  readonly args: Readonly<Record<string, unknown>>;
}

const modes = ['0644', '0600', 755, '0750'] as const;
const users = ['root', 'app', 'deploy'] as const;
const groups = ['root', 'app', 'staff'] as const;
const texts = ['port = 80', 'host = web-01', '# Managed', 'port = 80\nhost = db', 'port = {{ 80 }}', ''] as const;
const sources = ['zester://app/app.conf', 'salt://motd', 'app/motd.jinja'] as const;

/** What may lie at a path before anything is done; a link leads where no other path does. */
function nodesAt(path: string): readonly [Planted | undefined, ...(Planted | undefined)[]] {
  const linked = `${path}.linked`;
  return [
    undefined,
    undefined,
    { [path]: '' },
    { [path]: 'port = 22\n' },
    { [path]: 'port = 80\n#host = old\n' },
    { [path]: { content: 'host = web-01\nport = 80\n# END\n', mode: 0o600, user: 'app', group: 'app' } },
    { [path]: { directory: true } },
    { [path]: { directory: true, mode: 0o700, user: 'deploy' } },
    { [path]: { link: linked } },
    { [path]: { link: linked }, [linked]: 'port = 22\n' },
    { [path]: { link: linked }, [linked]: { directory: true } },
  ];
}

type Planted = Readonly<Record<string, string | GivenFile>>;

/** Names that wishes are about: those of one wish alone, or the same few for all. */
export interface Names {
  readonly paths: readonly [string, ...string[]];
  readonly users: readonly [string, ...string[]];
  readonly groups: readonly [string, ...string[]];
  readonly packages: readonly [string, ...string[]];
  readonly services: readonly [string, ...string[]];
}

/** Names that no other wish has. */
export function namesOfItsOwn(index: number): Names {
  return {
    paths: [`/srv/${index}/app.conf`, `/etc/${index}.conf`, `/var/lib/${index}`],
    users: [`user${index}`],
    groups: [`group${index}`],
    packages: [`package${index}`],
    services: [`service${index}`],
  };
}

export const fewNames: Names = {
  paths: ['/srv/app', '/srv/app/app.conf', '/srv/app/data', '/etc/app.conf', '/srv/link'],
  users: ['app', 'newcomer'],
  groups: ['app', 'staff', 'newgroup'],
  packages: ['nginx', 'curl', 'vim'],
  services: ['nginx', 'cron'],
};

/** Without what it becomes, a line that matches is removed: then it is missed the next time. Without data nothing is written. */
const always = ['repl', 'dataset'];

/** Words for the arguments of one state. Patterns and replacements fit, so that what is set is found set. */
function poolsFor(state: string, names: Names): Pools {
  const [module = ''] = state.split('.');
  const name = { file: names.paths, user: names.users, group: names.groups, pkg: names.packages }[module];
  return {
    name: name ?? (module === 'service' ? names.services : /script$/.test(state) ? sources : ['web']),
    pkgs: [[names.packages[0]]],
    version: ['1.0', '>=1', '2.0'],
    source: sourcesFor(state, names),
    makedirs: [true, true, false],
    // Waits for real.
    init_delay: [0],
    reinstall: [false],
    use_vt: [false],
    expire: ['2030-12-31', 16_426, -1],
    date: [19_000, '2024-02-29'],
    sources: [['zester://motd']],
    target: ['/srv/elsewhere', '/srv', 'app.conf'],
    contents: [...texts, ['a', 'b']],
    contents_pillar: [['site'], ['nothing']],
    contents_grains: [['os:family']],
    content: ['port = 80', 'host = db'],
    text: module === 'file' ? [['# Managed', 'port = 80']] : ['hello'],
    source_hash: ['sha256=00'],
    user: users,
    group: groups,
    gid: module === 'group' ? [700, 701, 1200] : [...groups, 0],
    uid: [700, 801, 1200],
    members: [['app'], ['app', 'deploy'], []],
    addusers: [['deploy']],
    delusers: [['app']],
    groups: [['staff'], ['app', 'staff'], []],
    optional_groups: [['ghosts', 'staff']],
    mode: state === 'file.line' ? ['ensure', 'replace', 'insert', 'delete'] : modes,
    file_mode: modes,
    dir_mode: ['0755', '0750'],
    pattern: ['^#?port.*$', '^host = .*$', '^nothing$'],
    repl: ['port = 80'],
    not_found_content: ['port = 80'],
    regex: ['^host', '^port'],
    char: ['#'],
    match: ['^port'],
    before: ['^host'],
    after: ['^host'],
    insert_before_match: ['^host'],
    insert_after_match: ['^port'],
    marker_start: ['# BEGIN'],
    marker_end: ['# END'],
    key: ['port'],
    value: ['80', '22'],
    key_values: [{ port: '80' }, { host: 'db', port: '80' }],
    separator: [' = '],
    uncomment: ['#'],
    dataset: [{ port: 80 }, { hosts: ['a', 'b'] }],
    dataset_pillar: ['site', 'nothing'],
    serializer_opts: [{}],
    deserializer_opts: [{}],
    encoding: ['utf-8'],
    // What is made anew at every run is planned anew.
    renew: [false],
    source_hashes: [[]],
    tmp_dir: ['/tmp'],
    template: ['jinja', true, false],
    context: [{ port: 80 }],
    defaults: [{ port: 22 }],
    backup: ['minion', false],
    backupname: ['old.conf'],
    check_cmd: ['true', 'grep -q port'],
    tmp_ext: ['.tmp'],
    include_pat: [['*.conf']],
    exclude_pat: [['*.local'], ['E@x$']],
    recurse: [['user', 'mode'], ['ignore_dirs'], []],
    home: ['/home/app', '/srv/home', '/home/new'],
    shell: ['/bin/sh', '/bin/bash'],
    fullname: ['The App', ''],
    password: ['$6$salt$hash'],
    flags: [[], ['IGNORECASE'], 'MULTILINE'],
    present: [['site:name']],
    string: [['site:name']],
    changes: [true, false],
    result: [true, false],
    comment: ['hello'],
  };
}

function sourcesFor(state: string, names: Names): Pools[string] {
  if (state === 'file.rename') return names.paths;
  if (state === 'file.copy') return ['/etc/motd', ...names.paths];
  return state === 'file.recurse' ? ['zester://app', 'app/sub'] : sources;
}

/** A wish for one state. Percent of its arguments are of a `wrong` type; without any it can be built. */
export function randomWish(random: Random, id: string, { state, names, wrong = 0 }: WishOptions): Wish {
  if (state === 'cmd.run' && wrong === 0) return guardedCommand(random, id, names);
  if (state.startsWith('module.')) return { id, state, args: calledFunction(random, names) };
  const known = registry.states.get(state);
  if (known === undefined) throw new TypeError(`There is no state "${state}"`);
  for (let tries = 0; tries < 1_000; tries++) {
    const args = randomArguments(known.args, random, { pools: poolsFor(state, names), always, wrong });
    if (wrong > 0 || canBuild(known, args)) return { id, state, args };
  }
  throw new TypeError(`No arguments fit "${state}": its words in poolsFor are wrong`);
}

export interface WishOptions {
  readonly state: string;
  readonly names: Names;
  readonly wrong?: number;
}

/** A rule about several arguments may refuse what is right one by one. */
function canBuild(state: State, args: Wish['args']): boolean {
  try {
    state.build(rawArguments(state.args, args));
    return true;
  } catch (error) {
    if (isError(error, 'ARGUMENT_INVALID')) return false;
    throw error;
  }
}

function calledFunction(random: Random, { paths, services }: Names): Wish['args'] {
  return pick<Wish['args']>(random, [
    { 'file.remove': [{ path: paths[0] }] },
    { 'file.write': [{ path: paths[0] }, { contents: 'called' }] },
    { 'service.stop': [{ name: services[0] }] },
    { name: 'test.ping' },
  ]);
}

/** A command that runs once: what it makes keeps it from running again. */
function guardedCommand(random: Random, id: string, { paths }: Names): Wish {
  const path = `${paths[0]}.made`;
  const guard = pick<Readonly<Record<string, string>>>(random, [
    { creates: path },
    { unless: `test -e ${path}` },
    { onlyif: `test ! -e ${path}` },
  ]);
  return { id, state: 'cmd.run', args: { name: `echo made > ${path}`, ...guard } };
}

/** The file that declares them, one after the other. */
export function fileOf(wishes: readonly Wish[]): string {
  const states = wishes.map(({ id, state, args }) => [
    id,
    { [state]: Object.entries(args).map(([key, value]) => ({ [key]: value })) },
  ]);
  return JSON.stringify(Object.fromEntries(states), null, 1);
}

/** A machine that some of the wishes hold for already, and some cannot be done on. */
export function randomGiven(random: Random, all: readonly Names[]): Given {
  const planted: Record<string, string | GivenFile> = {};
  for (const path of new Set(all.flatMap((names) => names.paths))) {
    // A path below another needs that one to be a directory, or not to be given at all.
    const above = Object.keys(planted).filter((each) => path.startsWith(`${each}/`));
    if (above.every((each) => isDirectory(planted[each]))) Object.assign(planted, pick(random, nodesAt(path)));
  }
  const packages = all.flatMap((names) => names.packages);
  const services = all.flatMap((names) => names.services);
  return {
    files: { ...planted, '/etc/motd': 'Welcome\n' },
    users: { app: { uid: 801, groups: ['staff'] }, deploy: { uid: 802 }, ...givenUsers(random, all) },
    groups: { staff: { gid: 50 }, ...givenGroups(random, all) },
    packages: Object.fromEntries(packages.filter(() => chance(random, 1, 2)).map((name) => [name, '1.0'])),
    repository: Object.fromEntries(
      packages.filter(() => chance(random, 3, 4)).map((name) => [name, { versions: ['1.0', '2.0'] }]),
    ),
    services: Object.fromEntries(
      services.filter(() => chance(random, 3, 4)).map((name) => [name, randomService(random)]),
    ),
    settings: { site: { name: 'shop' } },
    facts: { os: { family: 'debian' } },
  };
}

function isDirectory(node: string | GivenFile | undefined): boolean {
  return typeof node === 'object' && node.directory === true;
}

function randomService(random: Random): NonNullable<Given['services']>[string] {
  // What is masked is neither running nor enabled.
  if (chance(random, 1, 8)) return { masked: true };
  return { running: chance(random, 1, 2), enabled: chance(random, 1, 2) };
}

function givenUsers(random: Random, all: readonly Names[]): NonNullable<Given['users']> {
  const names = [...new Set(all.flatMap((each) => each.users))].filter((name) => name !== 'app');
  return Object.fromEntries(
    names.filter(() => chance(random, 1, 2)).map((name, index) => [name, { uid: 1300 + index, shell: '/bin/bash' }]),
  );
}

function givenGroups(random: Random, all: readonly Names[]): NonNullable<Given['groups']> {
  const names = [...new Set(all.flatMap((each) => each.groups))].filter((name) => name !== 'app' && name !== 'staff');
  return Object.fromEntries(
    names
      .filter(() => chance(random, 1, 2))
      .map((name, index) => [name, { gid: 1100 + index, members: many(random, 1, () => 'app') }]),
  );
}

/** The state tree that sources are taken from. */
export const tree: Readonly<Record<string, string>> = {
  'app/app.conf': 'port = 80\n',
  'app/motd.jinja': 'port {{ port }}\n',
  'app/sub/x.local': 'x\n',
  motd: 'Managed\n',
};
