import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { newJid } from '#base/ids.ts';
import { silentLog } from '#base/log.ts';
import { systemClock } from '#base/time.ts';
import { ownContainment } from '#peel/resident/containment.ts';
import { createLane, type Lane } from '#peel/resident/lane.ts';
import type { RunRequest } from '#peel/shared/run-protocol.ts';
import { localTree } from '#peel/shared/tree.ts';
import { processCpuMs, treeCpuMs } from './cpu.ts';
import { executables } from './executables.ts';
import { nativeFloor, ratio } from './floors.ts';
import type { BenchOptions } from './main.ts';
import { writeFileList, writeTree } from './managed-files.ts';
import { type Once, once } from './once.ts';
import { median, rounded } from './stats.ts';

// A runner is warm when the runtime has compiled what it runs: before that, it is on its way from cold to warm.
const warmUps = 15;
const warmRuns = 15;
const coldRuns = 5;

/**
 * Applies a tree of managed files through a runner, as a peel does: from the request to the result. `again` in the
 * same runner, warm; `again_cold` in a runner that was just started for it. Its floor is a program without any runtime
 * that reads, hashes and compares the same files, sources and targets, from its start to its end; they take turns.
 */
export async function run({ files = '100' }: BenchOptions) {
  const count = Number(files);
  const dir = mkdtempSync(join(tmpdir(), 'zester-apply-'));
  try {
    const tree = join(dir, 'states');
    const paths = writeTree(tree, { count, target: join(dir, 'target') });
    const warm = lane(dir);
    const firstMs = await apply(warm, tree, count, 'changed');
    const list = writeFileList(join(dir, 'list'), paths);
    const native = nativeFloor();
    const again: number[] = [];
    const floors: Once[] = [];
    for (let each = 0; each < warmUps; each++) await apply(warm, tree, count, 'unchanged');
    let cpuMs = 0;
    for (let each = 0; each < warmRuns; each++) {
      const before = runnerCpuMs();
      again.push(await apply(warm, tree, count, 'unchanged'));
      cpuMs += runnerCpuMs() - before;
      if (native !== undefined) floors.push(await once([native, 'files', list]));
    }
    await warm.close();

    const cold: number[] = [];
    for (let each = 0; each < coldRuns; each++) {
      const fresh = lane(dir);
      cold.push(await apply(fresh, tree, count, 'unchanged'));
      await fresh.close();
    }
    const [floorMs, floorCpuMs] =
      floors.length === 0
        ? [null, null]
        : [median(floors.map(({ ms }) => ms)), median(floors.map((each) => each.cpuMs))];
    return {
      files: count,
      first_ms: rounded(firstMs, 1),
      again_ms: rounded(median(again), 1),
      again_cpu_ms: rounded(cpuMs / warmRuns, 1),
      again_cold_ms: rounded(median(cold), 1),
      floor_ms: floorMs && rounded(floorMs, 1),
      floor_cpu_ms: floorCpuMs && rounded(floorCpuMs, 1),
      ratio: ratio(median(again), floorMs),
      cpu_ratio: ratio(cpuMs / warmRuns, floorCpuMs),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function lane(dir: string): Lane {
  const command = [
    executables(['zester-peel'])['zester-peel'],
    'runner',
    '--root=/',
    `--runs=${join(dir, 'runs')}`,
  ] as const;
  const containment = ownContainment({ peel: 'web-01', dataDir: dir });
  return createLane({ command: [...command], width: 1, warmMs: 60_000, graceMs: 1_000, containment, log: silentLog });
}

/** Processor time of what this process has started and what still runs: the runner. */
function runnerCpuMs(): number {
  return treeCpuMs() - processCpuMs(process.pid);
}

/** Milliseconds of one run; every file must come out as expected, or the figure means nothing. */
async function apply(runner: Lane, tree: string, count: number, expected: 'changed' | 'unchanged'): Promise<number> {
  const request: RunRequest = {
    jid: newJid(),
    function: 'state.apply',
    args: { mods: 'many' },
    test: false,
    dueAt: systemClock.monotonic() + 120_000,
    timeoutMs: 120_000,
    peel: 'web-01',
    facts: { id: 'web-01' },
    settings: {},
    tree: localTree(tree),
  };
  const startedAt = performance.now();
  const { result } = await runner.run(request, () => {}).end;
  const ms = performance.now() - startedAt;
  if (result.report?.counts[expected] === count) return ms;
  throw new Error(
    `Not all files came out as ${expected}: ${JSON.stringify(result.report?.outcomes.find((each) => each.result === 'failed') ?? result)}`,
  );
}
