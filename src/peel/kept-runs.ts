import { appendFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJid } from '#base/ids.ts';
import type { PlannedStep, RevertEntry } from '#engine/engine.ts';
import type { KeptPlan, KeptRun, KeptRuns } from '#engine/state-functions.ts';
import { splitFrames, toFrame } from './frames.ts';

/**
 * What the last runs changed, with what was there before, and what the last plans foresaw: enough to take a run back, and
 * to hold a plan to its word. Both may hold secrets: only their owner may read them.
 */
export interface RunStore extends KeptRuns {
  /**
   * A run that begins. Each change is kept as it is given: a run that is killed half-way can be taken back so far. When
   * one cannot be kept (a full disk) the run goes on, nothing is kept of it, and standard error says so.
   */
  begin(run: Omit<KeptRun, 'entries'>): (entry: RevertEntry) => void;
  keepPlan(plan: KeptPlan): void;
}

const keptAtMost = 20;

export function openRunStore(folder: string): RunStore {
  const runs = shelf(folder);
  const plans = shelf(join(folder, 'plans'));

  const runOf = (jid: string): KeptRun | undefined => {
    const [head, ...entries] = runs.read(jid);
    return head === undefined
      ? undefined
      : { ...(head as Omit<KeptRun, 'entries'>), entries: entries as RevertEntry[] };
  };

  return {
    begin(head) {
      let state: 'new' | 'kept' | 'lost' = 'new';
      return (entry) => {
        if (state === 'lost') return;
        try {
          if (state === 'new') runs.write(head.jid, [head]);
          state = 'kept';
          runs.append(head.jid, entry);
        } catch (error) {
          // Half of what a run changed would make a revert that leaves the other half and does not say so.
          state = 'lost';
          runs.drop(head.jid);
          process.stderr.write(`Cannot keep what job ${head.jid} changes, it cannot be reverted: ${error}\n`);
        }
      };
    },
    keepPlan: ({ steps, ...head }) => plans.write(head.jid, [head, ...steps]),
    runs: () => runs.names().flatMap((jid) => runOf(jid) ?? []),
    run: (jid = runs.names().at(-1)) => (jid === undefined ? undefined : runOf(jid)),
    plan(jid) {
      const [head, ...steps] = plans.read(jid);
      return head === undefined ? undefined : { ...(head as Omit<KeptPlan, 'steps'>), steps: steps as PlannedStep[] };
    },
  };
}

/** A folder of files, each named after its job, of records one after another; the oldest go. */
function shelf(folder: string) {
  // A jid begins with its time: by name is by age.
  const names = (): string[] => (existsSync(folder) ? readdirSync(folder) : []).filter((name) => isJid(name)).sort();
  return {
    names,
    write(jid: string, records: readonly unknown[]): void {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      writeFileSync(join(folder, jid), Buffer.concat(records.map(toFrame)), { mode: 0o600 });
      for (const old of names().slice(0, -keptAtMost)) rmSync(join(folder, old), { force: true });
    },
    append(jid: string, record: unknown): void {
      appendFileSync(join(folder, jid), toFrame(record));
    },
    drop: (jid: string) => rmSync(join(folder, jid), { force: true, recursive: true }),
    /** None when nothing is kept of it. A record that a crash tore is left out. */
    read(jid: string): readonly unknown[] {
      return names().includes(jid) ? splitFrames(readFileSync(join(folder, jid))).messages : [];
    },
  };
}
