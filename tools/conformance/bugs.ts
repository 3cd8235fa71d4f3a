/**
 * Runs machine cases (the format is told in `test/hosts/cases/format.ts`), each in a throw-away machine of its own, with the
 * real programs: `npm run conformance -- bugs FILE.yaml [--name PATTERN] [--verbose] [--json]`. What differs, and what a
 * machine like this one cannot run, is told on standard error; `--verbose` tells everything that was seen there.
 */
import { startCases } from '../../test/hosts/cases/batch.ts';
import { readMachineCases } from '../../test/hosts/cases/format.ts';
import { prepareHosts } from '../../test/hosts/prepare.ts';
import type { ConformanceOptions, ConformanceResult, SkippedCase } from '../conformance.ts';

export async function run(file: string, { name, verbose }: ConformanceOptions): Promise<ConformanceResult> {
  const pattern = typeof name === 'string' ? new RegExp(name) : undefined;
  const cases = readMachineCases(file).filter((each) => pattern?.test(each.name) ?? true);
  const failed: string[] = [];
  const skipped: SkippedCase[] = [];
  const verdicts = startCases(cases, await prepareHosts(console.error));
  for (const [index, { name, kind }] of cases.entries()) {
    const verdict = await verdicts[index];
    if (verdict === undefined || 'skipped' in verdict) {
      const reason = verdict?.skipped ?? 'it was not started';
      skipped.push({ name, reason });
      console.error(`skipped: ${name}: ${reason}`);
      continue;
    }
    const { differences, observed } = verdict;
    if (differences.length > 0) {
      failed.push(name);
      console.error(`differs: ${name} (${kind ?? 'of no kind'})\n${indented(differences)}`);
    } else if (verbose) console.error(`as expected: ${name}`);
    if (verbose) console.error(indented(observed));
  }
  return { cases: cases.length, passed: cases.length - failed.length - skipped.length, failed, skipped };
}

function indented(texts: readonly string[]): string {
  return texts.map((text) => text.trimEnd().replaceAll(/^/gm, '  ')).join('\n');
}
