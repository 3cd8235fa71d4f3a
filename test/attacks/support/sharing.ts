import { parentOf } from '../../../tools/processes.ts';

/** Opened once in a process, by the first attack that asks, for all that leave it as it was. */
export interface Shared extends AsyncDisposable {
  /** Folders it has in the folder of temporary files. */
  readonly folders: readonly string[];
  /** Its processes; what they start is theirs. */
  readonly pids: readonly number[];
}

const opened = new Map<string, Promise<Shared>>();
const ready: Shared[] = [];

/** The same one for every caller; opened again when the last try failed. */
export async function share<Kind extends Shared>(name: string, open: () => Promise<Kind>): Promise<Kind> {
  const known = opened.get(name) as Promise<Kind> | undefined;
  if (known !== undefined) return known;
  const opening = open();
  opened.set(name, opening);
  try {
    const shared = await opening;
    ready.push(shared);
    return shared;
  } catch (error) {
    opened.delete(name);
    throw error;
  }
}

/** Whether a process, or a folder by its name, belongs to what is shared. */
export function isShared(thing: number | string): boolean {
  if (typeof thing === 'string') return ready.some(({ folders }) => folders.includes(thing));
  const pids = new Set(ready.flatMap((each) => each.pids));
  for (let pid: number | undefined = thing; pid !== undefined && pid > 1; pid = parentOf(pid)) {
    if (pids.has(pid)) return true;
  }
  return false;
}

export async function endShared(): Promise<void> {
  opened.clear();
  for (const each of ready.splice(0)) await each[Symbol.asyncDispose]();
}
