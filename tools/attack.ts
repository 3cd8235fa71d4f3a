/**
 * Attacks the project as an enemy would and breaks it as a bad night would: `attack.ts [words…] [--only NAME] [--quick]
 * [--list] [--json]`
 *
 * Every file of `test/attacks/` exports `attacks`. With words, only the attacks whose promise or name holds one of them
 * run; `--only` names one exactly, and `--quick` leaves out what takes minutes. The last line is a sum, with `--json` one
 * object: `{"attacks", "held", "failed": […]}`.
 */
import { basename, join } from 'node:path';
import type { Attack } from '../test/attacks/attack.ts';
import { closePlaces, type Listed, type Result, runAttacks } from './attack/run.ts';
import { parseFlags } from './flags.ts';
import { repositoryFiles, root } from './source.ts';

if (import.meta.main) {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void closePlaces().then(() => process.exit(130)));
  }
  process.exit(await main(process.argv.slice(2)));
}

async function main(argv: readonly string[]): Promise<number> {
  const { words, flags } = parseFlags(argv, ['json', 'list', 'quick']);
  const chosen = (await allAttacks()).filter(({ promise, name, quick }) => {
    if (flags.quick === true && !quick) return false;
    if (typeof flags.only === 'string') return name === flags.only;
    return words.length === 0 || words.some((word) => promise === word || name.includes(word));
  });
  if (flags.list === true) {
    for (const { promise, name, quick } of chosen) say(`${promise.padEnd(5)} ${quick ? 'quick' : 'slow '} ${name}`);
    return chosen.length > 0 ? 0 : 1;
  }
  const startedAt = performance.now();
  const onEnd = ({ attack: { promise, name }, reason, ms }: Result) => {
    const seconds = `${(ms / 1_000).toFixed(1)} s`;
    process.stderr.write(
      `${reason === undefined ? 'held  ' : 'BROKEN'} ${promise.padEnd(4)} ${seconds.padStart(7)}  ${name}\n`,
    );
  };
  const results = await runAttacks(chosen, { onEnd });
  const { attacks, held, failed } = sumOf(results);
  if (flags.json === true) say(JSON.stringify({ attacks, held, failed }));
  else say(report(results, performance.now() - startedAt));
  return attacks > 0 && failed.length === 0 ? 0 : 1;
}

/** Every attack there is, by file. Throws when two have one name: a failure must say which it is. */
export async function allAttacks(files: readonly string[] = attackFiles()): Promise<readonly Listed[]> {
  const modules = await Promise.all(files.map(async (file) => (await import(file)) as { attacks?: readonly Attack[] }));
  const all = modules.flatMap(({ attacks = [] }, index) => {
    const file = files[index] ?? '';
    if (attacks.length === 0) throw new Error(`"${file}" exports no attacks`);
    return attacks.map((attack) => ({ ...attack, run: () => attack.run(), file }));
  });
  const names = all.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`Two attacks are called "${twice}"`);
  return all;
}

function attackFiles(): string[] {
  return repositoryFiles()
    .filter((path) => path.startsWith('test/attacks/') && path.endsWith('.ts'))
    .filter((path) => !path.endsWith('.test.ts') && basename(path) !== 'attack.ts' && !path.includes('/support/'))
    .map((path) => join(root, path));
}

export interface Sum {
  readonly attacks: number;
  readonly held: number;
  /** One line each: the promise, the attack's name, and why it is broken. */
  readonly failed: readonly string[];
}

export function sumOf(results: readonly Result[]): Sum {
  const failed = results.flatMap(({ attack: { promise, name }, reason }) =>
    reason === undefined ? [] : [`${promise} ${name}: ${reason}`],
  );
  return { attacks: results.length, held: results.length - failed.length, failed };
}

/** By promise, then what is broken and why, then the sum. */
export function report(results: readonly Result[], ms: number): string {
  const promises = [...Map.groupBy(results, ({ attack }) => attack.promise)].toSorted(
    ([a], [b]) => order(a) - order(b),
  );
  const rows = promises.map(([promise, all]) => {
    const held = all.filter(({ reason }) => reason === undefined).length;
    return `${promise.padEnd(5)} ${String(held).padStart(3)} of ${String(all.length).padStart(3)} held`;
  });
  const { failed, held } = sumOf(results);
  const broken = failed.length === 0 ? [] : ['', 'Broken:', ...failed.map((line) => `  ${line}`)];
  const sum = `${held} passed, ${failed.length} failed`;
  return [...rows, ...broken, '', `${results.length} attacks in ${Math.round(ms / 1_000)} s`, sum].join('\n');
}

/** A1 … A8, B9 … B15, then what held already. */
function order(promise: string): number {
  return Number(/\d+/.exec(promise)?.[0] ?? 99);
}

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}
