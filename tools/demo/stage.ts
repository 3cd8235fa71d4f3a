import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Host, throwAwayHost } from '../../test/hosts/host.ts';
import { probe } from '../../test/hosts/probe.ts';
import { findNatsServer } from '../nats-server.ts';
import { freePort } from '../port.ts';
import { root } from '../source.ts';
import { shellWord } from '../words.ts';
import { endMarked, mark } from './traces.ts';

/** One machine of the demo: a copy of this one in namespaces of its own, or a plain folder that stands for `/`. */
export interface DemoMachine {
  readonly id: string;
  /** Where its files are seen from here. */
  readonly folder: string;
  readonly host: Host | undefined;
}

export interface Stage extends AsyncDisposable {
  readonly states: string;
  /** Folder with a log of each daemon. */
  readonly logs: string;
  readonly machines: readonly DemoMachine[];
  /** Undefined for machines with packages and services; else why they are folders. */
  readonly onlyFolders: string | undefined;
  /** What an operator sets once. */
  readonly operator: Readonly<Record<string, string>>;
  /** The command line that `zester` stands for. */
  readonly zester: readonly string[];
  /** Starts the agent of a machine. */
  startPeel(id: string): void;
  /** `kill -9` on the agent and its runners. */
  killPeel(id: string): Promise<void>;
  /** Runs `zester` to its end. */
  run(argv: readonly string[]): Promise<Ran>;
}

export interface Ran {
  readonly code: number;
  readonly output: string;
}

export interface StageOptions {
  /** Use `dist/` instead of the source. */
  readonly executables: boolean;
  readonly say: (text: string) => void;
}

type Program = 'zester' | 'zester-master' | 'zester-peel';

const ids = ['web-01', 'web-02', 'web-03', 'db-01', 'db-02'];

/**
 * A server, a master and the machines of five peels, each where nothing of it can stay behind. What fails on the way
 * takes what was there already with it.
 */
export async function setTheStage({ executables, say }: StageOptions): Promise<Stage> {
  const stack = new AsyncDisposableStack();
  try {
    return await build(stack, { executables, say });
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}

async function build(stack: AsyncDisposableStack, { executables, say }: StageOptions): Promise<Stage> {
  if (executables && !existsSync(join(root, 'dist/zester')))
    throw new Error('dist/ is empty: run "npm run build" first');
  const dir = mkdtempSync(join(tmpdir(), `${mark}-`));
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  stack.defer(endMarked);
  const logs = join(dir, 'logs');
  mkdirSync(logs);
  const program = (name: Program) =>
    executables ? [join(root, 'dist', name)] : [process.execPath, join(root, 'src/bin', `${name}.ts`)];
  const [natsPort, enrollPort] = [await freePort(), await freePort()];
  const auth = join(dir, 'auth');
  const operator = {
    // Nothing of the person who runs the demo has a say in it.
    ZESTER_CONFIG: join(dir, 'config.yaml'),
    // A slow machine is no fault.
    ZESTER_TIMEOUT: '10m',
  };
  const run = (argv: readonly string[]) => runToEnd([...program('zester'), ...argv], { cwd: dir, env: operator });
  const setUp = async (...argv: readonly string[]) => {
    const ran = await run(argv);
    say(shown(argv, ran));
    if (ran.code !== 0) throw new Error(`"zester ${argv.slice(0, 2).join(' ')}" ended with ${ran.code}`);
    return ran.output;
  };
  const children = new Set<ChildProcess>();
  stack.defer(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all([...children].map(ended));
  });
  const keep = (name: string, child: ChildProcess) => {
    const log = join(logs, `${name}.log`);
    children.add(child);
    child.once('exit', () => children.delete(child));
    // A full pipe would stop it.
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => void (existsSync(logs) && appendFileSync(log, chunk)));
    }
    return child;
  };
  const daemon = (name: string, [command = '', ...argv]: readonly string[]) =>
    // A group of its own: a Ctrl-C is for the demo to act upon, in order.
    keep(name, spawn(command, argv, { cwd: dir, env: marked({}), detached: true, stdio: ['ignore', 'pipe', 'pipe'] }));

  say(`\n$ cd ${shellWord(dir)}`);
  for (const [key, value] of Object.entries(operator)) say(`$ export ${key}=${shellWord(value)}`);
  await setUp('init', '--dir', '.');
  for (const file of ['auth/nats-server.conf', 'master.yaml', 'peel.yaml', 'config.yaml'])
    listenOn({ natsPort, enrollPort }, join(dir, file));
  say(
    `\n# This machine may have a fleet already: NATS is at port ${natsPort} in these files, the master at ${enrollPort}`,
  );
  say('$ nats-server -c auth/nats-server.conf &');
  await printed(daemon('nats-server', [findNatsServer(), '-c', join(auth, 'nats-server.conf')]), /Server is ready/);
  say('$ zester-master --config=master.yaml --health-addr= &');
  const masterFlags = [`--config=${join(dir, 'master.yaml')}`, '--health-addr='];
  await printed(daemon('master', [...program('zester-master'), ...masterFlags]), /Master ready/);

  const can = probe().plain;
  const machines = await Promise.all(
    ids.map(async (id): Promise<DemoMachine> => {
      if (can !== true) return { id, folder: emptyRoot(join(dir, 'machines', id)), host: undefined };
      // The programs too: a host has a /tmp of its own, which would hide a clone that lies there.
      const host = stack.use(await throwAwayHost({ name: id, binds: [dir], reads: [root] }));
      return { id, folder: host.root, host };
    }),
  );
  const machineOf = (id: string) => {
    const machine = machines.find((each) => each.id === id);
    if (machine === undefined) throw new Error(`There is no machine "${id}"`);
    return machine;
  };
  const peelFlags = ({ id, folder, host }: DemoMachine) => [
    `--config=${join(dir, 'peel.yaml')}`,
    `--id=${id}`,
    `--auth-dir=${join(dir, 'peels', id, 'auth')}`,
    `--data-dir=${join(dir, 'peels', id)}`,
    `--states-cache=${join(dir, 'peels', id, 'states')}`,
    '--health-addr=',
    '--runner-warm=5s',
    ...(host === undefined ? [`--root=${folder}`] : []),
  ];
  const peels = new Map<string, ChildProcess>();

  return {
    states: join(dir, 'states'),
    logs,
    machines,
    onlyFolders: can === true ? undefined : can,
    operator,
    zester: program('zester'),
    startPeel(id) {
      const machine = machineOf(id);
      const argv = [...program('zester-peel'), ...peelFlags(machine)];
      const flags = peelFlags(machine).join(' ').replaceAll(`${dir}/`, '');
      // One of them in full is enough to read.
      say(peels.size === 0 ? `${id}# zester-peel ${flags} &` : `${id}# zester-peel --id=${id} … &`);
      const child = machine.host
        ? keep(id, machine.host.spawn(argv, { stdio: ['ignore', 'pipe', 'pipe'] }))
        : daemon(id, argv);
      peels.set(id, child);
    },
    async killPeel(id) {
      const { host } = machineOf(id);
      const child = peels.get(id);
      if (host) await host.run(['sh', '-c', `pkill -9 -f -- --id=${id}; pkill -9 -f 'runner --root'; true`]);
      child?.kill('SIGKILL');
      if (child) await ended(child);
    },
    run,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** A command as it is typed and what it printed. */
export function shown(argv: readonly string[], { code, output }: Ran): string {
  const lines = [`\n$ zester ${argv.map(shellWord).join(' ')}`, output.trimEnd(), code === 0 ? '' : `(exit ${code})`];
  return lines.filter((line) => line !== '').join('\n');
}

/** What an operator edits in a file of "zester init" on a machine that has others. */
function listenOn(
  { natsPort, enrollPort }: { readonly natsPort: number; readonly enrollPort: number },
  file: string,
): void {
  const text = readFileSync(file, 'utf8');
  const moved = text.replaceAll(/\b(?:localhost|127\.0\.0\.1):4222\b/g, `127.0.0.1:${natsPort}`);
  writeFileSync(file, moved.replaceAll(/\b(?:localhost|127\.0\.0\.1):8443\b/g, `127.0.0.1:${enrollPort}`));
}

/** What any root has, and what tells its facts which system it is. */
function emptyRoot(folder: string): string {
  for (const each of ['etc', 'tmp', 'var', 'usr']) mkdirSync(join(folder, each), { recursive: true });
  if (existsSync('/etc/os-release')) writeFileSync(join(folder, 'etc/os-release'), readFileSync('/etc/os-release'));
  return folder;
}

/** Without what an operator's shell says of another fleet. */
function marked(more: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(ZESTER_|NATS_(?!SERVER$))/.test(name));
  return { ...Object.fromEntries(own), ...more, DEMO_MARK: mark };
}

async function runToEnd(
  [command = '', ...argv]: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<Ran> {
  const child = spawn(command, argv, { cwd, env: marked(env), detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const take = (chunk: Buffer) => {
    output += chunk.toString();
  };
  for (const stream of [child.stdout, child.stderr]) stream.on('data', take);
  await ended(child);
  return { code: child.exitCode ?? 1, output };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise((resolve) => child.once('close', resolve));
}

async function printed(child: ChildProcess, pattern: RegExp): Promise<void> {
  let text = '';
  await new Promise<void>((resolve, reject) => {
    const take = (chunk: Buffer) => {
      text += chunk.toString();
      if (pattern.test(text)) resolve();
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`It ended with ${code}:\n${text}`)));
  });
}
