import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newJid } from '#base/ids.ts';
import { type Log, silentLog } from '#base/log.ts';
import { type Clock, systemClock } from '#base/time.ts';
import type { Bus } from '#bus/bus.ts';
import { connectBus } from '#bus/connect.ts';
import { openStores } from '#bus/stores.ts';
import type { FactLimits } from '#master/facts.ts';
import { defaultRules, type TreeRules } from '#master/files/source-tree.ts';
import { type Master, startMaster } from '#master/master.ts';
import type { Resident } from '#peel/resident/fast.ts';
import { newInstance } from '#peel/resident/instance.ts';
import { openJournal } from '#peel/resident/journal.ts';
import type { Lane, RunEnd } from '#peel/resident/lane.ts';
import { heartbeatMs, type Peel, startPeel } from '#peel/resident/peel.ts';
import type { RunRequest } from '#peel/shared/run-protocol.ts';
import { type LocalTree, localTree } from '#peel/shared/tree.ts';
import { currentJobKey } from '#trust/auth-dir.ts';
import { type Credentials, formatCredentials } from '#trust/jwt.ts';
import { signRequest } from '#trust/orders.ts';
import { openReturn } from '#trust/peel-signatures.ts';
import { bundleOf } from '#trust/rotate.ts';
import { channels } from '#wire/channels.ts';
import { type Folders, withBase } from '#wire/environments.ts';
import type { DispatchReply, JobRequest, JobStatus, Return, StoredReturn } from '#wire/job.ts';
import { defaultTreeOptions, type TreeOptions } from '#wire/tree-options.ts';
import type { TestNats } from './nats.ts';

export async function testBus(nats: TestNats, credentials: Credentials, name: string, retry = true): Promise<Bus> {
  return connectBus({
    servers: [nats.url],
    ca: nats.ca,
    credentials: formatCredentials(credentials),
    name,
    retry,
    reconnectMs: 20,
  });
}

export interface TestMaster extends AsyncDisposable {
  readonly master: Master;
  readonly bus: Bus;
}

export interface TestMasterOptions {
  readonly log?: Log;
  readonly statesDir?: string;
  /** Folders of further environments. */
  readonly environments?: Folders;
  readonly treeOptions?: Partial<TreeOptions>;
  readonly treeRules?: Partial<TreeRules>;
  readonly hostname?: string;
  readonly clock?: Clock;
  /** What one peel's facts may cost. */
  readonly factLimits?: FactLimits;
}

/** A master on the test server, with a state folder of its own. */
export async function testMaster(nats: TestNats, options: TestMasterOptions = {}): Promise<TestMaster> {
  const {
    log = silentLog,
    statesDir = '',
    environments = {},
    treeOptions,
    treeRules,
    hostname = 'test-master',
    clock = systemClock,
    factLimits,
  } = options;
  const bus = await testBus(nats, nats.credentials.master, 'zester-master');
  const folder = statesDir || mkdtempSync(join(tmpdir(), 'zester-states-'));
  const master = await startMaster({
    bus,
    stores: await openStores(bus, { replicas: 1 }),
    keysOf: nats.keysOf,
    key: () => currentJobKey(nats.auth, clock.now()),
    operators: () => bundleOf(nats.auth.index),
    hostname,
    folders: withBase(folder, environments),
    treeOptions: { ...defaultTreeOptions, ...treeOptions },
    treeRules: { ...defaultRules, ...treeRules },
    filesIntervalMs: 60_000,
    ...(factLimits === undefined ? {} : { factLimits }),
    clock,
    log,
  });
  return {
    master,
    bus,
    async [Symbol.asyncDispose]() {
      await master[Symbol.asyncDispose]();
      await bus.close();
      if (statesDir === '') rmSync(folder, { recursive: true, force: true });
    },
  };
}

export interface TestPeelOptions {
  readonly id: string;
  readonly facts?: Readonly<Record<string, unknown>>;
  /** What its runner does; by default it answers with the function's name. */
  readonly run?: (request: RunRequest, signal: AbortSignal) => Promise<RunEnd['result']>;
  readonly log?: Log;
  /** Its state tree. */
  readonly tree?: () => LocalTree;
  /** Where its journal is: give the same to a second life. */
  readonly dataDir?: string;
  readonly heartbeatMs?: number;
  /** What it takes for the time. */
  readonly clock?: Clock;
  /** Its key: give the same to a copy of it. */
  readonly key?: { readonly publicKey: string; readonly seed: string };
}

export interface TestPeel extends AsyncDisposable {
  readonly id: string;
  readonly peel: Peel;
  readonly bus: Bus;
  readonly dataDir: string;
  /** Which process it is, as its beats say. */
  readonly run: string;
  /** As a crash: nothing is said, nothing is finished. */
  crash(): Promise<void>;
}

/** A peel on the test server whose runner is a function: everything else is real. */
export async function testPeel(nats: TestNats, options: TestPeelOptions): Promise<TestPeel> {
  const {
    id,
    facts = { id },
    run = async ({ function: name }) => ({ success: true, value: name }),
    log = silentLog,
    clock = systemClock,
  } = options;
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'zester-peel-'));
  const credentials = nats.credentials.peel(id, options.key);
  const bus = await testBus(nats, credentials, `zester-peel-${id}`);
  const resident: Resident = { version: 'test', facts, grains: {}, settings: {} };
  const instance = newInstance();
  const peel = startPeel({
    peel: id,
    seed: credentials.seed,
    bus,
    journal: openJournal(join(dataDir, 'jobs.journal'), clock),
    instance,
    lanes: { read: functionLane(run), call: functionLane(run), run: functionLane(run) },
    trust: () => bundleOf(nats.auth.index),
    resident: () => resident,
    tree: () => options.tree?.() ?? localTree(dataDir),
    heartbeatMs: options.heartbeatMs ?? heartbeatMs,
    clock,
    log,
  });
  // The server knows what it listens to before anything is sent to it.
  await bus.flush();
  const cleanUp = () => {
    if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
  };
  return {
    id,
    peel,
    bus,
    dataDir,
    run: instance.run,
    async crash() {
      peel.inbox[Symbol.dispose]();
      peel.halt();
      await bus.connection.close();
    },
    async [Symbol.asyncDispose]() {
      await peel.stop(AbortSignal.timeout(1_000));
      cleanUp();
    },
  };
}

/** One thing at a time, in this process. */
function functionLane(run: (request: RunRequest, signal: AbortSignal) => Promise<RunEnd['result']>): Lane {
  let depth = 0;
  let last: Promise<unknown> = Promise.resolve();
  return {
    width: 1,
    get depth() {
      return depth;
    },
    run(request) {
      depth++;
      const abort = new AbortController();
      const { promise: stopped, resolve } = Promise.withResolvers<RunEnd>();
      const stop = (status: 'killed' | 'expired') => {
        abort.abort();
        resolve({ status, result: { success: false } });
      };
      const timer = setTimeout(() => stop('expired'), Math.max(0, request.dueAt - systemClock.monotonic()));
      const work = last.then(
        async (): Promise<RunEnd> => ({ status: 'done', result: await run(request, abort.signal) }),
      );
      const end = Promise.race([work, stopped]).finally(() => {
        depth--;
        clearTimeout(timer);
      });
      last = end.catch(() => {});
      return { end, kill: () => stop('killed') };
    },
    close: async () => {},
  };
}

export type Wish = Partial<JobRequest> & Pick<JobRequest, 'target' | 'function'>;

export function jobRequest(wish: Wish): JobRequest {
  return { v: 1, jid: newJid(), args: {}, test: false, timeoutMs: 20_000, issuedAt: Date.now(), ...wish };
}

export interface Asked {
  readonly reply: DispatchReply;
  readonly returns: ReadonlyMap<string, Return>;
  readonly statuses: readonly JobStatus[];
  /** Resolves when every peel has returned, or the job ended. */
  readonly done: Promise<void>;
}

/** An operator that asks: listens first, then dispatches, as the command line does. */
export async function dispatch(
  nats: Pick<TestNats, 'keysOf'>,
  bus: Bus,
  credentials: Credentials,
  wish: Wish,
): Promise<Asked> {
  const request: JobRequest = {
    v: 1,
    jid: newJid(),
    args: {},
    test: false,
    timeoutMs: 20_000,
    issuedAt: Date.now(),
    ...wish,
  };
  const { jid } = request;
  const returns = new Map<string, Return>();
  const statuses: JobStatus[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const take = ({ peel, payload }: StoredReturn) => {
    try {
      returns.set(peel, openReturn(payload, { jid, peel, keys: nats.keysOf(peel) }));
    } catch {
      // A hostile peel's: as if it had not answered.
    }
  };
  bus.subscribe(channels.returned, { jid }, ({ peel }, payload) => take({ peel, payload }));
  // As the command line does: what passed by while the connection was away is asked for.
  const catchUp = async () => {
    const page = await bus.request(channels.jobReturns, {}, { jid });
    for (const each of page.returns ?? []) take(each);
    if (page.job && page.job.state !== 'running') resolve();
  };
  bus.listen(channels.status, { jid }, ({ body }) => {
    statuses.push(body);
    if (body.state !== 'running')
      void until(
        () =>
          catchUp().then(
            () => true,
            () => false,
          ),
        'the ended job can be read',
      ).catch(() => {});
  });
  bus.onState((state) => {
    if (state === 'connected') void catchUp().catch(() => {});
  });
  const reply = await bus.request(channels.dispatch, {}, signRequest(request, credentials));
  if (reply.error) resolve();
  return { reply, returns, statuses, done: promise };
}

/** Waits for a condition, not for time. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 10_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`Waited ${timeoutMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
