/**
 * One executable per program, in `dist/`. `build.ts [program…] [--target bun-linux-arm64 --bun path]`
 *
 * For another platform name its target, and the Bun of that platform (from its `@oven/bun-…` package).
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { median } from '../bench/stats.ts';
import { writeManual } from './docs/write-manual.ts';
import { parseFlags } from './flags.ts';
import { root } from './source.ts';

const programs = ['zester', 'zester-master', 'zester-peel', 'zester-watchdog'] as const;

export interface Stamp {
  readonly version: string;
  readonly commit: string;
  readonly date: string;
}

export interface Cross {
  readonly target: string;
  readonly bun: string;
}

if (import.meta.main) {
  const { words, flags } = parseFlags(process.argv.slice(2));
  const { target, bun } = flags;
  if ((target === undefined) !== (bun === undefined) || target === true || bun === true) {
    throw new Error('Cannot build for another platform: --target and --bun belong together, each with a value');
  }
  const cross = target === undefined || bun === undefined ? undefined : { target, bun };
  const wanted = words.length > 0 ? words : programs.filter((program) => existsSync(entryOf(program)));
  const stamp = stampOf(root);
  for (const program of wanted) buildProgram(program, stamp, cross);
  if (words.length === 0) {
    const count = await writeManual(join(root, 'dist', 'man'), {
      version: stamp.version,
      date: stamp.date.slice(0, 10),
    });
    console.log(`${'man'.padEnd(16)} ${count} pages`);
  }
}

function buildProgram(program: string, stamp: Stamp, cross: Cross | undefined): void {
  const outfile = join(root, 'dist', program);
  mkdirSync(join(root, 'dist'), { recursive: true });
  execFileSync(process.execPath, buildArguments({ entry: entryOf(program), outfile, stamp, cross }), {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  // The maps are inside the executable too: those serve the places in reports of bugs.
  for (const name of readdirSync(join(root, 'dist'))) if (name.endsWith('.map')) rmSync(join(root, 'dist', name));
  const size = `${(statSync(outfile).size / 1e6).toFixed(0)} MB`;
  const start = cross === undefined ? `${checkedStartMs(outfile, stamp).toFixed(1)} ms to start` : cross.target;
  console.log(`${program.padEnd(16)} ${size}   ${start}   ${stamp.version} ${stamp.commit}`);
}

export function buildArguments(what: {
  readonly entry: string;
  readonly outfile: string;
  readonly stamp: Stamp;
  readonly cross?: Cross | undefined;
}): string[] {
  const { entry, outfile, stamp, cross } = what;
  return [
    'build',
    entry,
    '--compile',
    `--outfile=${outfile}`,
    '--minify',
    '--sourcemap=linked',
    // Bytecode with `await` at the top and `import()` needs the module format named; splitting keeps what is
    // imported later out of what is loaded first.
    '--bytecode',
    '--format=esm',
    '--splitting',
    // An agent must not take settings from whatever folder it is started in.
    '--no-compile-autoload-dotenv',
    '--no-compile-autoload-bunfig',
    ...Object.entries(stamp).map(
      ([key, value]) => `--define=process.env.ZESTER_BUILD_${key.toUpperCase()}=${JSON.stringify(value)}`,
    ),
    ...(cross === undefined ? [] : [`--target=${cross.target}`, `--compile-executable-path=${cross.bun}`]),
  ];
}

/** Version of package.json; commit and its date, so that the same commit builds the same program. */
export function stampOf(folder: string): Stamp {
  const manifest: { version?: string } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const git = (...args: readonly string[]) => {
    const { status, stdout } = spawnSync('git', args, { cwd: folder, encoding: 'utf8' });
    return status === 0 ? stdout.trim() : undefined;
  };
  const commit = git('rev-parse', '--short=12', 'HEAD') ?? 'unknown';
  const isChanged = git('status', '--porcelain', '--untracked-files=no') !== '';
  return {
    version: manifest.version ?? '0.0.0',
    commit: isChanged ? `${commit}-changed` : commit,
    date: git('log', '-1', '--format=%cI') ?? 'unknown',
  };
}

/** Median start time; throws when the program does not run or does not know which build it is. */
function checkedStartMs(program: string, stamp: Stamp): number {
  const times = Array.from({ length: 11 }, () => {
    const startedAt = performance.now();
    const { status, stdout, stderr } = spawnSync(program, ['--version'], { encoding: 'utf8' });
    const ms = performance.now() - startedAt;
    if (status === 0 && stdout.includes(stamp.version) && stdout.includes(stamp.commit)) return ms;
    throw new Error(`Cannot use "${program}": "--version" ended with ${status} and said "${stdout}${stderr}"`);
  });
  return median(times);
}

function entryOf(program: string): string {
  return join(root, 'src', 'bin', `${program}.ts`);
}
