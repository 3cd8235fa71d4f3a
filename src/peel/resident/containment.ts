import { createHash, randomBytes } from 'node:crypto';
import { inheritable, jobVariable, peelVariable, runnerVariable } from '#machine/environment.ts';
import { type Cgroup, type Cgroups, ownCgroups } from '#machine/processes/cgroup.ts';
import { type Ending, endProcesses } from '#machine/processes/end.ts';
import { familyOf } from '#machine/processes/family.ts';
import { environmentOf, type Process } from '#machine/processes/table.ts';

/**
 * Holds together what jobs start, so that it can be ended whole. Where the kernel keeps groups of processes, every runner
 * gets one; everywhere, commands carry the names of their job and their peel in their environment.
 */
export interface Containment {
  /** What a runner is started with. */
  readonly environment: Readonly<Record<string, string>>;
  /** A runner that was just started and has started nothing yet. */
  hold(pid: number): Held;
  /** Ends what an earlier life of this peel left running: runners, and the commands of jobs that were never answered. */
  endLeftovers(interrupted: readonly string[]): Promise<Leftovers>;
}

export interface Held {
  /** Looks at what a job has started by now; called with a grace, ends the runner and all of that, and what came since. */
  ending(jid: string): (graceMs: number) => Promise<Ending>;
  /** The job ended by itself: what it left running on purpose is no longer this runner's. */
  release(): void;
  /** The runner is gone. */
  close(): void;
}

export interface Leftovers {
  readonly byJob: ReadonlyMap<string, Ending>;
  /** Runners, and processes that do not say whose they are. */
  readonly others: Ending;
}

export interface ContainmentOptions {
  readonly peel: string;
  /** Two peels of one machine have each their own. */
  readonly dataDir: string;
  /** Undefined where the kernel has none: then marks, descent and sessions are all there is. */
  readonly cgroups?: Cgroups | undefined;
}

const bootGraceMs = 1_000;

/** With the groups of this machine, if it has them and they are wanted. */
export function ownContainment({
  useCgroups = true,
  ...options
}: Omit<ContainmentOptions, 'cgroups'> & { readonly useCgroups?: boolean }): Containment {
  return openContainment({ ...options, cgroups: useCgroups ? ownCgroups() : undefined });
}

export function openContainment({ peel, dataDir, cgroups }: ContainmentOptions): Containment {
  const owner = ownerOf(peel, dataDir);
  const prefix = groupPrefix(peel, dataDir);
  const leftBehind = `${prefix}left`;

  const isOf = (environment: ReadonlyMap<string, string>, jids: readonly string[]) =>
    environment.get(peelVariable) === peel && jids.includes(environment.get(jobVariable) ?? '');

  /** Groups that were not empty yet when their runner had gone: the kernel takes a moment. */
  const closed = new Set<Cgroup>();
  const removeClosed = () => {
    for (const group of closed) if (group.remove()) closed.delete(group);
  };

  return {
    environment: { ...inheritable(process.env), [runnerVariable]: owner },
    hold(pid) {
      removeClosed();
      const group = grouped(pid, cgroups, `${prefix}runner-${randomBytes(6).toString('hex')}`);
      return {
        ending(jid) {
          const family = familyOf({
            roots: [pid],
            isMarked: (environment) => isOf(environment, [jid]),
            ...(group && { pids: group.pids }),
          });
          const before = look(family);
          return async (graceMs) => {
            try {
              const { ended, left } = await endProcesses(family, { graceMs, seen: before, killAll: group?.kill });
              // The runner is ours, not the job's.
              return { ended: ended.filter((each) => each.pid !== pid), left };
            } catch (error) {
              // A machine out of files or memory: the agent lives on, and does not claim what it has not seen.
              return { ended: [], left: [], trouble: reasonOf(error) };
            }
          };
        },
        release() {
          if (group && cgroups) leave(group, pid, () => cgroups.make(leftBehind));
        },
        close() {
          if (group) closed.add(group);
          removeClosed();
        },
      };
    },
    async endLeftovers(interrupted) {
      const groups = cgroups?.list(prefix).filter(({ name }) => name !== leftBehind) ?? [];
      const jobs = new Map<number, string>();
      const family = familyOf({
        pids: () => groups.flatMap((group) => group.pids()),
        isMarked: (environment) => environment.get(runnerVariable) === owner || isOf(environment, interrupted),
      });
      const find = () => {
        const found = family();
        for (const { pid } of found) if (!jobs.has(pid)) jobs.set(pid, jobOf(pid));
        return found;
      };
      const ending = await endProcesses(find, {
        graceMs: bootGraceMs,
        killAll: () => {
          for (const group of groups) group.kill();
        },
      });
      for (const group of cgroups?.list(prefix) ?? []) group.remove();
      return byJob(ending, ({ pid }) => jobs.get(pid) ?? '', interrupted);
    },
  };
}

function look(family: () => readonly Process[]): readonly Process[] {
  try {
    return family();
  } catch {
    // Looked again when it is ended, and told then.
    return [];
  }
}

function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What the names of a peel's groups begin with. */
export function groupPrefix(peel: string, dataDir: string): string {
  return `zester-${ownerOf(peel, dataDir)}-`;
}

function ownerOf(peel: string, dataDir: string): string {
  return createHash('sha256').update(`${peel}\0${dataDir}`).digest('hex').slice(0, 16);
}

/** The runner in a group of its own; none where the kernel refuses it. */
function grouped(pid: number, cgroups: Cgroups | undefined, name: string): Cgroup | undefined {
  let group: Cgroup | undefined;
  try {
    group = cgroups?.make(name);
    group?.add(pid);
    return group;
  } catch {
    // A container may show groups and not let anybody into them: marks hold there too.
    group?.remove();
    return undefined;
  }
}

/** Brings all but the runner elsewhere. What it starts meanwhile follows its parent, or is found by the next pass. */
function leave(group: Cgroup, runner: number, elsewhere: () => Cgroup): void {
  for (let pass = 0; pass < 20; pass++) {
    const others = group.pids().filter((pid) => pid !== runner);
    if (others.length === 0) return;
    const other = elsewhere();
    for (const pid of others) other.add(pid);
  }
}

function jobOf(pid: number): string {
  return environmentOf(pid).get(jobVariable) ?? '';
}

function byJob(ending: Ending, jobOf: (process: Process) => string, jids: readonly string[]): Leftovers {
  const part = (belongs: (process: Process) => boolean): Ending => ({
    ended: ending.ended.filter(belongs),
    left: ending.left.filter(belongs),
  });
  const parts = jids.map((jid) => [jid, part((each) => jobOf(each) === jid)] as const);
  const others = part((each) => !jids.includes(jobOf(each)));
  return { byJob: new Map(parts), others };
}
