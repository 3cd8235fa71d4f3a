import { openLab } from './lab.ts';
import type { BenchOptions } from './main.ts';
import { median, percentile, rounded } from './stats.ts';

const warmUps = 5;
const runtime = (globalThis as unknown as { Bun: Runtime }).Bun;

/** `zester web-01 test.ping` by the built executables, over TLS, from the start of the process to its exit. */
export async function run({ runs = '60' }: BenchOptions) {
  await using lab = await openLab({ executables: true });
  await lab.startMaster();
  await lab.startPeel('web-01');
  const argv = [...lab.operator.program, 'web-01', 'test.ping'];

  const pings: Ping[] = [];
  for (let count = 0; count < Number(runs) + warmUps; count++) {
    const ping = await once(argv, lab.operator.env);
    if (count >= warmUps) pings.push(ping);
  }
  const times = pings.map(({ ms }) => ms);
  return {
    p50_ms: rounded(median(times), 1),
    p95_ms: rounded(percentile(times, 0.95), 1),
    cli_cpu_ms: rounded(median(pings.map(({ cpuMs }) => cpuMs)), 1),
  };
}

interface Ping {
  readonly ms: number;
  readonly cpuMs: number;
}

async function once([program, ...argv]: readonly string[], env: NodeJS.ProcessEnv): Promise<Ping> {
  const startedAt = performance.now();
  const child = runtime.spawn([program ?? '', ...argv], { env, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  const code = await child.exited;
  const ms = performance.now() - startedAt;
  if (code !== 0) throw new Error(`The ping ended with ${code}: ${await child.stderr.text()}`);
  return { ms, cpuMs: Number(child.resourceUsage().cpuTime.total) / 1_000 };
}

/** The runtime's own way to start a process: Node's does not tell what an ended child used. */
interface Runtime {
  spawn(argv: readonly string[], options: object): Child;
}

interface Child {
  readonly exited: Promise<number>;
  readonly stderr: { text(): Promise<string> };
  /** Microseconds. */
  resourceUsage(): { readonly cpuTime: { readonly total: bigint } };
}
