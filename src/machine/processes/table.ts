import { readdirSync, readFileSync } from 'node:fs';

/** One entry of the kernel's process table. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  readonly session: number;
  /** One letter, as `ps` shows it: `S` sleeps, `T` is stopped, `D` waits for the kernel and cannot be ended. */
  readonly state: string;
  readonly name: string;
  /** Ticks since the machine came up: tells a process from a later one of the same id. */
  readonly startedAt: number;
}

/** The table is read again for those that came while it was read: this often at most. */
const readPasses = 20;

/**
 * Every process that lives. One that ended and was not collected yet does not. Those are read too that others started
 * while the table was read: else a chain of processes, each of which starts the next and ends, would slip through.
 */
export function allProcesses(): readonly Process[] {
  const read = new Set<string>();
  const found: Process[] = [];
  for (let pass = 0; pass < readPasses; pass++) {
    const fresh = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && !read.has(name));
    if (fresh.length === 0) break;
    for (const pid of fresh) {
      read.add(pid);
      const each = findProcess(Number(pid));
      if (each !== undefined) found.push(each);
    }
  }
  return found;
}

export function findProcess(pid: number): Process | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  // The name stands in parentheses and may hold any character, parentheses too.
  const close = stat.lastIndexOf(')');
  const [state = 'X', parent, , session, ...rest] = stat.slice(close + 2).split(' ');
  if (close < 0 || state === 'Z' || state === 'X') return undefined;
  return {
    pid,
    parent: Number(parent),
    session: Number(session),
    state,
    name: stat.slice(stat.indexOf('(') + 1, close),
    startedAt: Number(rest[15]),
  };
}

/** The environment a process was started with; empty for one of another user's, when we may not look. */
export function environmentOf(pid: number): ReadonlyMap<string, string> {
  const pairs = readText(`/proc/${pid}/environ`).split('\0');
  return new Map(
    pairs.flatMap((pair) => {
      const at = pair.indexOf('=');
      return at < 1 ? [] : [[pair.slice(0, at), pair.slice(at + 1)] as const];
    }),
  );
}

/** Sends a signal to just this process: false when it is gone, or when its id is another's by now. */
export function signalProcess({ pid, startedAt }: Process, signal: NodeJS.Signals): boolean {
  if (findProcess(pid)?.startedAt !== startedAt) return false;
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    // Gone in between, or another user's: the look afterwards says which.
    return false;
  }
}

/** This process and all those above it: nothing that is ended may ever be among them. */
export function ownLine(): ReadonlySet<number> {
  const line = new Set<number>();
  for (let pid = process.pid; pid > 0 && !line.has(pid); pid = findProcess(pid)?.parent ?? 0) line.add(pid);
  return line;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
