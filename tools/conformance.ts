/**
 * Compares Zester with what Salt does: `npm run conformance -- NAME FILE [--json] [--flag value]` (or `--golden FILE`) runs
 * `tools/conformance/NAME.ts`, which exports `run(file, options)`. With `--json` the last line is
 * `{"cases":…,"passed":…,"failed":[…]}`, with `skipped` where cases need what this machine may not have.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseFlags } from './flags.ts';

/** Flags as given, without `--json`. */
export type ConformanceOptions = Readonly<Record<string, string | true>>;

export interface ConformanceResult {
  readonly cases: number;
  readonly passed: number;
  /** Names of the cases that differ, or records that begin with a `name`. */
  readonly failed: readonly unknown[];
  readonly skipped?: readonly SkippedCase[];
}

/** A case that cannot be run here, and why. */
export interface SkippedCase {
  readonly name: string;
  readonly reason: string;
}

interface Suite {
  readonly run: (file: string, options: ConformanceOptions) => ConformanceResult | Promise<ConformanceResult>;
}

const folder = join(import.meta.dirname, 'conformance');

if (import.meta.main) {
  const { words, flags } = parseFlags(process.argv.slice(2), ['json', 'verbose']);
  const { json, golden, ...options } = flags;
  const [name = '', file = typeof golden === 'string' ? golden : undefined] = words;
  if (file === undefined || !suites().includes(name)) {
    console.error(
      `Cannot compare "${name}": use "npm run conformance -- NAME FILE", NAME one of ${suites().join(', ')}`,
    );
    process.exit(64);
  }
  const result = await asSuite(await import(join(folder, `${name}.ts`)), name).run(file, options);
  if (json === true) console.log(JSON.stringify(result));
  else console.log(shown(result));
  const { cases, passed, skipped = [] } = result;
  process.exitCode = cases > 0 && passed + skipped.length === cases ? 0 : 1;
}

function suites(): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((each) => /^[a-z0-9]+\.ts$/.test(each))
    .map((each) => each.replace('.ts', ''));
}

function asSuite(loaded: unknown, name: string): Suite {
  if (typeof loaded === 'object' && loaded !== null && 'run' in loaded && typeof loaded.run === 'function') {
    return loaded as Suite;
  }
  throw new Error(`Cannot compare "${name}": tools/conformance/${name}.ts exports no function "run"`);
}

export function shown({ cases, passed, failed, skipped = [] }: ConformanceResult): string {
  const lines = failed.map((each) => (typeof each === 'string' ? each : JSON.stringify(each)));
  const left = skipped.length === 0 ? '' : `, ${skipped.length} skipped`;
  return [...lines.map((line) => `differs: ${line}`), `${passed} of ${cases} as in Salt${left}`].join('\n');
}
