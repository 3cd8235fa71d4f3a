import { type ChildProcess, spawn } from 'node:child_process';
import { ZesterError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { delay, systemClock } from '#base/time.ts';
import type { ErrorBody } from '#wire/error.ts';
import type { Report } from '#wire/outcome.ts';
import { readFrames, toFrame } from './frames.ts';
import type { LocalTree } from './tree.ts';

/** What a runner is asked to do: everything it needs, for it keeps nothing between requests but caches. */
export interface RunRequest {
  readonly jid: string;
  readonly function: string;
  readonly id?: string | undefined;
  readonly args: Readonly<Record<string, unknown>>;
  readonly test: boolean;
  /** When the work must be over, on the monotonic clock of the process that holds this. */
  readonly dueAt: number;
  readonly peel: string;
  readonly facts: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly tree: LocalTree;
}

/** As it travels from one process to another: no monotonic clock means anything in the next one. */
export type SentRequest = Omit<RunRequest, 'dueAt'> & { readonly remainingMs: number };

export function sent({ dueAt, ...request }: RunRequest): SentRequest {
  return { ...request, remainingMs: Math.max(0, dueAt - systemClock.monotonic()) };
}

export function received({ remainingMs, ...request }: SentRequest): RunRequest {
  return { ...request, dueAt: systemClock.monotonic() + remainingMs };
}

export interface RunResult {
  readonly success: boolean;
  readonly value?: unknown;
  readonly report?: Report;
  readonly error?: ErrorBody;
}

/** From the runner, over its pipe: how far it is, then its one answer. */
export type RunnerMessage =
  | { readonly kind: 'progress'; readonly done: number; readonly total?: number; readonly text?: string }
  | { readonly kind: 'result'; readonly result: RunResult };

/** To the runner. */
export type RunnerCommand =
  | { readonly kind: 'run'; readonly request: SentRequest }
  | { readonly kind: 'stop'; readonly reason: 'expired' | 'killed' };

export interface RunEnd {
  readonly status: 'done' | 'expired' | 'killed';
  readonly result: RunResult;
}

export interface Running {
  readonly end: Promise<RunEnd>;
  kill(): void;
}

/** One kind of work, one at a time, in a child that is kept warm for a while and then given back. */
export interface Lane {
  /** Requests waiting, those at work included. */
  readonly depth: number;
  /** How many are worked on at once. */
  readonly width: number;
  run(request: RunRequest, onProgress: (message: RunnerMessage & { kind: 'progress' }) => void): Running;
  /** Ends the children; what runs is killed. */
  close(): Promise<void>;
}

export interface LaneOptions {
  /** The command that starts a runner: this executable with its `runner` argument. */
  readonly command: readonly [string, ...string[]];
  readonly width: number;
  /** How long an idle runner stays, in milliseconds. */
  readonly warmMs: number;
  /** Between asking a runner to stop and killing its process group, in milliseconds. */
  readonly graceMs: number;
  readonly log: Log;
}

interface Task {
  readonly request: RunRequest;
  readonly onProgress: (message: RunnerMessage & { kind: 'progress' }) => void;
  readonly finish: (end: RunEnd) => void;
  stop: 'expired' | 'killed' | undefined;
  child?: Child;
}

export function createLane({ command, width, warmMs, graceMs, log }: LaneOptions): Lane {
  const waiting: Task[] = [];
  const running = new Set<Task>();
  const idle: Child[] = [];
  let closed = false;

  const next = () => {
    while (!closed && running.size < width && waiting.length > 0) {
      const task = waiting.shift();
      if (task === undefined) break;
      // Its turn came too late: nothing starts after the deadline.
      if (systemClock.monotonic() >= task.request.dueAt) expire(task);
      else void work(task);
    }
  };

  const expire = (task: Task) =>
    task.finish({ status: 'expired', result: { success: false, error: stopError('expired', 'before it started') } });

  const work = async (task: Task) => {
    running.add(task);
    const child = idle.pop() ?? startChild(command, log);
    task.child = child;
    const timer = setTimeout(() => stop(task, 'expired'), Math.max(0, task.request.dueAt - systemClock.monotonic()));
    const result = await child.run(task.request, task.onProgress);
    clearTimeout(timer);
    running.delete(task);
    task.finish({ status: task.stop ?? 'done', result });
    // A runner that was told to stop may have left anything behind: the next request gets a fresh one.
    if (task.stop !== undefined || child.dead) child.kill();
    else keepWarm(child);
    next();
  };

  const keepWarm = (child: Child) => {
    idle.push(child);
    child.retireAfter(warmMs, () => idle.splice(idle.indexOf(child), 1));
  };

  const stop = (task: Task, reason: 'expired' | 'killed') => {
    if (task.stop !== undefined) return;
    task.stop = reason;
    const queued = waiting.indexOf(task);
    if (queued >= 0) {
      waiting.splice(queued, 1);
      task.finish({ status: reason, result: { success: false, error: stopError(reason, 'before it started') } });
      return;
    }
    const { child } = task;
    child?.ask({ kind: 'stop', reason });
    void delay(graceMs).then(() => {
      if (running.has(task)) child?.kill(stopError(reason, 'and its process group was ended'));
    });
  };

  return {
    width,
    get depth() {
      return waiting.length + running.size;
    },
    run(request, onProgress) {
      const { promise, resolve } = Promise.withResolvers<RunEnd>();
      const task: Task = { request, onProgress, finish: resolve, stop: undefined };
      waiting.push(task);
      next();
      return { end: promise, kill: () => stop(task, 'killed') };
    },
    async close() {
      closed = true;
      for (const task of [...running, ...waiting]) stop(task, 'killed');
      await Promise.all([...running].map((task) => task.child?.gone));
      for (const child of idle) child.kill();
    },
  };
}

function stopError(reason: 'expired' | 'killed', how: string): ErrorBody {
  return reason === 'expired'
    ? {
        family: 'machine',
        code: 'JOB_EXPIRED',
        message: `Cannot finish the job: its deadline passed ${how}`,
        hint: 'Give more time with --timeout',
      }
    : { family: 'machine', code: 'JOB_KILLED', message: `Cannot finish the job: it was killed ${how}` };
}

interface Child {
  readonly dead: boolean;
  readonly gone: Promise<void>;
  run(request: RunRequest, onProgress: Task['onProgress']): Promise<RunResult>;
  ask(command: RunnerCommand): void;
  /** Ends the whole process group; a request still open answers with the error. */
  kill(error?: ErrorBody): void;
  retireAfter(ms: number, forget: () => void): void;
}

function startChild(command: readonly [string, ...string[]], log: Log): Child {
  const [program, ...argv] = command;
  // Detached makes it the leader of a process group: ending the group ends every command it started.
  const process_: ChildProcess = spawn(program, argv, { detached: true, stdio: ['pipe', 'pipe', 'inherit'] });
  const { promise: gone, resolve: wentAway } = Promise.withResolvers<void>();
  let dead = false;
  let open: { resolve: (result: RunResult) => void; onProgress: Task['onProgress'] } | undefined;
  let retirement: { timer: NodeJS.Timeout; forget: () => void } | undefined;

  const settle = (result: RunResult) => {
    open?.resolve(result);
    open = undefined;
  };
  const died = (code: number | null, signal: NodeJS.Signals | null) => {
    if (dead) return;
    dead = true;
    retirement?.forget();
    clearTimeout(retirement?.timer);
    if (open) log.warn('Runner died', { code, signal });
    settle({ success: false, error: crash(code, signal) });
    wentAway();
  };
  process_.once('error', () => died(null, null));
  process_.once('exit', died);
  // The pipe breaks when the runner is killed while a request is written to it; `exit` tells the story.
  process_.stdin?.on('error', () => {});
  readFrames<RunnerMessage>(process_.stdout, (message) => {
    if (message.kind === 'progress') open?.onProgress(message);
    else settle(message.result);
  });

  return {
    get dead() {
      return dead;
    },
    gone,
    run(request, onProgress) {
      clearTimeout(retirement?.timer);
      retirement = undefined;
      const { promise, resolve } = Promise.withResolvers<RunResult>();
      open = { resolve, onProgress };
      if (dead) settle({ success: false, error: crash(null, null) });
      else process_.stdin?.write(toFrame({ kind: 'run', request: sent(request) } satisfies RunnerCommand));
      return promise;
    },
    ask: (each) => void process_.stdin?.write(toFrame(each)),
    kill(error) {
      if (error) settle({ success: false, error });
      try {
        if (process_.pid !== undefined) process.kill(-process_.pid, 'SIGKILL');
      } catch {
        // Gone already.
      }
    },
    retireAfter(ms, forget) {
      const timer = setTimeout(() => {
        forget();
        retirement = undefined;
        // Its input ends, and so does it.
        process_.stdin?.end();
      }, ms);
      retirement = { timer, forget };
    },
  };
}

function crash(code: number | null, signal: NodeJS.Signals | null): ErrorBody {
  const how = signal ?? `exit code ${code ?? 'unknown'}`;
  const error = new ZesterError('bug', 'RUNNER_DIED', `Cannot finish the job: the runner ended with ${how}`);
  const hint = 'The agent is unharmed; its log holds what the runner printed';
  return { family: error.family, code: error.code, message: error.message, hint };
}
