import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ZesterError } from '#base/errors.ts';
import { systemClock } from '#base/time.ts';
import { createContext } from '#engine/context.ts';
import { collectFacts } from '#facts/collect.ts';
import { saltGrains } from '#facts/grains.ts';
import { rawArguments } from '#kit/arguments.ts';
import { realMachine } from '#machine/real.ts';
import { registry } from '#modules/registry.ts';
import { decode, encode } from '#wire/codec.ts';
import { errorBody } from '#wire/error.ts';
import { readFrames, toFrame } from './frames.ts';
import { openRunStore } from './kept-runs.ts';
import { type CallReply, type CallRequest, spawnCalls } from './render-call.ts';
import { openRunLock } from './run-lock.ts';
import { type RunnerCommand, type RunnerMessage, type RunRequest, received } from './runner.ts';
import { selfCommand } from './self.ts';
import { environmentsOf } from './tree.ts';
import { createWorker, type Worker } from './worker.ts';

export interface RunnerOptions {
  /** Folder that is managed; `/` for the machine's own root. */
  readonly root: string;
  /** Where journals of runs are kept. */
  readonly runs: string;
}

/** The child's own command line: `runner --root=… --runs=…`, or `call --root=…`. */
export async function startRunner(role: 'runner' | 'call', argv: readonly string[]): Promise<number> {
  const value = (flag: string) => argv.find((each) => each.startsWith(`--${flag}=`))?.slice(flag.length + 3);
  const root = value('root') ?? '/';
  if (role === 'call') await runCall({ root });
  else await runRunner({ root, runs: value('runs') ?? '/var/lib/zester/runs' });
  return 0;
}

/** The child that does the work: requests come on standard input, progress and results go to standard output. */
export async function runRunner({ root, runs }: RunnerOptions): Promise<void> {
  const worker = localWorker({ root, runs });
  const send = (message: RunnerMessage) => void process.stdout.write(toFrame(message));
  let stop = new AbortController();

  readFrames<RunnerCommand>(process.stdin, (command) => {
    if (command.kind === 'stop') return stop.abort(new Error(command.reason));
    stop = new AbortController();
    void worker
      .run(received(command.request), {
        signal: stop.signal,
        onOutcome: ({ state, id, result }, done, total) =>
          send({ kind: 'progress', done, total, text: `${state} ${id}: ${result}` }),
      })
      .then((result) => send({ kind: 'result', result }));
  });
  await new Promise((resolve) => process.stdin.once('end', resolve));
}

/** A worker on this machine, or on a folder of it. */
export function localWorker({
  root,
  runs,
  immutable = true,
}: RunnerOptions & { readonly immutable?: boolean }): Worker {
  return createWorker({
    registry,
    machine: managed(root),
    environmentsOf: (tree) => environmentsOf(tree, { immutable }),
    kept: openRunStore(runs),
    lock: openRunLock(join(runs, 'lock')),
    async readFacts(id) {
      const { facts } = await collectFacts(managed(root), ['identity']);
      const named = { ...facts, id };
      return { ...named, grains: saltGrains(named) };
    },
    calls: (request) => spawnCalls([...selfCommand('call'), `--root=${root}`], registry, request),
  });
}

/** One function for a template: the request on standard input, the reply on standard output. */
export async function runCall({ root }: { readonly root: string }): Promise<void> {
  const { name, args, kwargs, request } = decode(await buffer(process.stdin)) as CallRequest;
  process.stdout.write(encode(await call(name, args, kwargs, received(request), root)));
}

async function call(
  name: string,
  args: readonly unknown[],
  kwargs: CallRequest['kwargs'],
  request: RunRequest,
  root: string,
): Promise<CallReply> {
  try {
    const called = registry.functions.get(name);
    if (called === undefined)
      throw new ZesterError(
        'source',
        'TEMPLATE_CALL_UNKNOWN',
        `Cannot call "${name}" from a template: there is no such function`,
      );
    const context = createContext({
      machine: managed(root),
      registry,
      environments: environmentsOf(request.tree, { immutable: true }),
      env: request.tree.env ?? 'base',
      scope: { id: request.peel, facts: request.facts, settings: request.settings },
      rendering: { document: () => undefined, text: (_, text) => text },
      signal: AbortSignal.timeout(Math.max(1, request.dueAt - systemClock.monotonic())),
    });
    return { value: await called.run(rawArguments(called.args, kwargs, args), { ...context, rendering: true }) };
  } catch (error) {
    return { error: errorBody(error) };
  }
}

function managed(root: string) {
  return realMachine(root === '/' ? {} : { root });
}
