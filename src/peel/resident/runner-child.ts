import { type ChildProcess, spawn } from 'node:child_process';
import { ZesterError } from '#base/errors.ts';
import type { Log } from '#base/log.ts';
import { type Ending, nothingEnded } from '#machine/processes/end.ts';
import { endingDetails, endingText } from '#machine/processes/words.ts';
import { type ErrorBody, errorBody } from '#wire/error.ts';
import { readFrames, toFrame } from '../shared/frames.ts';
import {
  type RunnerCommand,
  type RunnerMessage,
  type RunRequest,
  type RunResult,
  sent,
} from '../shared/run-protocol.ts';
import type { Containment } from './containment.ts';

type OnProgress = (message: RunnerMessage & { kind: 'progress' }) => void;

/** A runner as a process. */
export interface Child {
  /** True when it may not be given another request: it is gone, or it said what could not be understood. */
  readonly spent: boolean;
  readonly gone: Promise<void>;
  /** Resolves with its answer, or with what became of it. */
  run(request: RunRequest, onProgress: OnProgress): Promise<RunResult>;
  ask(command: RunnerCommand): void;
  /** The job is over: what it left running on purpose goes on. */
  release(): void;
  /** Remembers what the job has started so far, to tell at the end what became of it. */
  prepareEnd(jid: string): void;
  /** Ends it and all that its job started, and looks that they are gone. An open request is answered by then. */
  end(graceMs: number): Promise<Ending>;
  /** Ends it alone. */
  kill(): void;
  retireAfter(ms: number, forget: () => void): void;
}

export interface ChildOptions {
  readonly command: readonly [string, ...string[]];
  readonly containment: Containment;
  readonly log: Log;
}

/** Always gives one: what cannot even be started is a child that is gone. */
export function startChild(options: ChildOptions): Child {
  try {
    return spawnChild(options);
  } catch (error) {
    options.log.error('Runner not started', { error });
    return unstarted(error);
  }
}

function unstarted(cause: unknown): Child {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const error = new ZesterError('machine', 'RUNNER_NOT_STARTED', `Cannot run the job: no process for it: ${reason}`, {
    cause,
    hint: 'The machine may be out of processes or memory',
  });
  return {
    spent: true,
    gone: Promise.resolve(),
    run: async () => ({ success: false, error: errorBody(error) }),
    ask: () => {},
    release: () => {},
    prepareEnd: () => {},
    end: async () => nothingEnded,
    kill: () => {},
    retireAfter: () => {},
  };
}

function spawnChild({ command, containment, log }: ChildOptions): Child {
  const [program, ...argv] = command;
  // A session of its own: what its commands start there is found by it.
  const runner: ChildProcess = spawn(program, argv, {
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
    env: containment.environment,
  });
  const held = runner.pid === undefined ? undefined : containment.hold(runner.pid);
  const { promise: gone, resolve: wentAway } = Promise.withResolvers<void>();
  let dead = false;
  let spoiled = false;
  let prepared: ((graceMs: number) => Promise<Ending>) | undefined;
  let ending: Promise<Ending> | undefined;
  let open: { jid: string; resolve: (result: RunResult) => void; onProgress: OnProgress } | undefined;
  let retirement: { timer: NodeJS.Timeout; forget: () => void } | undefined;

  const settle = (result: RunResult) => {
    open?.resolve(result);
    open = undefined;
  };
  const end = (graceMs: number) => {
    ending ??= (prepared?.(graceMs) ?? Promise.resolve(nothingEnded)).then((looked) => {
      spoiled = true;
      // It is gone, or waits for the kernel and will not answer.
      settle({ success: false, error: crash(null, 'SIGKILL', looked) });
      return looked;
    });
    return ending;
  };
  const died = async (code: number | null, signal: NodeJS.Signals | null) => {
    if (dead) return;
    dead = true;
    retirement?.forget();
    clearTimeout(retirement?.timer);
    if (open) {
      const { jid } = open;
      log.warn('Runner died', { code, signal, jid });
      // It cannot end its commands any more.
      prepared ??= held?.ending(jid);
      const looked = await (ending ?? prepared?.(0) ?? nothingEnded);
      settle({ success: false, error: crash(code, signal, looked) });
    }
    held?.close();
    wentAway();
  };
  runner.once('error', () => void died(null, null));
  runner.once('exit', (code, signal) => void died(code, signal));
  // The pipe breaks when the runner is killed while a request is written to it; `exit` tells the story.
  runner.stdin?.on('error', () => {});
  readFrames<RunnerMessage>(runner.stdout, {
    take(message) {
      if (message.kind === 'progress') open?.onProgress(message);
      else settle(message.result);
    },
    refuse(error) {
      // What it says next could be the answer to this request, and must not become that of another.
      spoiled = true;
      log.warn('Runner said what cannot be read', { code: error.code, error });
      settle({ success: false, error: errorBody(error) });
    },
  });

  return {
    get spent() {
      return dead || spoiled;
    },
    gone,
    run(request, onProgress) {
      clearTimeout(retirement?.timer);
      retirement = undefined;
      const { promise, resolve } = Promise.withResolvers<RunResult>();
      open = { jid: request.jid, resolve, onProgress };
      if (dead) settle({ success: false, error: crash(null, null, nothingEnded) });
      else runner.stdin?.write(toFrame({ kind: 'run', request: sent(request) } satisfies RunnerCommand));
      return promise;
    },
    ask: (each) => void runner.stdin?.write(toFrame(each)),
    release() {
      try {
        held?.release();
      } catch (error) {
        log.warn('Processes of a job stay with its runner', { error });
      }
    },
    prepareEnd(jid) {
      prepared ??= held?.ending(jid);
    },
    end,
    kill: () => void runner.kill('SIGKILL'),
    retireAfter(ms, forget) {
      const timer = setTimeout(() => {
        forget();
        retirement = undefined;
        // Its input ends, and so does it.
        runner.stdin?.end();
      }, ms);
      retirement = { timer, forget };
    },
  };
}

function crash(code: number | null, signal: NodeJS.Signals | null, ending: Ending): ErrorBody {
  const how = signal ?? `exit code ${code ?? 'unknown'}`;
  const error = new ZesterError(
    'machine',
    'RUNNER_DIED',
    `Cannot finish the job: the runner ended with ${how}, and ${endingText(ending)}`,
    { hint: 'The agent is unharmed; its log holds what the runner printed', details: endingDetails(ending) },
  );
  return errorBody(error);
}
