import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { buildArguments, stampOf } from '../tools/build.ts';
import { root } from '../tools/source.ts';

/** The least that something can cost: figures are compared with it, since machines differ. */
const folder = join(root, '.tools', 'floors');

/** `floors/NAME.ts`, compiled as our own programs are. */
export function runtimeFloor(name: 'ping' | 'idle'): string {
  const entry = join(root, 'bench/floors', `${name}.ts`);
  const outfile = join(folder, name);
  if (isFresh(outfile, entry)) return outfile;
  mkdirSync(folder, { recursive: true });
  execFileSync(process.execPath, buildArguments({ entry, outfile, stamp: stampOf(root) }), {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return outfile;
}

/** `floors/native.go`, compiled; undefined where there is no Go, which is said. */
export function nativeFloor(): string | undefined {
  const entry = join(root, 'bench/floors/native.go');
  const outfile = join(folder, 'native');
  if (isFresh(outfile, entry)) return outfile;
  mkdirSync(folder, { recursive: true });
  const { status, stderr, error } = spawnSync('go', ['build', '-trimpath', '-o', outfile, entry], { encoding: 'utf8' });
  if (status === 0) return outfile;
  process.stderr.write(`No native floor: ${error ? 'Go is not installed' : `Go could not build it: ${stderr}`}\n`);
  return undefined;
}

function isFresh(built: string, source: string): boolean {
  return (statSync(built, { throwIfNoEntry: false })?.mtimeMs ?? 0) >= statSync(source).mtimeMs;
}

/** A figure beside its floor; null where the floor could not be measured. */
export function ratio(figure: number, floor: number | null): number | null {
  return floor === null || floor === 0 ? null : Number((figure / floor).toFixed(2));
}
