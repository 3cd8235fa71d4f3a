import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Processes that carry this in their command line, their environment or the name of the folder they are in. */
export function processesWith(mark: string): number[] {
  const pids = namesIn('/proc').filter((name) => /^\d+$/.test(name) && name !== String(process.pid));
  return pids.map(Number).filter((pid) => {
    const told = `${commandLine(pid)} ${readIfThere(`/proc/${pid}/environ`)} ${workingFolder(pid)}`;
    return told.includes(mark) && !/ Z /.test(readIfThere(`/proc/${pid}/stat`));
  });
}

/** Ends the processes with this mark, and those that they start meanwhile. */
export async function endProcessesWith(mark: string): Promise<void> {
  for (let pids = processesWith(mark); pids.length > 0; pids = processesWith(mark)) {
    for (const pid of pids) endProcess(pid);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was quicker.
  }
}

/** The process that started this one; undefined when either is gone. */
export function parentOf(pid: number): number | undefined {
  const stat = readIfThere(`/proc/${pid}/stat`);
  // The command, in parentheses, may hold spaces; the parent is the second field after it.
  const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  return parent > 0 ? parent : undefined;
}

export function commandLine(pid: number): string {
  return readIfThere(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
}

export function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Empty for what is gone, or another user's. */
export function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function workingFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return '';
  }
}
