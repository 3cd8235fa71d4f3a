import * as fs from 'node:fs/promises';
import { commandUnknown, machineError } from './errors.ts';

/** An agent started by init may have a PATH without the places where administrators' programs are. */
export const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The path of a program as a shell would find it. Throws `COMMAND_UNKNOWN`, `COMMAND_DENIED`. */
export async function findProgram(program: string, path: string | undefined, cwd = process.cwd()): Promise<string> {
  if (program.includes('/')) {
    const place = program.startsWith('/') ? program : `${cwd}/${program}`;
    if (await isProgram(place)) return place;
    if (await exists(place)) {
      throw machineError('COMMAND_DENIED', `Cannot run "${program}": it is not an executable file`);
    }
    throw commandUnknown(program);
  }
  for (const folder of `${path ?? ''}:${systemPath}`.split(':')) {
    if (folder !== '' && program !== '' && (await isProgram(`${folder}/${program}`))) return `${folder}/${program}`;
  }
  throw commandUnknown(program);
}

async function isProgram(place: string): Promise<boolean> {
  try {
    const stat = await fs.stat(place);
    return stat.isFile() && (stat.mode & 0o111) !== 0;
  } catch {
    return false;
  }
}

async function exists(place: string): Promise<boolean> {
  return fs.stat(place).then(
    () => true,
    () => false,
  );
}

export async function isDirectory(place: string): Promise<boolean> {
  return fs.stat(place).then(
    (stat) => stat.isDirectory(),
    () => false,
  );
}
