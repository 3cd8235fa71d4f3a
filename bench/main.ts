/**
 * `npm run bench -- NAME [--json] [--flag value]` runs `bench/NAME.ts`, which exports
 * `run(options: BenchOptions): Promise<BenchResult>`. People get a table; with `--json` the last line is the object.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseFlags } from '../tools/flags.ts';

/** Flags as given, without `--json`: `--peels 100` is `{ peels: '100' }`, a bare `--tls` is `true`. */
export type BenchOptions = Readonly<Record<string, string | true>>;

/** Plain values by name; units are in the names (`p50Ms`, `rssMb`). */
export type BenchResult = Readonly<Record<string, unknown>>;

export interface Bench {
  readonly run: (options: BenchOptions) => BenchResult | Promise<BenchResult>;
}

if (import.meta.main) {
  const { words, flags } = parseFlags(process.argv.slice(2));
  const { json, ...options } = flags;
  const [name = ''] = words;
  const file = join(import.meta.dirname, `${name}.ts`);
  if (!/^[a-z-]+$/.test(name) || !existsSync(file)) {
    console.error(`Cannot run the bench "${name}": there are ${benches().join(', ') || 'none'}`);
    process.exit(64);
  }
  const startedAt = performance.now();
  const result = await asBench(await import(file), name).run(options);
  const ms = Math.round(performance.now() - startedAt);
  console.log(table({ ...result, ms }));
  if (json === true) console.log(JSON.stringify({ bench: name, ...result, ms }));
  // What a bench leaves open (a server, a timer) must not keep it from ending.
  process.exit(0);
}

/** Files that export `run`; the others are what benches stand on. */
function benches(): string[] {
  return readdirSync(import.meta.dirname)
    .filter((file) => /^export (?:async function|function|const) run\b/m.test(read(file)))
    .map((file) => file.replace('.ts', ''));
}

function read(file: string): string {
  return readFileSync(join(import.meta.dirname, file), 'utf8');
}

function asBench(loaded: unknown, name: string): Bench {
  if (typeof loaded === 'object' && loaded !== null && 'run' in loaded && typeof loaded.run === 'function') {
    return loaded as Bench;
  }
  throw new Error(`Cannot run the bench "${name}": bench/${name}.ts exports no function "run"`);
}

/** One row a value; what is nested gets its path as its name, and an array of objects a row each. */
export function table(result: BenchResult): string {
  const rows = flatten(result);
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${shown(value)}`).join('\n');
}

function flatten(value: object, prefix = ''): (readonly [name: string, value: unknown])[] {
  return Object.entries(value).flatMap(([key, each]) => {
    const name = `${prefix}${key}`;
    return typeof each === 'object' && each !== null ? flatten(each, `${name}.`) : [[name, each] as const];
  });
}

function shown(value: unknown): string {
  return typeof value === 'number' ? value.toLocaleString('en-US', { maximumFractionDigits: 3 }) : String(value);
}
