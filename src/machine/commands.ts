import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { delay } from '#base/time.ts';
import { type Account, accountOf, gidOf, homeOf, identity, ownAccount, withIds } from './account.ts';
import { commandVariable, inheritable } from './environment.ts';
import { commandDirectoryUnknown, machineError } from './errors.ts';
import type { CommandOptions, CommandResult, Commands } from './machine.ts';
import { collectOutput, type Output, type Spill } from './output.ts';
import type { Cgroup, Cgroups } from './processes/cgroup.ts';
import { type Ending, endProcesses } from './processes/end.ts';
import { familyOf } from './processes/family.ts';
import { leftText } from './processes/words.ts';
import { findProgram, isDirectory, systemPath } from './program.ts';
import { once } from './provider.ts';

/** What the job a command belongs to brings along. */
export interface CommandJob {
  /** In the environment of each of its commands. */
  readonly environment: Readonly<Record<string, string>>;
  /** Where its long outputs go: asked once for each command that has one. */
  readonly spills?: (() => (stream: 'stdout' | 'stderr') => Spill) | undefined;
}

export interface RealCommandsOptions {
  /** Prefix of working directories, for a machine that lives in a folder; programs stay those of the real one. */
  readonly root?: string | undefined;
  /** Bytes kept of each output stream that people read. */
  readonly shownBytes?: number;
  /** Bytes of each output stream that a program reads: more is an error. */
  readonly wholeBytes?: number;
  /** How long what a command started may take to end by itself, once its time is over. */
  readonly graceMs?: number;
  /** The same when the job is told to stop: it must still have time to say so. */
  readonly abortGraceMs?: number;
  /** The job that is at work. */
  readonly job?: (() => CommandJob | undefined) | undefined;
  /** Where a command with a time limit gets a group of its own; asked when there is such a command. */
  readonly cgroups?: (() => Cgroups | undefined) | undefined;
}

/** A daemon that a command leaves behind often keeps its output open: this long is waited for the rest of it. */
const lingerMs = 500;

/** The commands port: processes of this machine. The one file that starts any. */
export function realCommands({
  root = '',
  shownBytes = 1024 * 1024,
  wholeBytes = 32 * 1024 * 1024,
  graceMs = 3_000,
  abortGraceMs = 1_000,
  job,
  cgroups,
}: RealCommandsOptions = {}): Commands {
  const agent = once(ownAccount);
  const commands: Commands = {
    async run(argv, options = {}) {
      const { user, umask, prependPath, signal } = options;
      if (signal?.aborted) throw aborted(argv[0]);
      const plainPath = options.env?.PATH ?? process.env.PATH ?? systemPath;
      const path = prependPath === undefined ? plainPath : `${prependPath}:${plainPath}`;
      const account = user === undefined ? undefined : await accountOf(user, argv[0]);
      const gid = options.group === undefined ? undefined : await gidOf(options.group, argv[0]);
      const own = account ?? (await agent());
      const cwd = options.cwd ?? (await homeOf(own, root));
      const program = await findProgram(argv[0], path, root + cwd);
      if (options.cwd !== undefined && !(await isDirectory(root + cwd))) throw commandDirectoryUnknown(argv[0], cwd);
      const mark = randomBytes(8).toString('hex');
      const groups = options.timeoutMs === undefined ? undefined : cgroups?.();
      const group = groups?.make(`command-${mark}`);
      const words = await wrapped([program, ...argv.slice(1)], { umask, account, gid, group });
      const [file = program, ...args] = words;
      const { environment, spills } = job?.() ?? {};
      const child = spawn(file, args, {
        cwd: root + cwd,
        env: {
          PATH: systemPath,
          // An init system starts the agent without a home.
          ...(own && identity(own)),
          ...inheritable(process.env),
          ...(account && identity(account)),
          ...options.env,
          ...(prependPath === undefined ? {} : { PATH: path }),
          ...environment,
          [commandVariable]: mark,
        },
        // A session of its own: what it starts there can be found, and the terminal's signals do not reach it.
        detached: true,
        stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      });
      const limits = { shownBytes, wholeBytes, graceMs, abortGraceMs };
      try {
        return await finished(child, { name: argv[0], mark, group, options, spills, ...limits });
      } finally {
        if (group && groups) giveBack(group, groups);
      }
    },

    async which(program) {
      return findProgram(program, process.env.PATH).catch(() => undefined);
    },
  };
  return commands;
}

interface Wrapping {
  readonly umask: number | undefined;
  readonly account: Account | undefined;
  readonly gid: number | undefined;
  readonly group: Cgroup | undefined;
}

/** The words with those before them that change the umask and the user, and join the group. */
async function wrapped(inner: readonly string[], { umask, account, gid, group }: Wrapping): Promise<readonly string[]> {
  const masked = umask === undefined ? inner : ['/bin/sh', '-c', `umask ${octal(umask)}; exec "$@"`, 'sh', ...inner];
  const other = await withIds(masked, { account, gid });
  if (group === undefined) return other;
  // It joins before it is the command: so nothing of it is ever outside.
  return ['/bin/sh', '-c', '{ echo $$ > "$0"; } 2>/dev/null; exec "$@"', group.door, ...other];
}

/** What a command leaves behind on purpose goes on in the job's own group. */
function giveBack(group: Cgroup, cgroups: Cgroups): void {
  for (let tries = 0; !group.remove() && tries < 20; tries++) cgroups.takeIn(group.pids());
}

interface Watch {
  readonly name: string;
  readonly mark: string;
  readonly group: Cgroup | undefined;
  readonly options: CommandOptions;
  readonly spills: CommandJob['spills'];
  readonly shownBytes: number;
  readonly wholeBytes: number;
  readonly graceMs: number;
  readonly abortGraceMs: number;
}

async function finished(child: ChildProcess, watch: Watch): Promise<CommandResult> {
  const { name, mark, group, options, graceMs, abortGraceMs } = watch;
  const over = new AbortController();
  const { promise: endedBy, resolve: hasEnded } = Promise.withResolvers<Ending>();
  let isEnding = false;
  let timedOut = false;
  let tooLong: string | undefined;
  const end = (grace: number) => {
    if (isEnding) return;
    isEnding = true;
    const family = familyOf({
      roots: child.pid === undefined ? [] : [child.pid],
      isMarked: (environment) => environment.get(commandVariable) === mark,
      ...(group && { pids: group.pids }),
    });
    void endProcesses(family, { graceMs: grace, killAll: group?.kill }).then(hasEnded);
  };
  const { stdout, stderr } = outputs(watch, (stream) => {
    tooLong = stream;
    end(0);
  });
  const closed = [take(child.stdout, stdout), take(child.stderr, stderr)];
  const timer = timeout(options.timeoutMs, () => {
    timedOut = true;
    end(graceMs);
  });
  const abort = () => end(abortGraceMs);
  options.signal?.addEventListener('abort', abort, { once: true });
  // It may have aborted while the program was looked for.
  if (options.signal?.aborted) abort();
  feed(child, options.input);
  try {
    // One that cannot be ended has no exit code either.
    const code = await Promise.race([exitCode(child, name), endedBy.then(() => delay(100)).then(() => 137)]);
    await Promise.race([Promise.all(closed), delay(lingerMs, over.signal)]);
    const left = isEnding ? leftText((await endedBy).left) : '';
    if (tooLong !== undefined) throw outputTooLong(name, tooLong, watch.wholeBytes);
    if (options.signal?.aborted) throw aborted(name, left);
    return { code, stdout: stdout.text(), stderr: stderr.text(), timedOut, ...(left === '' ? {} : { left }) };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener('abort', abort);
    over.abort();
    child.stdout?.destroy();
    child.stderr?.destroy();
  }
}

function timeout(ms: number | undefined, call: () => void): NodeJS.Timeout | undefined {
  return ms === undefined ? undefined : setTimeout(call, ms);
}

function outputs(
  { options, spills, shownBytes, wholeBytes }: Watch,
  overflow: (stream: string) => void,
): { readonly stdout: Output; readonly stderr: Output } {
  let open: ReturnType<NonNullable<typeof spills>> | undefined;
  const output = (stream: 'stdout' | 'stderr'): Output => {
    if (options.output === 'hidden') return collectOutput({ bytes: shownBytes });
    if (options.output === 'shown') {
      const spill = (from: NonNullable<typeof spills>) => {
        open ??= from();
        return open(stream);
      };
      return collectOutput({ bytes: shownBytes, spill: spills && (() => spill(spills)) });
    }
    const whole = collectOutput({ bytes: wholeBytes });
    const add = (chunk: Uint8Array) => {
      whole.add(chunk);
      if (whole.total() > wholeBytes) overflow(stream);
    };
    return { ...whole, add };
  };
  return { stdout: output('stdout'), stderr: output('stderr') };
}

/** Resolves when the stream has ended. */
function take(stream: ChildProcess['stdout'], output: Output): Promise<void> {
  stream?.on('data', (chunk: Uint8Array) => output.add(chunk));
  return new Promise((resolve) => {
    if (stream === null) resolve();
    stream?.once('close', resolve);
    stream?.once('end', resolve);
  });
}

function exitCode(child: ChildProcess, name: string): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error) => reject(notStarted(name, error)));
    child.once('exit', (code, signal) => resolve(code ?? 128 + signalNumber(signal)));
  });
}

function feed(child: ChildProcess, input: CommandOptions['input']): void {
  if (child.stdin === null) return;
  // A program that ends without reading its input breaks the pipe; its exit code tells what matters.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
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

function aborted(name: string, left = ''): Error {
  const rest = left === '' ? '' : `, but ${left}`;
  return machineError('COMMAND_ABORTED', `Cannot finish "${name}": it was told to stop${rest}`);
}

function outputTooLong(name: string, stream: string, bytes: number): Error {
  return machineError(
    'COMMAND_OUTPUT_TOO_LONG',
    `Cannot use what "${name}" prints: ${stream} has more than ${bytes} bytes, and half an answer may mean the opposite`,
    { hint: 'Let the command print less, or write to a file' },
  );
}
