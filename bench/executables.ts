import { execFileSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryFiles, root } from '../tools/source.ts';

export type Program = 'zester' | 'zester-master' | 'zester-peel';

/** Paths of the built executables; those that are missing or older than their sources are built first. */
export function executables<const Programs extends readonly Program[]>(
  programs: Programs,
): Record<Programs[number], string> {
  const newest = Math.max(...sources().map(modifiedMs));
  const stale = programs.filter((program) => modifiedMs(join('dist', program)) < newest);
  if (stale.length > 0) {
    execFileSync(process.execPath, ['tools/build.ts', ...stale], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
  }
  const paths = programs.map((program) => [program, join(root, 'dist', program)]);
  return Object.fromEntries(paths) as Record<Programs[number], string>;
}

function sources(): readonly string[] {
  const isSource = (path: string) =>
    (path.startsWith('src/') && !path.endsWith('.test.ts')) || path === 'tools/build.ts';
  return ['package-lock.json', ...repositoryFiles().filter(isSource)];
}

/** Milliseconds since the Unix epoch; long ago when it is missing. */
function modifiedMs(path: string): number {
  return statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
