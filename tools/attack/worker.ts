/**
 * A process that runs attacks, one at a time, as it is told: what one of them does to its process is not done to the
 * others'. It looks after each one what that left behind.
 */
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Attack } from '../../test/attacks/attack.ts';
import { endShared, isShared } from '../../test/attacks/support/sharing.ts';
import { commandLine, endProcess, namesIn, processesWith } from '../processes.ts';

export type Order = { readonly file: string; readonly name: string } | 'end';
/** How one attack ended: why its promise is broken, if it is. */
export interface Ending {
  readonly reason?: string;
}

/** Processes take a moment to be gone. */
const goneWithinMs = 3_000;

const mark = process.env.ZESTER_ATTACK ?? '';
let fail: (error: unknown) => void = () => {};
for (const event of ['unhandledRejection', 'uncaughtException'] as const) process.on(event, (error) => fail(error));
// Whoever started us is gone.
process.on('disconnect', () => process.exit(1));
process.on('message', (order: Order) => void (order === 'end' ? end() : answer(order)));
process.send?.('ready');

async function answer(order: Exclude<Order, 'end'>): Promise<void> {
  const ending: Ending = await attempt(order).then(
    () => ({}),
    (error) => ({ reason: error instanceof Error ? error.message : String(error) }),
  );
  process.send?.(ending);
}

async function attempt({ file, name }: Exclude<Order, 'end'>): Promise<void> {
  const { promise: failure, reject } = Promise.withResolvers<never>();
  fail = reject;
  failure.catch(() => {});
  const { attacks } = (await import(file)) as { readonly attacks: readonly Attack[] };
  const attack = attacks.find((each) => each.name === name);
  if (attack === undefined) throw new Error(`"${file}" has no such attack any more`);
  const before = new Set(things());
  try {
    await Promise.race([attack.run(), failure]);
    // What it threw where nobody waited is heard of a turn later.
    await Promise.race([new Promise((resolve) => setImmediate(resolve)), failure]);
  } finally {
    await cleanUp(before);
  }
  const left = things().filter((each) => !before.has(each));
  if (left.length > 0) throw new Error(`it left behind: ${left.map(shown).join(', ')}`);
}

/** Waits until nothing of the attack is there; what then still is, is ended and told. */
async function cleanUp(before: ReadonlySet<string>): Promise<void> {
  const deadline = performance.now() + goneWithinMs;
  const left = () => things().filter((each) => !before.has(each));
  while (left().length > 0) {
    if (performance.now() > deadline) {
      const told = left().map(shown).join(', ');
      for (const each of left()) remove(each);
      throw new Error(`it left behind: ${told}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** What of ours there is, but for what attacks share: numbers of processes, and folders. */
function things(): string[] {
  const pids = processesWith(mark).filter((pid) => pid !== process.ppid && !isShared(pid));
  return [...pids.map(String), ...namesIn(tmpdir()).filter((name) => !isShared(name))];
}

function shown(thing: string): string {
  return /^\d+$/.test(thing) ? `the process "${commandLine(Number(thing)).slice(0, 200)}"` : `the folder "${thing}"`;
}

function remove(thing: string): void {
  if (/^\d+$/.test(thing)) endProcess(Number(thing));
  else rmSync(join(tmpdir(), thing), { recursive: true, force: true });
}

async function end(): Promise<void> {
  await endShared();
  process.exit(0);
}
