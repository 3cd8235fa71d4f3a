import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What everything of this run carries: in the name of its folder, in command lines, in environments. */
export const mark = `zester-demo-${process.pid}`;

/** What is left of this run: processes, mounts, folders. */
export function traces(): string[] {
  return [
    ...markedProcesses().map((pid) => `process ${pid}: ${commandLine(pid)}`),
    ...readIfThere('/proc/self/mounts')
      .split('\n')
      .filter((line) => line.includes(`${mark}-`)),
    ...namesIn(tmpdir()).filter((name) => name.startsWith(`${mark}-`)),
    ...namesIn(join(tmpdir(), 'zester-hosts')).filter((name) => name.startsWith(`${process.pid}-`)),
  ];
}

/** Ends the processes that outlived those who started them, such as the command of a job whose peel was killed. */
export async function endMarked(): Promise<void> {
  for (let pids = markedProcesses(); pids.length > 0; pids = markedProcesses()) {
    for (const pid of pids) endProcess(pid);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function markedProcesses(): number[] {
  const pids = namesIn('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return pids.map(Number).filter((pid) => {
    const isMarked = `${commandLine(pid)} ${readIfThere(`/proc/${pid}/environ`)}`.includes(mark);
    return isMarked && !/ Z /.test(readIfThere(`/proc/${pid}/stat`));
  });
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was quicker.
  }
}

function commandLine(pid: number): string {
  return readIfThere(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Empty for what is gone, or another user's. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
