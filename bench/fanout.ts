import { newJid } from '#base/ids.ts';
import type { Bus } from '#bus/bus.ts';
import { connectBus } from '#bus/connect.ts';
import { type Credentials, formatCredentials } from '#trust/jwt.ts';
import { signRequest } from '#trust/orders.ts';
import { openReturn } from '#trust/peel-signatures.ts';
import { subjectOf } from '#wire/channel.ts';
import { channels } from '#wire/channels.ts';
import type { JobRequest } from '#wire/job.ts';
import { processCpuMs, treeCpuMs } from './cpu.ts';
import { ratio } from './floors.ts';
import { type Lab, openLab } from './lab.ts';
import type { BenchOptions } from './main.ts';
import { percentile } from './stats.ts';

/** Open files are capped near 20,000 a process; each peel needs one, and processes share the processors. */
const peelsPerProcess = 2_500;
const processes = 2;
const settleRounds = 3;
const patienceMs = 60_000;

/**
 * One `test.ping` to every peel, from the signed request to the last return that is stored, a number of times.
 * Everything is real: connections with TLS, credentials, signatures and proofs, journals, the stream of returns.
 * Its floor is as many connections on the same server that answer a message each, and nothing else. They take turns.
 */
export async function run(options: BenchOptions) {
  const peels = Number(options.peels ?? 1_000);
  const rounds = Number(options.rounds ?? (peels > 2_000 ? 5 : 20));
  await using lab = await openLab();
  await lab.startMaster();
  const ids = namesOf('peel', peels);
  for (const each of inProcesses(ids)) await lab.startPeels(each);
  const bareIds = namesOf('bare', peels);
  for (const each of inProcesses(bareIds)) await lab.startAnswerers(each);
  await lab.online(peels);

  await using operator = await connected(lab, lab.nats.credentials.operator());
  await using master = await connected(lab, lab.nats.credentials.master);
  const times: number[] = [];
  const floors: number[] = [];
  const used = { all: 0, server: 0, floor: 0 };
  let lost = 0;
  for (let round = 0; round < rounds + settleRounds; round++) {
    const before = cpuOf(lab);
    const fanout = await ask(lab, operator, peels);
    const after = cpuOf(lab);
    const floor = await askBare({ operator, master }, bareIds);
    const last = cpuOf(lab);
    if (round < settleRounds) continue;
    times.push(fanout.ms);
    lost += fanout.lost;
    floors.push(floor.ms);
    used.all += after.all - before.all;
    used.server += after.server - before.server;
    used.floor += last.all - after.all;
  }
  const [p50, p95] = [percentile(times, 0.5), percentile(times, 0.95)];
  const floorP95 = percentile(floors, 0.95);
  const perReturn = (ms: number) => Math.round((ms * 1_000) / (peels * rounds));
  return {
    peels,
    rounds,
    lost,
    p50_ms: Math.round(p50),
    p95_ms: Math.round(p95),
    returns_per_s: Math.round((peels / p50) * 1_000),
    // Server, master, peels and the listener together, heartbeats included.
    cpu_us_per_return: perReturn(used.all),
    server_cpu_us_per_return: perReturn(used.server),
    floor_cpu_us_per_return: perReturn(used.floor),
    floor_p50_ms: Math.round(percentile(floors, 0.5)),
    floor_p95_ms: Math.round(floorP95),
    ratio: ratio(p95, floorP95),
    cpu_ratio: ratio(used.all, used.floor),
  };
}

function namesOf(kind: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${kind}-${String(index).padStart(5, '0')}`);
}

function* inProcesses(ids: readonly string[]): Generator<readonly string[]> {
  const size = Math.min(peelsPerProcess, Math.ceil(ids.length / processes));
  for (let start = 0; start < ids.length; start += size) yield ids.slice(start, start + size);
}

function connected({ nats }: Lab, credentials: Credentials): Promise<Bus> {
  return connectBus({
    servers: [nats.url],
    ca: nats.ca,
    credentials: formatCredentials(credentials),
    name: 'bench',
    retry: false,
  });
}

function cpuOf({ nats }: Lab): { readonly all: number; readonly server: number } {
  return { all: treeCpuMs(), server: processCpuMs(nats.pid) };
}

async function ask(lab: Lab, bus: Bus, peels: number): Promise<{ readonly ms: number; readonly lost: number }> {
  const request: JobRequest = {
    v: 1,
    jid: newJid(),
    target: '*',
    function: 'test.ping',
    args: {},
    test: false,
    timeoutMs: patienceMs,
    issuedAt: Date.now(),
  };
  const seen = new Set<string>();
  const all = Promise.withResolvers<void>();
  using _ = bus.subscribe(channels.returned, { jid: request.jid }, ({ jid, peel }, payload) => {
    // As the command line does: a return counts when its peel's enrolled key signed it.
    if (openReturn(payload, { jid, peel, keys: lab.nats.keysOf(peel) }).success) seen.add(peel);
    if (seen.size === peels) all.resolve();
  });
  const started = performance.now();
  const signed = signRequest(request, lab.nats.credentials.operator());
  const reply = await bus.request(channels.dispatch, {}, signed, { timeoutMs: 30_000 });
  if (reply.error) throw new Error(reply.error.message);
  await patiently(all);
  return { ms: performance.now() - started, lost: peels - seen.size };
}

/** A message to each, and an answer from each, on the ways that orders and progress take. */
async function askBare(
  { operator, master }: { readonly operator: Bus; readonly master: Bus },
  ids: readonly string[],
): Promise<{ readonly ms: number }> {
  const jid = newJid();
  const payload = new TextEncoder().encode(jid);
  const seen = new Set<string>();
  const all = Promise.withResolvers<void>();
  using _ = operator.subscribe(channels.progress, { jid }, ({ peel }) => {
    seen.add(peel);
    if (seen.size === ids.length) all.resolve();
  });
  await operator.flush();
  const started = performance.now();
  for (const peel of ids) master.publishBytes(subjectOf(channels.command, { peel }), payload);
  await patiently(all);
  if (seen.size < ids.length) throw new Error(`Only ${seen.size} of ${ids.length} bare connections answered`);
  return { ms: performance.now() - started };
}

async function patiently({ promise, resolve }: PromiseWithResolvers<void>): Promise<void> {
  const timer = setTimeout(resolve, patienceMs);
  await promise;
  clearTimeout(timer);
}
