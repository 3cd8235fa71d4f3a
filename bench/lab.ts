import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectBus } from '#bus/connect.ts';
import { resolveIdentity } from '#peel/enroll/identity.ts';
import { memberFiles } from '#peel/enroll/standing.ts';
import { writeBundle } from '#peel/enroll/trust-store.ts';
import { writeFile } from '#trust/files.ts';
import { formatCredentials } from '#trust/jwt.ts';
import { bundleOf } from '#trust/rotate.ts';
import { channels } from '#wire/channels.ts';
import { recordMembers } from '../test/harness/members.ts';
import { type TestNats, testNats } from '../test/harness/nats.ts';
import { root } from '../tools/source.ts';
import { executables as built, type Program } from './executables.ts';

/** A real environment for measuring: a server, a master process, and processes full of peels. */
export interface Lab extends AsyncDisposable {
  readonly nats: TestNats;
  /** Folder of the state tree that the master publishes. */
  readonly states: string;
  /** Starts `zester-master` as its own process; resolves when it is ready. */
  startMaster(): Promise<ChildProcess>;
  /** Starts one process with this many connected peels; resolves when their facts are published. */
  startPeels(ids: readonly string[]): Promise<ChildProcess>;
  /** Starts one process with this many bare connections, which answer and do nothing else: a floor. */
  startAnswerers(ids: readonly string[]): Promise<ChildProcess>;
  /** Starts a program that is only connected, as an operator: a floor. */
  startBare(program: string): Promise<ChildProcess>;
  /** Starts `zester-peel` as its own process, a member already; resolves when the master sees it. */
  startPeel(id: string): Promise<ChildProcess>;
  /** The command line of `zester` as an operator types it, and the environment that goes with it. */
  readonly operator: { readonly program: readonly string[]; readonly env: NodeJS.ProcessEnv };
  /** Runs `zester` with these words and gives what it printed; throws when it does not end with 0. */
  zester(...argv: readonly string[]): string;
  /** The same, whatever it ends with: its exit code, and what it printed. */
  tryZester(...argv: readonly string[]): { readonly code: number; readonly out: string };
  /** Resolves when the master sees this many peels. */
  online(peels: number): Promise<void>;
}

/** Runs from source, or with `executables` as built. */
export async function openLab({ executables = false } = {}): Promise<Lab> {
  const programs = executables ? built(['zester', 'zester-master', 'zester-peel']) : undefined;
  const command = (program: Program) => (programs ? [programs[program]] : [process.execPath, `src/bin/${program}.ts`]);
  const nats = await testNats();
  const states = join(nats.dir, 'states');
  mkdirSync(states, { recursive: true });
  const children: ChildProcess[] = [];
  let started = 0;
  const start = async (argv: readonly string[], ready: RegExp, input?: unknown): Promise<ChildProcess> => {
    const [program = '', ...rest] = argv;
    const child = spawn(program, rest, { stdio: ['pipe', 'pipe', 'pipe'], cwd: root });
    children.push(child);
    if (input !== undefined) child.stdin?.end(`${JSON.stringify(input)}\n`);
    await printed(child, ready);
    return child;
  };

  const lab: Lab = {
    nats,
    states,
    operator: {
      program: command('zester'),
      env: { ...process.env, NATS_URL: nats.url, NATS_CA_FILE: nats.caFile, ZESTER_CREDS: adminCredentials(nats) },
    },
    startMaster() {
      const flags = [
        '--config=/dev/null',
        `--nats-url=${nats.url}`,
        `--auth-dir=${nats.auth.path}`,
        `--states-dir=${states}`,
        '--enroll-addr=',
        '--health-addr=',
      ];
      return start([...command('zester-master'), ...flags], /Master ready/);
    },
    async startPeels(ids) {
      const peels = ids.map((id) => ({ id, credentials: nats.credentials.peel(id) }));
      await recordMembers(nats, ids);
      const input = { url: nats.url, ca: nats.ca, dir: join(nats.dir, 'peels'), auth: nats.auth.path, peels };
      const child = await start([process.execPath, 'bench/peels-process.ts'], /peels ready/, input);
      started += ids.length;
      return child;
    },
    startAnswerers(ids) {
      const peels = ids.map((id) => ({ id, credentials: nats.credentials.peel(id) }));
      const input = { url: nats.url, ca: nats.ca, peels };
      return start([process.execPath, 'bench/floors/answer.ts'], /answering/, input);
    },
    startBare: (program) => start([program, nats.url, nats.caFile, adminCredentials(nats)], /connected/),
    async startPeel(id) {
      const dir = join(nats.dir, 'peel', id);
      becomeMember(nats, id, join(dir, 'auth'));
      await recordMembers(nats, [id]);
      const flags = [
        '--config=/dev/null',
        `--id=${id}`,
        `--auth-dir=${join(dir, 'auth')}`,
        `--data-dir=${dir}`,
        `--states-cache=${join(dir, 'states')}`,
        '--health-addr=',
      ];
      const child = await start([...command('zester-peel'), ...flags], /"Ready"/);
      await lab.online(++started);
      return child;
    },
    zester(...argv) {
      const [program = '', ...before] = lab.operator.program;
      return execFileSync(program, [...before, ...argv], { cwd: root, env: lab.operator.env, encoding: 'utf8' });
    },
    tryZester(...argv) {
      const [program = '', ...before] = lab.operator.program;
      const ended = spawnSync(program, [...before, ...argv], { cwd: root, env: lab.operator.env, encoding: 'utf8' });
      return { code: ended.status ?? -1, out: ended.stdout + ended.stderr };
    },
    async online(peels) {
      await using bus = await connectBus({
        servers: [nats.url],
        ca: nats.ca,
        credentials: formatCredentials(nats.credentials.operator()),
        name: 'bench',
        retry: false,
      });
      const deadline = Date.now() + 120_000;
      while ((await bus.request(channels.ping, {}, {})).online < peels) {
        if (Date.now() > deadline) throw new Error('The peels did not all come online within two minutes');
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill('SIGKILL');
      await nats[Symbol.asyncDispose]();
    },
  };
  return lab;
}

function adminCredentials(nats: TestNats): string {
  const path = join(nats.dir, 'admin.creds');
  writeFileSync(path, formatCredentials(nats.credentials.operator()), { mode: 0o600 });
  return path;
}

/** What enrolment leaves in a peel's auth folder. */
export function becomeMember(nats: TestNats, id: string, authDir: string): void {
  const { peel, key } = resolveIdentity({ authDir, id });
  writeBundle(join(authDir, memberFiles.trust), bundleOf(nats.auth.index));
  writeFile(join(authDir, memberFiles.natsCa), nats.ca);
  writeFile(join(authDir, memberFiles.natsUrls), `${nats.url}\n`);
  writeFile(join(authDir, memberFiles.credentials(peel)), formatCredentials(nats.credentials.peel(id, key)));
}

/** Resolves when either output shows the pattern; rejects with what was printed when the process ends before. */
async function printed(child: ChildProcess, pattern: RegExp): Promise<void> {
  let text = '';
  await new Promise<void>((resolve, reject) => {
    const take = (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-20_000);
      if (pattern.test(text)) resolve();
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    child.once('exit', (code) => reject(new Error(`A process of the lab ended with ${code}:\n${text}`)));
  });
}
