import * as fs from 'node:fs';
import { join } from 'node:path';
import { changesOf, differencesBetween, differenceText } from '../changes.ts';
import { throwAwayHost } from '../host.ts';
import type { Programs } from './build.ts';
import { alternatives, type MachineCase } from './format.ts';
import { Inside, stateTree } from './inside.ts';
import { differencesFrom, type Observed, type Run } from './judge.ts';

/** What became of a case: it passes when `differences` is empty; `observed` is what it saw, for people. */
export interface Verdict {
  readonly differences: readonly string[];
  readonly observed: readonly string[];
}

/** What changes by itself, or by asking: logs and caches. */
const noise = [
  '/var/log',
  '/var/cache',
  '/var/lib/apt',
  '/var/lib/systemd',
  '/var/lib/dpkg',
  '/var/tmp',
  '/etc/.pwd.lock',
];

const helpers = fs.readFileSync(join(import.meta.dirname, 'helpers.sh'), 'utf8');

const work = '/srv/t';
const limits = { setup: 120, tool: 180, probe: 60 };

/** Runs a case in a machine of its own. Whatever happens in there, a crash and a hang too, is a difference. */
export async function runCase(each: MachineCase, programs: Programs): Promise<Verdict> {
  const observed: string[] = [];
  try {
    await using host = await throwAwayHost({
      name: 'case',
      systemd: each.root === 'systemd',
      network: 'own',
      reads: [programs.folder],
    });
    const inside = new Inside({ host, programs: programs.folder, cwd: work, observed });
    return { differences: await compared(each, inside), observed };
  } catch (error) {
    return { differences: [error instanceof Error ? error.message : String(error)], observed };
  }
}

async function compared(each: MachineCase, inside: Inside): Promise<readonly string[]> {
  fs.rmSync(inside.at(work), { recursive: true, force: true });
  fs.mkdirSync(inside.at(work), { recursive: true });
  inside.layOut(each.tree);
  // Data and no template: a brace in it is a brace.
  if (each.pillar !== undefined) inside.settings(`#!yaml\n${each.pillar}\n`);
  if (each.setup !== undefined) await inside.bash('setup', `${helpers}\n${each.setup}`, limits.setup);
  const choices = alternatives(each);
  const probes = [...new Set(choices.flatMap(({ probe }) => probe ?? []))];
  const look = async (when: string): Promise<ReadonlyMap<string, string>> => {
    const seen = new Map<string, string>();
    for (const probe of probes) seen.set(probe, (await inside.bash(`probe ${when}`, probe, limits.probe)).output);
    return seen;
  };

  if (each.tool !== undefined) {
    await inside.bash('tool', each.tool.replaceAll(/\bTREE\b/g, stateTree), limits.tool);
    const outputs = [await look('after it')];
    return closest(choices.map((choice) => differencesFrom(choice, { outputs })));
  }
  const before = changesOf(inside.host, { leaveOut: noise });
  const plan = await inside.apply('plan', { test: true, refs: ['case'] });
  const touched = differencesBetween(inside.host, before, changesOf(inside.host, { leaveOut: noise }));
  const runs: Run[] = [];
  const outputs: ReadonlyMap<string, string>[] = [];
  for (const when of ['first', 'second'] as const) {
    runs.push(await inside.apply(`${when} run`, { test: false, refs: ['case'] }));
    outputs.push(await look(`after the ${when} run`));
  }
  const seen: Observed = { plan, touched: touched.map(differenceText), runs, outputs };
  return closest(choices.map((choice) => differencesFrom(choice, seen)));
}

/** The alternative that is nearest to what was seen. */
function closest(differences: readonly (readonly string[])[]): readonly string[] {
  return differences.toSorted((a, b) => a.length - b.length)[0] ?? [];
}
