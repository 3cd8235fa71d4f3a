import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { executables } from './executables.ts';
import { ratio } from './floors.ts';
import type { BenchOptions } from './main.ts';
import { writePolicy, writeTree } from './managed-files.ts';
import { type Once, once } from './once.ts';
import { median, rounded } from './stats.ts';

const cfAgent = '/usr/bin/cf-agent';
const warmUps = 2;

/**
 * `zester-peel apply --local` of unchanged templated files, as a whole process of the built executable, and
 * `cf-agent -K` doing the same. They take turns, and processor time is compared: it is that of the process and of all
 * it started, and a busy machine falsifies it least.
 */
export async function run({ files = '100', runs = '21' }: BenchOptions) {
  const count = Number(files);
  const { 'zester-peel': program } = executables(['zester-peel']);
  const dir = mkdtempSync(join(tmpdir(), 'zester-cold-'));
  try {
    writeTree(join(dir, 'states'), { count, target: join(dir, 'target') });
    const apply = [program, 'apply', '--local', 'many', '--states', join(dir, 'states'), '--data', join(dir, 'data')];
    await once(apply);
    const policy = writePolicy(join(dir, 'policy'), { count, target: join(dir, 'policy-target') });
    const peer = await peerOf(policy);

    const [ours, theirs]: [Once[], Once[]] = [[], []];
    for (let each = 0; each < Number(runs) + warmUps; each++) {
      const run = await once(apply);
      if (!run.out.includes(`${count} unchanged`)) throw new Error(`Not all files were unchanged: ${run.out}`);
      const other = peer && (await once(peer));
      if (each < warmUps) continue;
      ours.push(run);
      if (other) theirs.push(other);
    }
    const cpuMs = median(ours.map((each) => each.cpuMs));
    const peerMs = theirs.length === 0 ? null : median(theirs.map((each) => each.cpuMs));
    return {
      files: count,
      cpu_ms: rounded(cpuMs, 1),
      wall_ms: rounded(median(ours.map(({ ms }) => ms)), 1),
      cf_agent_cpu_ms: peerMs && rounded(peerMs, 1),
      cf_agent_wall_ms: peerMs && rounded(median(theirs.map(({ ms }) => ms)), 1),
      ratio: ratio(cpuMs, peerMs),
    };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The command line, once it has applied its policy; undefined where CFEngine is not installed. */
async function peerOf(policy: string): Promise<readonly string[] | undefined> {
  const argv = [cfAgent, '-K', '-f', policy];
  try {
    await once(argv);
    return argv;
  } catch (error) {
    process.stderr.write(`No figures of cf-agent: ${(error as Error).message}\n`);
    return undefined;
  }
}
