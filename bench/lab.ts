import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type TestNats, testNats } from '../test/harness/nats.ts';

/** A real environment for measuring: a server, a master process, and processes full of peels. */
export interface Lab extends AsyncDisposable {
  readonly nats: TestNats;
  /** Starts `zester-master` as its own process; resolves when it is ready. */
  startMaster(): Promise<ChildProcess>;
  /** Starts one process with this many connected peels; resolves when their facts are published. */
  startPeels(ids: readonly string[]): Promise<ChildProcess>;
}

const repository = new URL('..', import.meta.url).pathname;

export async function openLab({ executables = false } = {}): Promise<Lab> {
  const nats = await testNats();
  const children: ChildProcess[] = [];
  const start = async (command: readonly string[], ready: RegExp, input?: unknown): Promise<ChildProcess> => {
    const [program = '', ...argv] = command;
    const child = spawn(program, argv, { stdio: ['pipe', 'pipe', 'pipe'], cwd: repository });
    children.push(child);
    if (input !== undefined) child.stdin?.end(`${JSON.stringify(input)}\n`);
    await printed(child, ready);
    return child;
  };
  return {
    nats,
    startMaster() {
      const states = join(nats.dir, 'states');
      mkdirSync(states, { recursive: true });
      const program = executables
        ? [join(repository, 'dist', 'zester-master')]
        : [process.execPath, 'src/bin/zester-master.ts'];
      const flags = [
        `--nats-url=${nats.url}`,
        `--auth-dir=${nats.auth.path}`,
        `--states-dir=${states}`,
        '--enroll-addr=',
        '--health-addr=',
      ];
      return start([...program, '--config=/dev/null', ...flags], /Master ready/);
    },
    startPeels(ids) {
      const peels = ids.map((id) => ({ id, credentials: nats.credentials.peel(id) }));
      const input = { url: nats.url, ca: nats.ca, dir: join(nats.dir, 'peels'), auth: nats.auth.path, peels };
      return start([process.execPath, 'bench/peels-process.ts'], /peels ready/, input);
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) child.kill('SIGKILL');
      await nats[Symbol.asyncDispose]();
    },
  };
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
