import type { Log } from '#base/log.ts';
import { delay, systemClock } from '#base/time.ts';
import { type Ending, nothingEnded } from '#machine/processes/end.ts';
import { endingDetails, endingText } from '#machine/processes/words.ts';
import { type ErrorBody, errorBody } from '#wire/error.ts';
import { expired } from '../shared/expired.ts';
import type { RunnerMessage, RunRequest, RunResult } from '../shared/run-protocol.ts';
import type { Containment } from './containment.ts';
import { type Child, startChild } from './runner-child.ts';

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
  /** Between asking a runner to stop and ending it with all that its job started, in milliseconds. */
  readonly graceMs: number;
  readonly containment: Containment;
  readonly log: Log;
}

interface Task {
  readonly request: RunRequest;
  readonly onProgress: (message: RunnerMessage & { kind: 'progress' }) => void;
  readonly finish: (end: RunEnd) => void;
  stop: 'expired' | 'killed' | undefined;
  child?: Child;
}

/** What escaped the runner's own ending still gets this long to end by itself. */
const lastGraceMs = 300;

export function createLane({ command, width, warmMs, graceMs, containment, log }: LaneOptions): Lane {
  const waiting: Task[] = [];
  const running = new Set<Task>();
  const works = new Set<Promise<void>>();
  const idle: Child[] = [];
  let closed = false;

  const next = () => {
    while (!closed && running.size < width && waiting.length > 0) {
      const task = waiting.shift();
      if (task === undefined) return;
      // Its turn came too late: nothing starts after the deadline.
      if (systemClock.monotonic() >= task.request.dueAt) {
        expire(task);
        continue;
      }
      running.add(task);
      const done = work(task, idle.pop() ?? startChild({ command, containment, log }));
      works.add(done);
      void done.finally(() => works.delete(done));
    }
  };

  const expire = (task: Task) =>
    task.finish({
      status: 'expired',
      result: { success: false, error: stopError(task, 'expired', 'before it started') },
    });

  const work = async (task: Task, child: Child) => {
    task.child = child;
    const timer = setTimeout(() => stop(task, 'expired'), Math.max(0, task.request.dueAt - systemClock.monotonic()));
    const result = await child.run(task.request, task.onProgress);
    clearTimeout(timer);
    const { stop: reason } = task;
    const ending = reason === undefined ? undefined : await child.end(lastGraceMs);
    running.delete(task);
    task.finish(
      reason === undefined || ending === undefined
        ? { status: 'done', result }
        : { status: reason, result: stopped(task, reason, ending, result) },
    );
    // A runner that was told to stop may have left anything behind: the next request gets a fresh one.
    if (reason === undefined && !child.spent) keepWarm(child);
    else child.kill();
    next();
  };

  const keepWarm = (child: Child) => {
    child.release();
    idle.push(child);
    child.retireAfter(warmMs, () => idle.splice(idle.indexOf(child), 1));
  };

  const stop = (task: Task, reason: 'expired' | 'killed') => {
    if (task.stop !== undefined) return;
    task.stop = reason;
    const queued = waiting.indexOf(task);
    if (queued >= 0) {
      waiting.splice(queued, 1);
      task.finish({ status: reason, result: { success: false, error: stopError(task, reason, 'before it started') } });
      return;
    }
    // Who is there now is looked for afterwards, also when the runner ends them itself.
    task.child?.prepareEnd(task.request.jid);
    task.child?.ask({ kind: 'stop', reason });
    void delay(graceMs).then(() => {
      // With the runner ends the wait for its answer.
      if (running.has(task)) void task.child?.end(0);
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
      await Promise.all(works);
      for (const child of idle) child.kill();
      // One that waits for the kernel may not go: it is not waited for.
      await Promise.race([Promise.all(idle.map(({ gone }) => gone)), delay(1_000)]);
    },
  };
}

/** What a stopped job answered, if it could, with what became of all that it started. */
function stopped(task: Task, reason: 'expired' | 'killed', ending: Ending, result: RunResult): RunResult {
  const error = stopError(task, reason, `and ${endingText(ending)}`, ending);
  const said = result.error === undefined || result.error.code === 'RUNNER_DIED' ? [] : [result.error.message];
  const details = { ...result.error?.details, ...error.details };
  return {
    ...result,
    success: false,
    error: {
      ...error,
      ...(said.length === 0 ? {} : { causes: said }),
      ...(Object.keys(details).length === 0 ? {} : { details }),
    },
  };
}

function stopError(
  { request: { timeoutMs } }: Task,
  reason: 'expired' | 'killed',
  how: string,
  ending: Ending = nothingEnded,
): ErrorBody {
  const details = endingDetails(ending);
  if (reason === 'expired') return { ...errorBody(expired(timeoutMs, how)), details };
  return { family: 'machine', code: 'JOB_KILLED', message: `Cannot finish the job: it was killed ${how}`, details };
}
