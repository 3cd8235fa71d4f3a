import { type ChildProcess, spawn } from 'node:child_process';
import { root } from '../../../tools/source.ts';

/** A program of ours as its own process, to be stopped, killed and started again. */
export interface Program extends AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly isAlive: boolean;
  /** What it printed in all its lives. */
  log(): string;
  /** Resolves when its log, since the mark, shows this; throws when it does not in time. */
  logged(pattern: RegExp, options?: { readonly since?: number; readonly timeoutMs?: number }): Promise<RegExpExecArray>;
  /** Where its log is now. */
  mark(): number;
  /** `kill -9`. */
  kill(): Promise<void>;
  /** SIGTERM, and what it does with it. */
  stop(): Promise<void>;
  /** SIGSTOP: it is there, and does nothing. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** Starts it again, killing it first when it lives; resolves when it is ready. */
  restart(): Promise<void>;
}

export interface ProgramOptions {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What it prints when it is ready; without it is ready when it runs. */
  readonly ready?: RegExp;
}

const readyWithinMs = 20_000;

export async function startProgram({ name, argv, env = {}, ready }: ProgramOptions): Promise<Program> {
  const [command = '', ...rest] = argv;
  let text = '';
  let child: ChildProcess;
  let ended: Promise<void>;

  const isAlive = () => child.exitCode === null && child.signalCode === null;
  const start = async () => {
    const since = text.length;
    child = spawn(command, rest, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    const take = (chunk: Buffer) => {
      text += chunk.toString();
    };
    child.stdout?.on('data', take);
    child.stderr?.on('data', take);
    const withUs = () => void child.kill('SIGKILL');
    process.once('exit', withUs);
    ended = new Promise((resolve) => child.once('close', resolve).once('error', () => resolve()));
    void ended.then(() => process.off('exit', withUs));
    if (ready) await program.logged(ready, { since });
  };
  const signalled = async (signal: NodeJS.Signals) => {
    if (isAlive()) child.kill(signal);
    await ended;
  };

  const program: Program = {
    name,
    get pid() {
      return child.pid ?? 0;
    },
    get isAlive() {
      return isAlive();
    },
    log: () => text,
    mark: () => text.length,
    async logged(pattern, { since = 0, timeoutMs = readyWithinMs } = {}) {
      const deadline = performance.now() + timeoutMs;
      for (;;) {
        const found = pattern.exec(text.slice(since));
        if (found) return found;
        if (!isAlive())
          throw new Error(`${name} ended with ${child.signalCode ?? child.exitCode}:\n${text.slice(since)}`);
        if (performance.now() > deadline)
          throw new Error(`${name} did not say ${pattern} in ${timeoutMs} ms:\n${text.slice(since).slice(-3_000)}`);
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    kill: () => signalled('SIGKILL'),
    stop: () => signalled('SIGTERM'),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    async restart() {
      await signalled('SIGKILL');
      await start();
    },
    [Symbol.asyncDispose]: () => signalled('SIGKILL'),
  };
  try {
    await start();
  } catch (error) {
    await signalled('SIGKILL');
    throw error;
  }
  return program;
}

export interface Ran {
  /** 128 and more when a signal ended it. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, or for so long. */
export async function runProgram(
  argv: readonly string[],
  {
    env = {},
    timeoutMs = 60_000,
  }: { readonly env?: Readonly<Record<string, string>>; readonly timeoutMs?: number } = {},
): Promise<Ran> {
  const [command = '', ...rest] = argv;
  const child = spawn(command, rest, { cwd: root, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  await new Promise((resolve, reject) => child.once('close', resolve).once('error', reject));
  clearTimeout(timer);
  return { code: child.exitCode ?? 137, stdout, stderr };
}
