import { allProcesses, environmentOf, ownLine, type Process } from './table.ts';

/** What a family is known by. */
export interface Kin {
  /** Processes it descends from. */
  readonly roots?: readonly number[];
  /** Whether the environment a process was started with makes it one of them: it is inherited wherever they flee to. */
  readonly isMarked?: (environment: ReadonlyMap<string, string>) => boolean;
  /** Further process ids, such as those of a cgroup. */
  readonly pids?: () => readonly number[];
}

/**
 * Looks for a family, again at each call: what is marked, what descends from it, and what lives in a session that one of
 * them opened. Who was found once is remembered, so that a child is still known when its parent has ended.
 * This process and those above it are never part of it.
 */
export function familyOf({ roots = [], isMarked, pids }: Kin): () => readonly Process[] {
  const known = new Set<number>(roots);
  // A process between its fork and its exec still shows its parent's environment: a second look makes it a stranger.
  const unmarked = new Map<string, number>();
  const hasMark = ({ pid, startedAt }: Process): boolean => {
    if (isMarked === undefined) return false;
    const key = `${pid}.${startedAt}`;
    const looks = unmarked.get(key) ?? 0;
    if (looks > 1) return false;
    const environment = environmentOf(pid);
    if (isMarked(environment)) return true;
    // One that is just becoming another program shows none at all.
    if (environment.size > 0) unmarked.set(key, looks + 1);
    return false;
  };
  return () => {
    const spared = ownLine();
    const table = allProcesses().filter(({ pid }) => !spared.has(pid));
    const others = new Set(pids?.());
    const isFound = (each: Process) => {
      const { pid, session } = each;
      // A session's id is the process that opened it.
      return known.has(pid) || known.has(session) || others.has(pid) || hasMark(each);
    };
    const members = new Map(table.filter(isFound).map((each) => [each.pid, each]));
    const isMember = ({ parent, session }: Process) => members.has(parent) || members.has(session);
    // Parents may come after their children in the table: until nobody new is found.
    for (let size = -1; size !== members.size; ) {
      size = members.size;
      for (const each of table) if (!members.has(each.pid) && isMember(each)) members.set(each.pid, each);
    }
    for (const pid of members.keys()) known.add(pid);
    return [...members.values()];
  };
}
