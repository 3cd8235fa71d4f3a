import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandLine, endProcessesWith, namesIn, processesWith, readIfThere } from '../processes.ts';

/** What everything of this run carries: in the name of its folder, in command lines, in environments. */
export const mark = `zester-demo-${process.pid}`;

/** What is left of this run: processes, mounts, folders. */
export function traces(): string[] {
  return [
    ...processesWith(mark).map((pid) => `process ${pid}: ${commandLine(pid)}`),
    ...readIfThere('/proc/self/mounts')
      .split('\n')
      .filter((line) => line.includes(`${mark}-`)),
    ...namesIn(tmpdir()).filter((name) => name.startsWith(`${mark}-`)),
    ...namesIn(join(tmpdir(), 'zester-hosts')).filter((name) => name.startsWith(`${process.pid}-`)),
  ];
}

/** Ends the processes that outlived those who started them, such as the command of a job whose peel was killed. */
export async function endMarked(): Promise<void> {
  await endProcessesWith(mark);
}
