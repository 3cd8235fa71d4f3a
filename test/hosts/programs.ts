import * as fs from 'node:fs';
import { join } from 'node:path';

/** Whether a program can be started, administrators' own folders included. */
export function onPath(program: string): boolean {
  const folders = `${process.env.PATH ?? ''}:/usr/sbin:/sbin`.split(':');
  return folders.some((folder) => fs.existsSync(join(folder, program)));
}
