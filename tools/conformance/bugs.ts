/**
 * Runs machine cases (the format is told in `test/hosts/cases/format.ts`), each in a throw-away machine of its own, with the
 * real programs: `npm run conformance -- bugs FILE.yaml [--name PATTERN] [--verbose] [--json]`. What differs, and what a
 * machine like this one cannot run, is told on standard error; `--verbose` tells everything that was seen there.
 */
import { alternatives, type MachineCase, readMachineCases } from '../../test/hosts/cases/format.ts';
import { builtPrograms } from '../../test/hosts/cases/programs.ts';
import { runCase } from '../../test/hosts/cases/run.ts';
import type { ConformanceOptions, ConformanceResult } from '../conformance.ts';
import { eachOf, indented, readyHosts, type Skipped } from './machine-hosts.ts';

export async function run(
  file: string,
  { name, verbose }: ConformanceOptions,
): Promise<ConformanceResult & { skipped: readonly Skipped[] }> {
  const pattern = typeof name === 'string' ? new RegExp(name) : undefined;
  const cases = readMachineCases(file).filter((each) => pattern?.test(each.name) ?? true);
  const failed: string[] = [];
  const skipped: Skipped[] = [];
  const hosts = await readyHosts(new Set(cases.map(({ root }) => root)));
  using programs = builtPrograms(['zester-peel', ...(cases.some(usesCli) ? (['zester'] as const) : [])]);

  await eachOf(cases, async (each) => {
    const reason = hosts[each.root];
    if (reason !== true) {
      skipped.push({ name: each.name, reason });
      console.error(`skipped: ${each.name}: ${reason}`);
      return;
    }
    const { differences, observed } = await runCase(each, programs);
    if (differences.length > 0) {
      failed.push(each.name);
      console.error(`differs: ${each.name} (${each.kind ?? 'of no kind'})\n${indented(differences)}`);
    } else if (verbose) console.error(`as expected: ${each.name}`);
    if (verbose) console.error(indented(observed));
  });
  return { cases: cases.length, passed: cases.length - failed.length - skipped.length, failed, skipped };
}

/** The peel alone is enough for most. */
function usesCli(each: MachineCase): boolean {
  const scripts = [each.setup, each.tool, ...alternatives(each).map(({ probe }) => probe)];
  return scripts.some((script) => script !== undefined && /\bzester\b(?!-)/.test(script));
}
