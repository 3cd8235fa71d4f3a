import { basename, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ZesterError } from '#base/errors.ts';
import { standardOutput } from '#base/outlet.ts';
import { delay, systemClock } from '#base/time.ts';
import { createContext } from '#engine/context.ts';
import { collectFacts } from '#facts/collect.ts';
import { saltGrains } from '#facts/grains.ts';
import { rawArguments } from '#kit/arguments.ts';
import type { CommandJob } from '#machine/commands.ts';
import { jobVariable, peelVariable } from '#machine/environment.ts';
import { type Cgroups, ownCgroups } from '#machine/processes/cgroup.ts';
import { endProcesses } from '#machine/processes/end.ts';
import { familyOf } from '#machine/processes/family.ts';
import { realMachine } from '#machine/real.ts';
import { lazyRegistry as registry } from '#modules/lazy-registry.ts';
import { decode, encode } from '#wire/codec.ts';
import { errorBody } from '#wire/error.ts';
import { returnBytes } from '#wire/limits.ts';
import { expired } from '../shared/expired.ts';
import { readFrames, toFrame } from '../shared/frames.ts';
import { type RunnerCommand, type RunnerMessage, type RunRequest, received } from '../shared/run-protocol.ts';
import { selfCommand } from '../shared/self.ts';
import { environmentsOf } from '../shared/tree.ts';
import { compiledFolder, openCompiledStore, ownProgram } from './compiled-store.ts';
import { fitting } from './fitting.ts';
import { openRunStore } from './kept-runs.ts';
import { matchesOf } from './matching.ts';
import { type OutputStore, openOutputs } from './outputs.ts';
import { paced } from './paced.ts';
import { type CallReply, type CallRequest, spawnCalls } from './render-call.ts';
import { openRunLock } from './run-lock.ts';
import { createWorker, type Worker } from './worker.ts';

export interface RunnerOptions {
  /** Folder that is managed; `/` for the machine's own root. */
  readonly root: string;
  /** Where journals of runs are kept. */
  readonly runs: string;
  /** The build whose compiled states are kept; none are when it is undefined. */
  readonly program?: string | undefined;
  /** Long outputs; none are kept without it. */
  readonly outputs?: OutputStore | undefined;
}

/** How long a runner whose peel is gone waits for its work to stop, before it ends the rest. */
const orphanMs = 3_000;
const longestProgress = 1_000;
/** People look at progress, and each of it travels to every operator: more often than this is of no use. */
const progressEveryMs = 100;

/** The child's own command line: `runner --root=… --runs=… --outputs=… …`, or `call --root=…`. */
export async function startRunner(role: 'runner' | 'call', argv: readonly string[]): Promise<number> {
  const value = (flag: string) => argv.find((each) => each.startsWith(`--${flag}=`))?.slice(flag.length + 3);
  const root = value('root') ?? '/';
  if (role === 'call') {
    await runCall({ root });
    return 0;
  }
  const folder = value('outputs');
  const limits = { bytes: Number(value('outputs-limit')), ageMs: Number(value('outputs-age')) };
  const outputs = folder === undefined ? undefined : openOutputs(folder, limits, systemClock);
  await runRunner({ root, runs: value('runs') ?? '/var/lib/zester/runs', program: ownProgram(), outputs });
  return 0;
}

/** The child that does the work: requests come on standard input, progress and results go to standard output. */
export async function runRunner(options: RunnerOptions): Promise<void> {
  const worker = localWorker(options);
  const send = (message: RunnerMessage) => void standardOutput.write(toFrame(message));
  let stop = new AbortController();
  let atWork: { readonly request: RunRequest; readonly done: Promise<unknown> } | undefined;

  readFrames<RunnerCommand>(process.stdin, {
    take(command) {
      if (command.kind === 'stop') return stop.abort(stopOf(command.reason, atWork?.request));
      const request = received(command.request);
      stop = new AbortController();
      const progress = paced<RunnerMessage>(progressEveryMs, send);
      const done = worker
        .run(request, {
          signal: stop.signal,
          onOutcome: ({ state, id, result }, done, total) =>
            progress.put({
              kind: 'progress',
              done,
              total,
              text: `${state} ${id}: ${result}`.slice(0, longestProgress),
            }),
        })
        .then((result) => {
          atWork = undefined;
          progress.end();
          send({ kind: 'result', result: fitting(result) });
        });
      atWork = { request, done };
    },
    // Only the one request that was just sent can be it.
    refuse: (error) => send({ kind: 'result', result: { success: false, error: errorBody(error) } }),
  });
  await new Promise((resolve) => process.stdin.once('close', resolve).once('end', resolve));
  if (atWork === undefined) return;
  // The peel is gone: nobody hears the answer, nobody would end the rest.
  const { request, done } = atWork;
  stop.abort(new Error('orphaned'));
  await Promise.race([done, delay(orphanMs)]);
  await endProcesses(familyOf({ isMarked: (each) => isOf(request, each), roots: [process.pid] }), { graceMs: 0 });
}

function stopOf(reason: 'expired' | 'killed', request: RunRequest | undefined): Error {
  return reason === 'expired' && request !== undefined ? expired(request.timeoutMs) : new Error(reason);
}

/** A worker on this machine, or on a folder of it. */
export function localWorker(options: RunnerOptions & { readonly immutable?: boolean }): Worker {
  const { root, runs, program, outputs, immutable = true } = options;
  let request: RunRequest | undefined;
  const machine = () => managed(root, () => request && commandJob(request, outputs?.spillsOf(request.jid)));
  const worker = createWorker({
    registry,
    machine,
    environmentsOf: (tree) => environmentsOf(tree, { immutable }),
    kept: openRunStore(runs),
    compiled: program === undefined ? undefined : { program, store: openCompiledStore(compiledFolder(runs)) },
    lock: openRunLock(join(runs, 'lock')),
    outputs,
    async readFacts(id) {
      const { facts } = await collectFacts(managed(root), ['identity']);
      const named = { ...facts, id };
      return { ...named, grains: saltGrains(named) };
    },
    calls: (request) => spawnCalls([...selfCommand('call'), `--root=${root}`], registry, request),
  });
  return {
    ...worker,
    // One at a time: what its commands are called is known from here on.
    run(asked, events) {
      request = asked;
      return worker.run(asked, events);
    },
  };
}

/** One function for a template: the request on standard input, the reply on standard output. */
export async function runCall({ root }: { readonly root: string }): Promise<void> {
  const { name, args, kwargs, request } = decode(await buffer(process.stdin)) as CallRequest;
  void standardOutput.write(encodeReply(name, await call(name, args, kwargs, received(request), root)));
}

function encodeReply(name: string, reply: CallReply): Uint8Array {
  const encoded = encode(reply);
  if (encoded.length <= returnBytes) return encoded;
  const error = new ZesterError(
    'machine',
    'TEMPLATE_VALUE_TOO_LARGE',
    `Cannot give what "${name}" returns to a template: it has ${encoded.length} bytes, ${returnBytes} are allowed`,
  );
  return encode({ error: errorBody(error) });
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
      machine: managed(root, () => commandJob(request)),
      registry,
      environments: environmentsOf(request.tree, { immutable: true }),
      env: request.tree.env ?? 'base',
      scope: { id: request.peel, facts: request.facts, settings: request.settings, matches: matchesOf(request) },
      rendering: { text: (_, text) => text },
      signal: AbortSignal.timeout(Math.max(1, request.dueAt - systemClock.monotonic())),
    });
    return { value: await called.run(rawArguments(called.args, kwargs, args), { ...context, rendering: true }) };
  } catch (error) {
    return { error: errorBody(error) };
  }
}

function managed(root: string, job?: () => CommandJob | undefined) {
  const running = { job, cgroups: groupsOfCommands };
  return realMachine({ ...(root === '/' ? {} : { root }), remembers: true, running });
}

function commandJob({ jid, peel }: RunRequest, spills?: CommandJob['spills']): CommandJob {
  return { environment: { [jobVariable]: jid, [peelVariable]: peel }, spills };
}

function isOf({ jid, peel }: RunRequest, environment: ReadonlyMap<string, string>): boolean {
  return environment.get(jobVariable) === jid && environment.get(peelVariable) === peel;
}

/** Below the group the peel put this process in; none where it could not. */
function groupsOfCommands(): Cgroups | undefined {
  if (groups === undefined) {
    const own = ownCgroups();
    groups = own !== undefined && basename(own.folder).startsWith('zester-') ? own : null;
  }
  return groups ?? undefined;
}

let groups: Cgroups | null | undefined;
