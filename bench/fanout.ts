import { newJid } from '#base/ids.ts';
import { connectBus } from '#bus/connect.ts';
import { formatCredentials } from '#trust/jwt.ts';
import { signRequest } from '#trust/orders.ts';
import { openReturn } from '#trust/peel-signatures.ts';
import { channels } from '#wire/channels.ts';
import type { JobRequest } from '#wire/job.ts';
import { treeCpuMs } from './cpu.ts';
import { openLab } from './lab.ts';
import type { BenchOptions } from './main.ts';
import { percentile } from './stats.ts';

/** Open files are capped near 20,000 a process; each peel needs one, and processes share the processors. */
const peelsPerProcess = 2_500;
const processes = 2;
const settleRounds = 3;

/**
 * One `test.ping` to every peel, from the signed request to the last return that is stored, a number of times.
 * Everything is real: connections with TLS, credentials, signatures and proofs, journals, the stream of returns.
 */
export async function run(options: BenchOptions) {
  const peels = Number(options.peels ?? 1_000);
  const rounds = Number(options.rounds ?? (peels > 2_000 ? 5 : 20));
  await using lab = await openLab();
  await lab.startMaster();
  const ids = Array.from({ length: peels }, (_, index) => `peel-${String(index).padStart(5, '0')}`);
  const size = Math.min(peelsPerProcess, Math.ceil(peels / processes));
  for (let start = 0; start < ids.length; start += size) await lab.startPeels(ids.slice(start, start + size));

  const operator = lab.nats.credentials.operator();
  await using bus = await connectBus({
    servers: [lab.nats.url],
    ca: lab.nats.ca,
    credentials: formatCredentials(operator),
    name: 'bench',
    retry: false,
  });
  await allKnown(async () => (await bus.request(channels.ping, {}, {})).online, peels);

  const times: number[] = [];
  let lost = 0;
  let cpuBefore = 0;
  for (let round = 0; round < rounds + settleRounds; round++) {
    const request: JobRequest = {
      v: 1,
      jid: newJid(),
      target: '*',
      function: 'test.ping',
      args: {},
      test: false,
      timeoutMs: 60_000,
      issuedAt: Date.now(),
    };
    const seen = new Set<string>();
    const { promise: all, resolve } = Promise.withResolvers<void>();
    using _ = bus.subscribe(channels.returned, { jid: request.jid }, ({ jid, peel }, payload) => {
      // As the command line does: a return counts when its peel's enrolled key signed it.
      if (openReturn(payload, { jid, peel, keys: lab.nats.keysOf(peel) }).success) seen.add(peel);
      if (seen.size === peels) resolve();
    });
    if (round === settleRounds) cpuBefore = treeCpuMs();
    const started = performance.now();
    const reply = await bus.request(channels.dispatch, {}, signRequest(request, operator), { timeoutMs: 30_000 });
    if (reply.error) throw new Error(reply.error.message);
    const timer = setTimeout(resolve, 60_000);
    await all;
    clearTimeout(timer);
    if (round >= settleRounds) {
      times.push(performance.now() - started);
      lost += peels - seen.size;
    }
  }
  const cpuMs = treeCpuMs() - cpuBefore;
  const p50 = percentile(times, 0.5);
  return {
    peels,
    rounds,
    lost,
    p50_ms: Math.round(p50),
    p95_ms: Math.round(percentile(times, 0.95)),
    returns_per_s: Math.round((peels / p50) * 1_000),
    // Server, master, peels and the listener together, heartbeats included.
    cpu_us_per_return: Math.round((cpuMs * 1_000) / (peels * rounds)),
  };
}

async function allKnown(online: () => Promise<number>, wanted: number): Promise<void> {
  const deadline = Date.now() + 120_000;
  while ((await online()) < wanted) {
    if (Date.now() > deadline) throw new Error('The peels did not all come online within two minutes');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
