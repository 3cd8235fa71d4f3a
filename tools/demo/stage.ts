import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Host, throwAwayHost } from '../../test/hosts/host.ts';
import { probe } from '../../test/hosts/probe.ts';
import { findNatsServer } from '../nats-server.ts';
import { root } from '../source.ts';

/** One machine of the demo: a copy of this one in namespaces of its own, or a plain folder that stands for `/`. */
export interface DemoMachine {
  readonly id: string;
  /** Where its files are seen from here. */
  readonly folder: string;
  readonly host: Host | undefined;
}

export interface Stage extends AsyncDisposable {
  readonly dir: string;
  readonly states: string;
  readonly machines: readonly DemoMachine[];
  /** Undefined for machines with packages and services; else why they are folders. */
  readonly onlyFolders: string | undefined;
  /** What an operator sets once. */
  readonly operator: Readonly<Record<string, string>>;
  /** Starts the agent of a machine. */
  startPeel(id: string): void;
  /** `kill -9` on the agent and its runners. */
  killPeel(id: string): Promise<void>;
  /** Runs one of our programs to its end. */
  run(program: 'zester', argv: readonly string[]): Promise<Ran>;
  start(program: 'zester', argv: readonly string[]): Promise<Ran>;
}

export interface Ran {
  readonly code: number;
  readonly output: string;
}

const ids = ['web-01', 'web-02', 'web-03', 'db-01', 'db-02'];

/** A server, a master and the machines of five peels, each where nothing of it can stay behind. */
export async function setTheStage(executables: boolean): Promise<Stage> {
  const stack = new AsyncDisposableStack();
  const dir = mkdtempSync(join(tmpdir(), 'zester-demo-'));
  stack.defer(() => rmSync(dir, { recursive: true, force: true }));
  const log = join(dir, 'demo.log');
  const program = (name: string) =>
    executables ? [join(root, 'dist', name)] : [process.execPath, join(root, 'src/bin', `${name}.ts`)];
  const children = new Set<ChildProcess>();
  stack.defer(async () => {
    for (const child of children) child.kill('SIGKILL');
    await Promise.all([...children].map((child) => ended(child)));
  });
  const daemon = (argv: readonly string[]) => {
    const [command = '', ...rest] = argv;
    const child = spawn(command, rest, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    keep(child, children, log);
    return child;
  };

  const [natsPort, enrollPort] = [await freePort(), await freePort()];
  const auth = join(dir, 'auth');
  const states = join(dir, 'states');
  mkdirSync(states);
  const operator = {
    NATS_URL: `tls://127.0.0.1:${natsPort}`,
    NATS_CA_FILE: join(auth, 'nats-ca.crt'),
    ZESTER_CREDS: join(auth, 'admin.creds'),
  };
  const run = (name: string, argv: readonly string[]) =>
    runToEnd([...program(name), ...argv], { ...process.env, ...operator });

  await must(run('zester', ['ca', 'init', '--dir', join(auth, 'ca')]));
  await must(run('zester', ['nats-auth', 'init', '--dir', auth, '--jetstream-store', join(dir, 'jetstream')]));
  await must(
    run('zester', [
      'ca',
      'issue',
      'nats-server',
      '--dir',
      join(auth, 'ca'),
      '--out',
      auth,
      '--dns',
      'localhost',
      '--ip',
      '127.0.0.1',
    ]),
  );
  const conf = join(auth, 'nats-server.conf');
  const text = readFileSync(conf, 'utf8').replace('0.0.0.0:4222', `127.0.0.1:${natsPort}`);
  writeFileSync(conf, text.replace('/var/lib/nats/accounts', join(dir, 'accounts')));
  await printed(daemon([findNatsServer(), '-c', conf]), /Server is ready/);
  const { output: pin } = await must(run('zester', ['ca', 'fingerprint', '--dir', join(auth, 'ca')]));
  const master = [
    '--config=/dev/null',
    `--nats-url=${operator.NATS_URL}`,
    `--auth-dir=${auth}`,
    `--states-dir=${states}`,
    `--enroll-addr=127.0.0.1:${enrollPort}`,
    '--health-addr=',
  ];
  await printed(daemon([...program('zester-master'), ...master]), /Master ready/);

  const can = probe().plain;
  const machines = await Promise.all(
    ids.map(async (id): Promise<DemoMachine> => {
      if (can === true) {
        const host = stack.use(await throwAwayHost({ name: id, binds: [dir, root] }));
        return { id, folder: host.root, host };
      }
      const folder = join(dir, 'machines', id);
      for (const each of ['etc', 'tmp', 'var', 'usr']) mkdirSync(join(folder, each), { recursive: true });
      return { id, folder, host: undefined };
    }),
  );
  const peels = new Map<string, ChildProcess>();
  const peelCommand = ({ id, folder, host }: DemoMachine) => {
    const own = join(dir, 'peels', id);
    return [
      ...program('zester-peel'),
      ...[
        '--config=/dev/null',
        `--id=${id}`,
        `--master-urls=https://127.0.0.1:${enrollPort}`,
        `--enroll-ca-pin=${pin.trim()}`,
      ],
      ...[
        `--auth-dir=${own}/auth`,
        `--data-dir=${own}`,
        `--states-cache=${own}/states`,
        '--health-addr=',
        '--runner-warm=5s',
      ],
      ...(host === undefined ? [`--root=${folder}`] : []),
    ];
  };

  return {
    dir,
    states,
    machines,
    onlyFolders: can === true ? undefined : can,
    operator,
    startPeel(id) {
      const machine = machines.find((each) => each.id === id);
      if (machine === undefined) throw new Error(`No machine "${id}"`);
      const argv = peelCommand(machine);
      const child = machine.host
        ? machine.host.spawn(argv, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/' })
        : daemon(argv);
      keep(child, children, log);
      peels.set(id, child);
    },
    async killPeel(id) {
      const machine = machines.find((each) => each.id === id);
      const child = peels.get(id);
      if (machine?.host)
        await machine.host.run(['sh', '-c', `pkill -9 -f -- --id=${id}; pkill -9 -f 'runner --root'; true`]);
      child?.kill('SIGKILL');
      if (child) await ended(child);
    },
    run,
    start: run,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** Reads what a daemon prints into the demo's log: a full pipe would stop it. */
function keep(child: ChildProcess, children: Set<ChildProcess>, log: string): void {
  if (children.has(child)) return;
  children.add(child);
  const write = (chunk: Buffer) => {
    if (existsSync(log.slice(0, log.lastIndexOf('/')))) appendFileSync(log, chunk);
  };
  child.stdout?.on('data', write);
  child.stderr?.on('data', write);
}

async function runToEnd([command = '', ...argv]: readonly string[], env: NodeJS.ProcessEnv): Promise<Ran> {
  const child = spawn(command, argv, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await ended(child);
  return { code: child.exitCode ?? 1, output };
}

async function must(running: Promise<Ran>): Promise<Ran> {
  const ran = await running;
  if (ran.code !== 0) throw new Error(`A step of the set-up ended with ${ran.code}:\n${ran.output}`);
  return ran;
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
    child.once('exit', (code) => reject(new Error(`It ended with ${code}:\n${text}`)));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
