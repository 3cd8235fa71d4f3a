import type { ChildProcess } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ratio, runtimeFloor } from './floors.ts';
import { openLab } from './lab.ts';
import type { BenchOptions } from './main.ts';
import { median, rounded } from './stats.ts';

/**
 * Memory of the built executables, connected, some time after a highstate: the runner that applied it was given back
 * by then, and what is measured is the resident process alone. Its floor is a program of the same runtime, compiled
 * alike, that is connected and does nothing.
 */
export async function run({ quiet = '45' }: BenchOptions) {
  await using lab = await openLab({ executables: true });
  writeFileSync(join(lab.states, 'top.zy'), "base:\n  '*':\n    - motd\n");
  writeFileSync(join(lab.states, 'motd.zy'), motd(join(lab.nats.dir, 'motd')));
  const master = await lab.startMaster();
  const peel = await lab.startPeel('web-01');
  const bare = await lab.startBare(runtimeFloor('idle'));

  lab.zester('web-01', 'state.highstate');
  await sleep(Number(quiet) * 1_000);

  const runners = readFileSync(`/proc/${peel.pid}/task/${peel.pid}/children`, 'utf8').trim();
  if (runners !== '') throw new Error(`The peel still has a runner after ${quiet} s: ${runners}`);
  const samples: Record<'peel' | 'master' | 'bare', Memory>[] = [];
  for (let count = 0; count < 5; count++) {
    samples.push({ peel: memoryOf(peel), master: memoryOf(master), bare: memoryOf(bare) });
    await sleep(200);
  }
  const middle = (each: (sample: (typeof samples)[number]) => number) => rounded(median(samples.map(each)), 1);
  const [peelRss, floorRss] = [middle((each) => each.peel.rssMb), middle((each) => each.bare.rssMb)];
  return {
    peel_rss_mb: peelRss,
    peel_pss_mb: middle((each) => each.peel.pssMb),
    master_rss_mb: middle((each) => each.master.rssMb),
    floor_rss_mb: floorRss,
    floor_pss_mb: middle((each) => each.bare.pssMb),
    ratio: ratio(peelRss, floorRss),
  };
}

function motd(path: string): string {
  return `motd:\n  file.managed:\n    - name: ${path}\n    - contents: Hello from {{ facts.id }}\n`;
}

interface Memory {
  readonly rssMb: number;
  readonly pssMb: number;
}

/** Resident memory, and the share of it that is this process's own: pages of the executable are shared by its copies. */
function memoryOf({ pid }: ChildProcess): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mb = (name: string) => (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1]) * 1_024) / 1e6;
  return { rssMb: mb('Rss'), pssMb: mb('Pss') };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
