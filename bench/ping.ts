import { nativeFloor, ratio, runtimeFloor } from './floors.ts';
import { openLab } from './lab.ts';
import type { BenchOptions } from './main.ts';
import { type Once, once } from './once.ts';
import { median, percentile, rounded } from './stats.ts';

const warmUps = 5;

/**
 * `zester web-01 test.ping` by the built executables, over TLS, from the start of the process to its exit. Its floor is a
 * program of the same runtime, compiled alike, that makes one request over TLS and ends; `native` is the same without
 * any runtime. They take turns, so that a busy machine is as busy for each.
 */
export async function run({ runs = '60' }: BenchOptions) {
  await using lab = await openLab({ executables: true });
  await lab.startMaster();
  await lab.startPeel('web-01');
  const { program, env } = lab.operator;
  const login = [lab.nats.url, lab.nats.caFile, String(env.ZESTER_CREDS)];
  const floor = [runtimeFloor('ping'), ...login];
  const native = nativeFloor();

  const pings: Once[] = [];
  const floors: Once[] = [];
  const natives: Once[] = [];
  for (let count = 0; count < Number(runs) + warmUps; count++) {
    const ping = await once([...program, 'web-01', 'test.ping'], { env });
    const least = await once(floor);
    const bare = native && (await once([native, 'ping', ...login]));
    if (count < warmUps) continue;
    pings.push(ping);
    floors.push(least);
    if (bare) natives.push(bare);
  }
  const [zester, least] = [middleOf(pings), middleOf(floors)];
  const bare = natives.length === 0 ? { p50: null, cpu: null } : middleOf(natives);
  return {
    p50_ms: zester.p50,
    p95_ms: rounded(
      percentile(
        pings.map(({ ms }) => ms),
        0.95,
      ),
      1,
    ),
    cli_cpu_ms: zester.cpu,
    floor_p50_ms: least.p50,
    floor_cpu_ms: least.cpu,
    native_p50_ms: bare.p50,
    native_cpu_ms: bare.cpu,
    ratio: ratio(zester.p50, least.p50),
    cpu_ratio: ratio(zester.cpu, least.cpu),
  };
}

function middleOf(all: readonly Once[]): { readonly p50: number; readonly cpu: number } {
  return { p50: rounded(median(all.map(({ ms }) => ms)), 1), cpu: rounded(median(all.map(({ cpuMs }) => cpuMs)), 1) };
}
