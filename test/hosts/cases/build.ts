import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildArguments, stampOf } from '../../../tools/build.ts';
import { root } from '../../../tools/source.ts';

/** A folder with programs made from the sources as they are now; gone when it is disposed of. */
export interface Programs extends Disposable {
  readonly folder: string;
}

/** Hosts see no sources and no Node: they run what users run, executables. */
export function builtPrograms(names: readonly ('zester' | 'zester-peel')[]): Programs {
  sweep();
  const folder = mkdtempSync(join(tmpdir(), `zester-programs-${process.pid}-`));
  const programs = { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
  const stamp = stampOf(root);
  try {
    for (const name of names) {
      const entry = join(root, 'src', 'bin', `${name}.ts`);
      // In there, so that the maps beside it go with it.
      execFileSync(process.execPath, buildArguments({ entry, outfile: join(folder, name), stamp }), {
        cwd: root,
        stdio: ['ignore', 'ignore', 'inherit'],
      });
    }
  } catch (error) {
    programs[Symbol.dispose]();
    throw error;
  }
  return programs;
}

/** Takes away what processes built that are no more, and could not take it away themselves: each is a hundred megabytes. */
function sweep(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = /^zester-programs-(\d+)-/.exec(name)?.[1];
    if (pid !== undefined && !existsSync(`/proc/${pid}`))
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}
