/**
 * Attacks the project as an enemy would and breaks it as a bad night would: `attack.ts [words…] [--json]`
 *
 * Every file of `test/attacks/` exports `attacks`. With words, only the attacks whose promise or name holds one of them
 * run. The last line is a sum, with `--json` one object: `{"attacks", "held", "failed": […]}`.
 */
import { basename, join } from 'node:path';
import type { Attack } from '../test/attacks/attack.ts';
import { parseFlags } from './flags.ts';
import { repositoryFiles, root } from './source.ts';

const attackTimeoutMs = 180_000;

if (import.meta.main) {
  const { words, flags } = parseFlags(process.argv.slice(2), ['json']);
  const chosen = (await allAttacks()).filter(({ promise, name }) => {
    return words.length === 0 || words.some((word) => promise === word || name.includes(word));
  });
  const failed: string[] = [];
  for (const attack of chosen) {
    const reason = await broken(attack);
    if (reason !== undefined) failed.push(`${attack.promise} ${attack.name}: ${reason}`);
    process.stderr.write(`${reason === undefined ? 'held  ' : 'BROKEN'} ${attack.promise} ${attack.name}\n`);
  }
  const held = chosen.length - failed.length;
  if (flags.json === true) process.stdout.write(`${JSON.stringify({ attacks: chosen.length, held, failed })}\n`);
  else process.stdout.write(`${failed.map((line) => `${line}\n`).join('')}${held} passed, ${failed.length} failed\n`);
  // What an attack left open must not keep this process.
  process.exit(failed.length === 0 && chosen.length > 0 ? 0 : 1);
}

/** Every attack there is, by file. Throws when two have one name: a failure must say which it is. */
export async function allAttacks(): Promise<readonly Attack[]> {
  const files = repositoryFiles()
    .filter((path) => path.startsWith('test/attacks/') && path.endsWith('.ts'))
    .filter((path) => !path.endsWith('.test.ts') && basename(path) !== 'attack.ts' && !path.includes('/support/'));
  const modules = await Promise.all(
    files.map(async (path) => (await import(join(root, path))) as { readonly attacks?: readonly Attack[] }),
  );
  const all = modules.flatMap(({ attacks = [] }, index) => {
    if (attacks.length === 0) throw new Error(`"${files[index]}" exports no attacks`);
    return attacks;
  });
  const names = all.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new Error(`Two attacks are called "${twice}"`);
  return all;
}

/** Why a promise was broken; undefined when it was kept. */
async function broken(attack: Attack): Promise<string | undefined> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`no end within ${attackTimeoutMs / 1_000} s`)), attackTimeoutMs);
  try {
    await Promise.race([attack.run(), late]);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    clearTimeout(timer);
  }
}
