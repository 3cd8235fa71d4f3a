import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Attack } from '../../test/attacks/attack.ts';
import { endProcessesWith, processesWith } from '../processes.ts';
import { root } from '../source.ts';
import type { Ending, Order } from './worker.ts';

/** An attack and the file it is in. */
export type Listed = Attack & { readonly file: string };

export interface Result {
  readonly attack: Listed;
  /** Why its promise is broken; undefined when it was kept. */
  readonly reason: string | undefined;
  readonly ms: number;
}

export interface RunOptions {
  /** How many run side by side, each in a process of its own. */
  readonly width?: number;
  readonly timeoutMs?: number;
  readonly onEnd?: (result: Result) => void;
}

/**
 * Runs every attack, whatever the others do: one that hangs, or ends the process it runs in, is broken by name, and the
 * next has a new process. The slow ones come first; those that want to be alone come last.
 */
export async function runAttacks(attacks: readonly Listed[], options: RunOptions = {}): Promise<readonly Result[]> {
  const { width = 2 } = options;
  const together = attacks.filter(({ alone }) => alone !== true).toSorted((a, b) => Number(a.quick) - Number(b.quick));
  const alone = attacks.filter(({ alone }) => alone === true);
  return [...(await work(together, width, options)), ...(await work(alone, 1, options))];
}

async function work(attacks: readonly Listed[], width: number, options: RunOptions): Promise<readonly Result[]> {
  const { timeoutMs = 120_000, onEnd = () => {} } = options;
  const waiting = [...attacks];
  const results: Result[] = [];
  const worker = async () => {
    let place: Place | undefined;
    for (let attack = waiting.shift(); attack !== undefined; attack = waiting.shift()) {
      place ??= openPlace();
      const startedAt = performance.now();
      const reason = await place.run(attack, timeoutMs);
      const result = { attack, reason, ms: performance.now() - startedAt };
      results.push(result);
      onEnd(result);
      if (place.isGone) place = void (await place.close());
    }
    await place?.close();
  };
  await Promise.all(Array.from({ length: Math.min(width, attacks.length) }, worker));
  return results;
}

/** A process for attacks, with a folder of its own for what is temporary. */
interface Place {
  /** True when it cannot run another one. */
  readonly isGone: boolean;
  run(attack: Listed, timeoutMs: number): Promise<string | undefined>;
  /** Ends it, and everything that is left of it. */
  close(): Promise<void>;
}

const places = new Set<Place>();

/** For those who interrupt. */
export async function closePlaces(): Promise<void> {
  await Promise.all([...places].map((place) => place.close()));
}

const endWithinMs = 10_000;

function openPlace(): Place {
  const folder = mkdtempSync(join(tmpdir(), `zester-attack-${process.pid}-`));
  const mark = basename(folder);
  const env = { ...process.env, ZESTER_ATTACK: mark, TMPDIR: folder };
  const file = join(root, 'tools/attack/worker.ts');
  const child = spawn(process.execPath, [file], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-2_000);
    });
  }
  const ready = new Promise<void>((resolve) => child.once('message', () => resolve()));
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
  let isGone = false;
  void gone.then(() => {
    isGone = true;
  });
  const place: Place = {
    get isGone() {
      return isGone;
    },
    async run({ file, name }, timeoutMs) {
      const { promise: late, resolve } = Promise.withResolvers<string>();
      const timer = setTimeout(() => resolve(`no end within ${timeoutMs / 1_000} s`), timeoutMs);
      const dead = gone.then(() => `its process ended with ${child.signalCode ?? child.exitCode}: ${said.trim()}`);
      await Promise.race([ready, dead]);
      const answer = new Promise<Ending>((resolve) => child.once('message', (ending) => resolve(ending as Ending)));
      tell(child, { file, name });
      const reason = await Promise.race([answer.then((ending) => ending.reason), late, dead]);
      clearTimeout(timer);
      // What is still going on in there is of an attack that was given up.
      if (reason !== undefined && /^no end within/.test(reason)) isGone = true;
      return reason;
    },
    async close() {
      places.delete(place);
      if (!isGone) {
        tell(child, 'end');
        const timer = setTimeout(() => child.kill('SIGKILL'), endWithinMs);
        await gone;
        clearTimeout(timer);
        if (processesWith(mark).length > 0) process.stderr.write('What attacks share left processes behind\n');
      }
      await endProcessesWith(mark);
      rmSync(folder, { recursive: true, force: true });
    },
  };
  places.add(place);
  return place;
}

function tell(child: ChildProcess, order: Order): void {
  if (child.connected) child.send(order);
}
