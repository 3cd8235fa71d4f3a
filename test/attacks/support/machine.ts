import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bus } from '#bus/bus.ts';
import { ownCgroups } from '#machine/processes/cgroup.ts';
import { allProcesses, environmentOf, findProcess, type Process } from '#machine/processes/table.ts';
import { groupPrefix } from '#peel/resident/containment.ts';
import { signKillRequest, signRequest } from '#trust/orders.ts';
import { joinRest, openReturn } from '#trust/peel-signatures.ts';
import { channels } from '#wire/channels.ts';
import type { Return } from '#wire/job.ts';
import { becomeMember } from '../../../bench/lab.ts';
import { root } from '../../../tools/source.ts';
import { jobRequest, testBus, testMaster, until } from '../../harness/fleet.ts';
import { type TestNats, testNats } from '../../harness/nats.ts';

export type Peel = Omit<ChildProcess, 'pid'> & { readonly pid: number };

/** A job that was dispatched. */
export interface Job {
  readonly jid: string;
  readonly returns: ReadonlyMap<string, Return>;
}

/** A machine under attack: a server, a master, and one peel that is a process of its own, with runners of its own. */
export interface Machine extends AsyncDisposable {
  readonly nats: TestNats;
  /** Where commands of the attack may leave notes. */
  readonly folder: string;
  readonly dataDir: string;
  readonly peel: Peel;
  /** What the peel logged, over all of its lives. */
  log(): string;
  /** Starts a function on the peel; resolves when it is dispatched. */
  start(called: string, args?: Readonly<Record<string, unknown>>, timeoutMs?: number): Promise<Job>;
  /** Runs it to its return, with all of its value. */
  run(called: string, args?: Readonly<Record<string, unknown>>, timeoutMs?: number): Promise<Return>;
  returned(job: Job): Promise<Return>;
  kill(jid: string): Promise<void>;
  /** Starts the peel again in the same folders. */
  startPeel(): Promise<void>;
  runners(): readonly Process[];
  /** Processes that a note in the attack's folder names, when they live. */
  living(note: string): readonly Process[];
  /** Resolves with the process id somebody wrote there. */
  pidIn(note: string): Promise<number>;
}

export const peelId = 'web-01';

export async function machine({
  flags = [],
  environment = {},
}: {
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
} = {}): Promise<Machine> {
  const stack = new AsyncDisposableStack();
  const nats = stack.use(await testNats());
  const master = stack.use(await testMaster(nats));
  const dataDir = join(nats.dir, 'peel');
  const folder = join(nats.dir, 'attack');
  mkdirSync(folder);
  becomeMember(nats, peelId, join(dataDir, 'auth'));
  const alice = nats.credentials.operator('alice');
  const bus = await testBus(nats, alice, 'alice', false);
  stack.defer(() => bus.close());
  stack.defer(() => endAll(folder, dataDir));
  let log = '';
  let lives = 0;

  const spawnPeel = async (): Promise<Peel> => {
    const argv = [
      'src/bin/zester-peel.ts',
      '--config=/dev/null',
      `--id=${peelId}`,
      `--auth-dir=${join(dataDir, 'auth')}`,
      `--data-dir=${dataDir}`,
      `--states-cache=${join(dataDir, 'states')}`,
      '--health-addr=',
      ...flags,
    ];
    const peel = spawn(process.execPath, argv, { cwd: root, env: { ...process.env, ...environment, ATTACK: folder } });
    const take = (chunk: Buffer) => {
      log += chunk.toString();
    };
    peel.stdout.on('data', take);
    peel.stderr.on('data', take);
    lives++;
    await until(
      () => log.split('"Connected"').length > lives || peel.exitCode !== null,
      `the peel is connected:\n${log}`,
      30_000,
    );
    await until(() => master.master.presence.isOnline(peelId), 'the master sees it', 30_000);
    return peel as Peel;
  };

  const start: Machine['start'] = async (called, args = {}, timeoutMs = 60_000) => {
    const request = jobRequest({ target: peelId, function: called, args, timeoutMs });
    const { jid } = request;
    const returns = new Map<string, Return>();
    bus.subscribe(channels.returned, { jid }, ({ peel: from }, payload) => {
      returns.set(from, openReturn(payload, { jid, peel: from, keys: nats.keysOf(from) }));
    });
    const { error } = await bus.request(channels.dispatch, {}, signRequest(request, alice));
    if (error) throw new Error(error.message);
    return { jid, returns };
  };
  const returned: Machine['returned'] = async (job) => {
    await until(() => job.returns.has(peelId), `the job returns:\n${log.slice(-2_000)}`, 90_000);
    return complete(job.returns.get(peelId) as Return, bus);
  };

  let peel = await spawnPeel();
  return {
    nats,
    folder,
    dataDir,
    get peel() {
      return peel;
    },
    log: () => log,
    start,
    returned,
    async run(called, args, timeoutMs) {
      return returned(await start(called, args, timeoutMs));
    },
    async kill(jid) {
      await bus.request(channels.jobKill, {}, signKillRequest({ v: 1, jid, issuedAt: Date.now() }, alice), {
        timeoutMs: 20_000,
      });
    },
    async startPeel() {
      peel = await spawnPeel();
    },
    runners: () => allProcesses().filter(({ pid, parent }) => parent === peel.pid && pid !== peel.pid),
    living: (note) => notes(join(folder, note)).flatMap((pid) => findProcess(pid) ?? []),
    async pidIn(note) {
      await until(() => notes(join(folder, note)).length > 0, `"${note}" is written:\n${log.slice(-2_000)}`);
      return notes(join(folder, note))[0] ?? 0;
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

function notes(path: string): readonly number[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8').split('\n').filter(Boolean).map(Number);
}

async function complete(returned: Return, bus: Bus): Promise<Return> {
  const { jid, peel, rest } = returned;
  const chunks: Uint8Array[] = [];
  for (let index = 0; index < (rest?.chunks ?? 0); index++) {
    const { chunk } = await bus.request(channels.jobChunk, {}, { jid, peel, index });
    if (chunk) chunks.push(chunk);
  }
  return rest === undefined ? returned : { ...returned, ...joinRest(returned, chunks) };
}

/** Everything this attack started, wherever it fled to. */
async function endAll(folder: string, dataDir: string): Promise<void> {
  for (let pass = 0; pass < 100; pass++) {
    const ours = allProcesses().filter(({ pid }) => {
      if (pid === process.pid) return false;
      return environmentOf(pid).get('ATTACK') === folder || commandLine(pid).includes(dataDir);
    });
    if (ours.length === 0) break;
    for (const { pid } of ours) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It was quicker.
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const groups = () => ownCgroups()?.list(groupPrefix(peelId, dataDir)) ?? [];
  await until(() => groups().every((group) => group.remove()), 'the groups of the peel are gone');
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
