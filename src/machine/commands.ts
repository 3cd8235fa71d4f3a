import { type ChildProcess, spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { delay } from '#base/time.ts';
import { commandDirectoryUnknown, commandUnknown, machineError, userUnknown } from './errors.ts';
import type { CommandOptions, CommandResult, Commands } from './machine.ts';

export interface RealCommandsOptions {
  /** Prefix of working directories, for a machine that lives in a folder; programs stay those of the real one. */
  readonly root?: string | undefined;
  /** Bytes kept of each output stream. */
  readonly outputLimit?: number;
  /** How long a process group may take to end by itself before it is killed. */
  readonly graceMs?: number;
}

// An agent started by init may have a PATH without the places where administrators' programs are.
const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A daemon that a command leaves behind often keeps its output open: this long is waited for the rest of it. */
const lingerMs = 500;

/** The commands port: processes of this machine. The one file that starts any. */
export function realCommands({
  root = '',
  outputLimit = 4 * 1024 * 1024,
  graceMs = 3_000,
}: RealCommandsOptions = {}): Commands {
  const commands: Commands = {
    async run(argv, options = {}) {
      const { cwd, user, umask, signal } = options;
      if (signal?.aborted) throw aborted(argv[0]);
      const path = options.env?.PATH ?? process.env.PATH;
      const program = await find(argv[0], path, cwd && root + cwd);
      if (cwd !== undefined && !(await isDirectory(root + cwd))) throw commandDirectoryUnknown(argv[0], cwd);
      const account = user === undefined ? undefined : await accountOf(user, argv[0]);
      const inner = [program, ...argv.slice(1)];
      const masked =
        umask === undefined ? inner : ['/bin/sh', '-c', `umask ${octal(umask)}; exec "$@"`, 'sh', ...inner];
      const [file = program, ...args] = account === undefined ? masked : await asUser(account, masked);
      const child = spawn(file, args, {
        cwd: cwd === undefined ? undefined : root + cwd,
        env: { PATH: systemPath, ...process.env, ...(account && identity(account)), ...options.env },
        // A group of its own, so that all that the command starts can be ended together.
        detached: true,
        stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      });
      return finished(child, { name: argv[0], options, outputLimit, graceMs });
    },

    async which(program) {
      return find(program, process.env.PATH).catch(() => undefined);
    },
  };
  return commands;
}

interface Watch {
  readonly name: string;
  readonly options: CommandOptions;
  readonly outputLimit: number;
  readonly graceMs: number;
}

async function finished(child: ChildProcess, { name, options, outputLimit, graceMs }: Watch): Promise<CommandResult> {
  const stdout = collect(child.stdout, outputLimit);
  const stderr = collect(child.stderr, outputLimit);
  const over = new AbortController();
  let timedOut = false;
  const end = () => void endGroup(child, graceMs, over.signal);
  const timer =
    options.timeoutMs === undefined
      ? undefined
      : setTimeout(() => {
          timedOut = true;
          end();
        }, options.timeoutMs);
  options.signal?.addEventListener('abort', end, { once: true });
  // It may have aborted while the program was looked for.
  if (options.signal?.aborted) end();
  feed(child, options.input);
  try {
    const code = await exitCode(child, name);
    await Promise.race([Promise.all([stdout.ended, stderr.ended]), delay(lingerMs, over.signal)]);
    if (options.signal?.aborted) throw aborted(name);
    return { code, stdout: stdout.text(), stderr: stderr.text(), timedOut };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', end);
    over.abort();
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}

function exitCode(child: ChildProcess, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(notStarted(name, error)));
    child.once('exit', (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
  });
}

/** Asks the whole group to end, and after the grace makes it. */
async function endGroup({ pid }: ChildProcess, graceMs: number, gone: AbortSignal): Promise<void> {
  if (pid === undefined) return;
  signalGroup(pid, 'SIGTERM');
  await delay(graceMs, gone);
  // Also when the leader has gone: those it started may have ignored the request.
  signalGroup(pid, 'SIGKILL');
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: nobody is left, which is what was wanted.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function feed(child: ChildProcess, input: CommandOptions['input']): void {
  if (child.stdin === null) return;
  // A program that ends without reading its input breaks the pipe; its exit code tells what matters.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
}

/** Keeps the first bytes of a stream; the note at the end says how many were left out. */
function collect(stream: ChildProcess['stdout'], limit: number): { readonly ended: Promise<void>; text(): string } {
  const chunks: Uint8Array[] = [];
  let [kept, cut] = [0, 0];
  stream?.on('data', (chunk: Uint8Array) => {
    const part = chunk.subarray(0, limit - kept);
    if (part.length > 0) chunks.push(part);
    kept += part.length;
    cut += chunk.length - part.length;
  });
  return {
    ended: new Promise((resolve) => {
      if (stream === null) resolve();
      stream?.once('close', resolve);
      stream?.once('end', resolve);
    }),
    text: () => Buffer.concat(chunks).toString('utf8') + (cut > 0 ? `\n[${cut} more bytes were cut]\n` : ''),
  };
}

async function find(program: string, path: string | undefined, cwd = process.cwd()): Promise<string> {
  if (program.includes('/')) {
    const place = program.startsWith('/') ? program : `${cwd}/${program}`;
    if (await isProgram(place)) return place;
    if (await exists(place)) {
      throw machineError('COMMAND_DENIED', `Cannot run "${program}": it is not an executable file`);
    }
    throw commandUnknown(program);
  }
  for (const folder of `${path ?? ''}:${systemPath}`.split(':')) {
    if (folder !== '' && program !== '' && (await isProgram(`${folder}/${program}`))) return `${folder}/${program}`;
  }
  throw commandUnknown(program);
}

async function isProgram(place: string): Promise<boolean> {
  try {
    const stat = await fs.stat(place);
    return stat.isFile() && (stat.mode & 0o111) !== 0;
  } catch {
    return false;
  }
}

async function exists(place: string): Promise<boolean> {
  return fs.stat(place).then(
    () => true,
    () => false,
  );
}

async function isDirectory(place: string): Promise<boolean> {
  return fs.stat(place).then(
    (stat) => stat.isDirectory(),
    () => false,
  );
}

interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

async function accountOf(name: string, program: string): Promise<Account> {
  const lines = (await fs.readFile('/etc/passwd', 'utf8')).split('\n');
  const fields = lines.map((line) => line.split(':')).find(([user]) => user === name);
  if (fields === undefined) throw userUnknown(`run "${program}"`, name);
  const [, , uid, gid, , home = '/', shell = ''] = fields;
  return { name, uid: Number(uid), gid: Number(gid), home, shell: shell || '/bin/sh' };
}

/** The command as another user, with that user's groups: `setpriv` where util-linux is, else BusyBox's `su`. */
async function asUser({ name, uid, gid }: Account, argv: readonly string[]): Promise<readonly string[]> {
  if (process.getuid?.() === uid) return argv;
  const setpriv = await find('setpriv', process.env.PATH).catch(() => undefined);
  // BusyBox has a setpriv too, but that one cannot change ids.
  const isBusybox = setpriv !== undefined && (await fs.realpath(setpriv)).endsWith('busybox');
  if (setpriv !== undefined && !isBusybox) {
    return [setpriv, `--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--', ...argv];
  }
  const su = await find('su', process.env.PATH);
  return [su, '-s', '/bin/sh', '-c', 'exec "$0" "$@"', name, '--', ...argv];
}

function identity({ name, home, shell }: Account): Readonly<Record<string, string>> {
  return { USER: name, LOGNAME: name, HOME: home, SHELL: shell };
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

const signalNumbers: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGBUS: 7,
  SIGFPE: 8,
  SIGKILL: 9,
  SIGUSR1: 10,
  SIGSEGV: 11,
  SIGUSR2: 12,
  SIGPIPE: 13,
  SIGALRM: 14,
  SIGTERM: 15,
};

function signalNumber(signal: string | null): number {
  return signalNumbers[signal ?? ''] ?? 0;
}

function notStarted(name: string, error: Error): Error {
  const code = 'code' in error ? error.code : '';
  if (code === 'EACCES') {
    return machineError('COMMAND_DENIED', `Cannot run "${name}": the permission is missing`, { cause: error });
  }
  return machineError('COMMAND_FAILED', `Cannot run "${name}": ${error.message}`, { cause: error });
}

function aborted(name: string): Error {
  return machineError('COMMAND_ABORTED', `Cannot finish "${name}": it was told to stop`);
}
