import { delay } from '#base/time.ts';
import { type Process, signalProcess } from './table.ts';

/** What became of processes that were to be ended: looked at, not assumed. */
export interface Ending {
  readonly ended: readonly Process[];
  /** Still there when the patience was over. */
  readonly left: readonly Process[];
  /** Why it is not known what became of them. */
  readonly trouble?: string;
}

export const nothingEnded: Ending = { ended: [], left: [] };

export interface EndOptions {
  /** How long they may take to end by themselves; 0 asks nobody. */
  readonly graceMs: number;
  /** How long is looked for them to be gone once they were killed: one that waits for the kernel may never be. */
  readonly lookMs?: number;
  /** Those that were there before: told of as well. */
  readonly seen?: readonly Process[];
  /** Ends them all at once where the kernel can. */
  readonly killAll?: (() => void) | undefined;
}

/** A pass finds what the last one's processes started meanwhile; a stopped process starts nothing. */
const stopPasses = 50;

/** Asks a family to end, kills what does not, and looks until nobody is left. */
export async function endProcesses(
  find: () => readonly Process[],
  { graceMs, lookMs = 5_000, killAll, seen: before = [] }: EndOptions,
): Promise<Ending> {
  const seen = new Map(before.map((each) => [keyOf(each), each]));
  const look = () => {
    let alive = find();
    // What looked like nobody may have been one that handed over to the next just then.
    for (let again = 0; again < 2 && alive.length === 0; again++) alive = find();
    for (const each of alive) seen.set(keyOf(each), each);
    return alive;
  };
  let alive = look();
  if (graceMs > 0 && alive.length > 0) {
    for (const each of alive) {
      signalProcess(each, 'SIGTERM');
      // Who is stopped hears nothing until it goes on.
      signalProcess(each, 'SIGCONT');
    }
    alive = await gone(look, graceMs);
  }
  const over = performance.now() + lookMs;
  while (alive.length > 0) {
    killAll?.();
    killEach(alive, look);
    alive = await gone(look, Math.min(200, lookMs));
    if (performance.now() > over) break;
  }
  const left = new Set(alive.map(keyOf));
  return { ended: [...seen.values()].filter((each) => !left.has(keyOf(each))), left: alive };
}

/** Stops all before it kills one: else each that dies leaves the others time to start another. */
function killEach(alive: readonly Process[], look: () => readonly Process[]): void {
  const stopped = new Map<string, Process>();
  let fresh = alive;
  for (let pass = 0; pass < stopPasses && fresh.length > 0; pass++) {
    for (const each of fresh) {
      signalProcess(each, 'SIGSTOP');
      stopped.set(keyOf(each), each);
    }
    fresh = look().filter((each) => !stopped.has(keyOf(each)));
  }
  for (const each of [...stopped.values(), ...fresh]) signalProcess(each, 'SIGKILL');
}

/** Who is left after this long; returns early when nobody is. */
async function gone(look: () => readonly Process[], ms: number): Promise<readonly Process[]> {
  const over = performance.now() + ms;
  let pause = 5;
  for (;;) {
    const alive = look();
    if (alive.length === 0 || performance.now() >= over) return alive;
    await delay(Math.min(pause, Math.max(1, over - performance.now())));
    pause = Math.min(pause * 2, 100);
  }
}

function keyOf({ pid, startedAt }: Process): string {
  return `${pid}.${startedAt}`;
}
