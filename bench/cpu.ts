import { readdirSync, readFileSync } from 'node:fs';

/** Ticks a second that the kernel counts processor time in, on every Linux. */
const ticksPerSecond = 100;

/** Processor time, in milliseconds, that this process and everything it started have used; what has ended is left out. */
export function treeCpuMs(root = process.pid): number {
  const parents = new Map<number, Ticks>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const fields = stat(Number(name));
    if (fields) parents.set(Number(name), fields);
  }
  const isOurs = (pid: number): boolean => pid === root || (parents.has(pid) && isOurs(parents.get(pid)?.parent ?? 0));
  let ticks = 0;
  for (const [pid, each] of parents) if (isOurs(pid)) ticks += each.ticks;
  return inMs(ticks);
}

/** The same of one process alone. */
export function processCpuMs(pid: number): number {
  return inMs(stat(pid)?.ticks ?? 0);
}

interface Ticks {
  readonly parent: number;
  readonly ticks: number;
}

function stat(pid: number): Ticks | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program stands in brackets and may hold anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
  } catch {
    return undefined;
  }
}

function inMs(ticks: number): number {
  return (ticks * 1_000) / ticksPerSecond;
}
