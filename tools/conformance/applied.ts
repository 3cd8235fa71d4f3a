/**
 * Applies state trees to throw-away machines and compares what every state answers, and what the machine is like afterwards,
 * with what Salt did there: `npm run conformance -- applied CASES.jsonl.gz [--roots roots.json] [--formulas FOLDER]
 * [--name PATTERN] [--verbose] [--json]`. The machines to start from are made as the roots say (beside the cases, when not
 * named). Cases that need a state which Zester lacks are skipped with its name, and so are formulas of which FOLDER holds no
 * checkout.
 */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { registry } from '#modules/registry.ts';
import { builtPrograms } from '../../test/hosts/cases/build.ts';
import { Inside } from '../../test/hosts/cases/inside.ts';
import { changesOf, differencesBetween, differenceText } from '../../test/hosts/changes.ts';
import { throwAwayHost } from '../../test/hosts/host.ts';
import { prepareHosts } from '../../test/hosts/prepare.ts';
import type { ConformanceOptions, ConformanceResult, SkippedCase } from '../conformance.ts';
import { answerDifferences, machineDifferences } from './applied/compare.ts';
import { lookAt } from './applied/look.ts';
import { type AppliedCase, readApplied, untouched } from './applied/record.ts';
import { checkoutOf, machineRoots } from './applied/roots.ts';

const lineLimitS = 180;

export async function run(
  file: string,
  { roots = join(dirname(file), 'roots.json'), formulas, name, verbose }: ConformanceOptions,
): Promise<ConformanceResult> {
  const pattern = typeof name === 'string' ? new RegExp(name) : undefined;
  const all = readApplied(file);
  const cases = all.filter((each) => pattern?.test(each.name) ?? true);
  const { systemd } = await prepareHosts(console.error);
  const folder = typeof formulas === 'string' ? formulas : undefined;
  const skipped = cases.flatMap((each): SkippedCase[] => {
    const reason = impossible(each, folder) ?? (systemd === true ? undefined : systemd);
    return reason === undefined ? [] : [{ name: each.name, reason }];
  });
  for (const { name, reason } of skipped) console.error(`skipped: ${name}: ${reason}`);
  const possible = cases.filter((each) => !skipped.some(({ name }) => name === each.name));
  const failed: string[] = [];
  if (possible.length > 0) {
    const places = await machineRoots(String(roots), { packages: folder === undefined ? [] : packagesOf(all) });
    using programs = builtPrograms(['zester-peel']);
    const queue = possible.values();
    const lane = async () => {
      for (const each of queue) {
        const observed: string[] = [];
        const differences = await differencesOf(each, { places, folder, programs: programs.folder, observed }).catch(
          (error: unknown) => [error instanceof Error ? error.message : String(error)],
        );
        if (differences.length > 0) failed.push(each.name);
        if (differences.length > 0) console.error(`differs: ${each.name}\n${indented(differences)}`);
        if (verbose) console.error(`${each.name}\n${indented(observed)}`);
      }
    };
    await Promise.all(Array.from({ length: availableParallelism() }, lane));
  }
  return { cases: cases.length, passed: possible.length - failed.length, failed, skipped };
}

/** What Salt installed from the mirror, in all cases: the same for every choice of them, since a root is made by it. */
function packagesOf(cases: readonly AppliedCase[]): readonly string[] {
  const fromMirror = cases.filter(({ root }) => root === 'base');
  return [...new Set(fromMirror.flatMap(({ machine }) => Object.keys(machine.packages.added)))].toSorted();
}

/** Why a case cannot be told anything by. */
function impossible({ source, runs }: AppliedCase, folder: string | undefined): string | undefined {
  const results = 'error' in runs.apply ? [] : runs.apply;
  const states = new Set(results.map(({ state }) => state).filter((state) => !state.endsWith('.mod_watch')));
  const missing = [...states].filter((state) => !registry.states.has(state));
  if (missing.length > 0) return `there is no ${missing.join(', no ')}`;
  if ('tree' in source) return undefined;
  if (folder === undefined) return `it needs a checkout of ${source.repo} (--formulas)`;
  if (source.also.length > 0) return 'it needs more than one checkout';
  return checkoutOf(folder, source.repo) === undefined ? `no checkout of ${source.repo} is in "${folder}"` : undefined;
}

interface Places {
  readonly places: { readonly base: string; readonly tools: string };
  readonly folder: string | undefined;
  readonly programs: string;
  readonly observed: string[];
}

async function differencesOf(
  each: AppliedCase,
  { places, folder, programs, observed }: Places,
): Promise<readonly string[]> {
  const { source, pillar = {}, setup, between, runs } = each;
  await using host = await throwAwayHost({
    name: 'gold',
    systemd: true,
    tree: places[each.root],
    reads: [programs],
  });
  const inside = new Inside({ host, programs, cwd: '/', observed });
  const checkout = 'tree' in source || folder === undefined ? undefined : checkoutOf(folder, source.repo);
  inside.layOut('tree' in source ? source.tree : (checkout ?? {}));
  inside.settings(
    typeof pillar.file === 'string' && checkout !== undefined
      ? readFileSync(join(checkout, pillar.file), 'utf8')
      : `#!json\n${JSON.stringify(pillar)}\n`,
  );
  // As in the recording, where some of them did not succeed either.
  for (const line of setup) await inside.bash(`setup: ${line}`, line, lineLimitS);

  const refs = [source.sls].flat();
  const start = await lookAt(inside, each);
  const plan = await inside.apply('plan', { test: true, refs });
  const leaveOut = ['/var/log', '/var/cache', '/var/lib/systemd', '/etc/.pwd.lock'];
  const touched = differencesBetween(host, start.files, changesOf(host)).filter(
    ({ path }) => !leaveOut.some((folder) => path === folder || path.startsWith(`${folder}/`)),
  );

  const first = await inside.apply('first run', { test: false, refs });
  await settled(inside);
  const applied = await lookAt(inside, each);
  for (const line of between) await inside.bash(`between: ${line}`, line, lineLimitS);
  const drifted = between.length === 0 ? applied : await lookAt(inside, each);
  const again = await inside.apply('second run', { test: false, refs });
  await settled(inside);
  const settledAgain = await lookAt(inside, each);
  const answers = [
    ...touched.map((difference) => `plan: changed the machine: ${differenceText(difference)}`),
    ...answerDifferences('plan', plan, runs.test, runs.apply),
    ...answerDifferences('first run', first, runs.apply),
    ...(runs.again === undefined ? [] : answerDifferences('second run', again, runs.again)),
  ];
  // Salt may have begun before it saw what is wrong. What is refused here touches nothing, and that says it all.
  const isRefused = first.results === undefined;
  const [left, leftAgain] = isRefused ? [untouched, untouched] : [each.machine, each.machine_again];
  return [
    ...answers,
    ...machineDifferences(host, start, applied, left).map((text) => `after the first run: ${text}`),
    ...machineDifferences(host, drifted, settledAgain, leftAgain).map((text) => `after the second run: ${text}`),
  ];
}

/** The recorder looked 0.8 seconds after a run: daemons take a moment. */
async function settled(inside: Inside): Promise<void> {
  await inside.bash('settling', 'sleep 0.8', lineLimitS);
}

function indented(texts: readonly string[]): string {
  return texts.map((text) => text.trimEnd().replaceAll(/^/gm, '  ')).join('\n');
}
