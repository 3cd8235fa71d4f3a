import type { PeelId } from '#base/ids.ts';
import { FactIndex } from '#target/index.ts';
import { parse } from '#target/parse.ts';
import { ratio } from './floors.ts';
import { median, percentile, rounded } from './stats.ts';

export interface TargetBench {
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** Memory the index takes, in megabytes. */
  readonly mb: number;
  /** One pass over a typed array that has a number for each peel. */
  readonly floor_p50_ms: number;
  readonly ratio: number | null;
}

/**
 * Compounds of a glob, a fact and a regex over a fleet: every query is parsed and compiled anew, and no two are alike.
 * Some choose almost everybody, some almost nobody. A fact that differs on every peel (the host name once more) is what
 * the glob and the regex are for: a query that asks such a fact instead takes up to 12 ms, and is not in the figure.
 */
export async function run({
  facts = 100_000,
  queries = 1_000,
}: {
  facts?: number;
  queries?: number;
} = {}): Promise<TargetBench> {
  const before = memory();
  const index = fleet(facts);
  const random = generator(11);
  const mb = (memory() - before) / 1e6;

  // A master answers for months: the first queries of a process, while the runtime still compiles, are not its measure.
  for (let number = 0; number < 100; number++) index.resolve(parse(query(number, random)));
  const times: number[] = [];
  const floors: number[] = [];
  const column = Uint32Array.from({ length: facts }, () => random(64));
  for (let number = 0; number < queries; number++) {
    const expression = query(number, random);
    const start = performance.now();
    index.resolve(parse(expression));
    times.push(performance.now() - start);
    floors.push(onePass(column, number % 64));
  }
  const [p50, floor] = [median(times), median(floors)];
  return {
    p50_ms: rounded(p50, 2),
    p99_ms: rounded(percentile(times, 0.99), 2),
    mb: rounded(mb, 2),
    floor_p50_ms: rounded(floor),
    ratio: ratio(p50, floor),
  };
}

/** How long it takes to choose those with one value. */
function onePass(column: Uint32Array, wanted: number): number {
  const start = performance.now();
  const chosen = new Uint8Array(column.length);
  for (let index = 0; index < column.length; index++) if (column[index] === wanted) chosen[index] = 1;
  return performance.now() - start;
}

/** An index of as many peels, the same at every run. */
export function fleet(peels: number): FactIndex {
  const random = generator(7);
  const index = new FactIndex();
  for (let number = 0; number < peels; number++) index.set(...peel(number, random));
  return index;
}

type Random = (below: number) => number;

const roles = ['web', 'db', 'cache', 'queue', 'mail', 'ci', 'proxy', 'log'];
const sites = ['fra', 'ams', 'nyc', 'sfo', 'sin'];
const platforms = [
  ['debian', 'debian', '12', 'Debian', 'Debian'],
  ['ubuntu', 'debian', '24.04', 'Ubuntu', 'Debian'],
  ['rocky', 'redhat', '9.4', 'Rocky', 'RedHat'],
  ['alpine', 'alpine', '3.22', 'Alpine', 'Alpine'],
] as const;

function peel(
  number: number,
  random: Random,
): [PeelId, { facts: Record<string, unknown>; grains: Record<string, unknown> }] {
  const [role, site] = [pick(roles, random), pick(sites, random)];
  const [name, family, release, os, osFamily] = pick(platforms, random);
  const host = `${role}-${String(number).padStart(6, '0')}`;
  const fqdn = `${host}.${site}.example.com`;
  const address = `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`;
  const cpu = { count: 2 ** (1 + random(6)), model: `Xeon ${random(40)}`, vendor: 'GenuineIntel' };
  const memory = { total: 2 ** (30 + random(6)) };
  const facts = {
    os: { name, family, platform: name, platform_version: release, arch: 'amd64', kernel: `6.1.${random(90)}` },
    network: {
      hostname: host,
      fqdn,
      ipv4: [address, '127.0.0.1'],
      interfaces: [{ name: 'eth0', addrs: [`${address}/16`] }],
    },
    default_ipv4: address,
    cpu,
    memory,
    systemd: { version: 250 + random(6) },
    virtual: { type: pick(['kvm', 'physical', 'lxc'], random) },
    roles: [role, ...(random(3) === 0 ? ['canary'] : [])],
    site,
    machine_id: random(2 ** 31).toString(16) + number.toString(16),
  };
  const grains = {
    id: fqdn,
    os,
    os_family: osFamily,
    osrelease: release,
    host,
    fqdn,
    ipv4: [address, '127.0.0.1'],
    num_cpus: cpu.count,
    mem_total: memory.total / 2 ** 20,
    virtual: facts.virtual.type,
    roles: facts.roles,
  };
  return [fqdn.replaceAll('.', '_') as PeelId, { facts, grains }];
}

function query(number: number, random: Random): string {
  const digit = () => random(10);
  const glob = pick(
    [
      `${pick(roles, random)}-*`,
      `*.${pick(sites, random)}.*`,
      `${pick(roles, random)}-0${digit()}*`,
      `*-0???${digit()}${digit()}.*`,
    ],
    random,
  );
  const fact = pick(
    [
      `G@os.family:${pick(platforms, random)[1]}`,
      `G@os:${pick(platforms, random)[3]}`,
      `G@os.kernel:6.1.${random(90)}`,
      `G@cpu.count:>=${2 ** random(6)}`,
      `G@roles:${pick(roles, random)}`,
      `G@site:${pick(sites, random).slice(0, 2)}*`,
      `P@os.name:^(${pick(platforms, random)[0]}|${pick(platforms, random)[0]})$`,
      `G@systemd.version:>${250 + random(6)}`,
    ],
    random,
  );
  const regex = pick(
    [
      `E@^${pick(roles, random)}-\\d+${digit()}\\.`,
      `E@(${pick(sites, random)}|${pick(sites, random)})`,
      `E@${digit()}[${digit()}-9]\\.`,
      `E@-0+${digit()}\\d*${digit()}`,
    ],
    random,
  );
  return [
    `${glob} and ${fact} and ${regex}`,
    `${glob} and (${fact} or ${regex})`,
    `(${glob} or ${regex}) and not ${fact}`,
    `${fact} and not ${regex} and ${glob}`,
  ][number % 4] as string;
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[random(items.length)] as T;
}

/** The same fleet and the same questions at every run. */
function generator(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function memory(): number {
  (globalThis as { Bun?: { gc(force: boolean): void } }).Bun?.gc(true);
  return process.memoryUsage().rss;
}

if (import.meta.main) console.log(await run());
