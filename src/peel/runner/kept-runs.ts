import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isSystemError } from '#base/disk.ts';
import { ZesterError } from '#base/errors.ts';
import { isJid } from '#base/ids.ts';
import type { PlannedStep, RevertEntry } from '#engine/engine.ts';
import type { KeptPlan, KeptRun, KeptRuns } from '#engine/state-functions.ts';
import { decode, encode } from '#wire/codec.ts';
import { splitFrames } from '../shared/frames.ts';
import { openRecords, type RecordFile } from '../shared/records/file.ts';

/**
 * What the last runs changed, with what was there before, and what the last plans foresaw: enough to take a run back, and
 * to hold a plan to its word. Both may hold secrets: only their owner may read them. What is kept is on the disk when the
 * call returns, and what the disk damaged is refused with `RUN_RECORD_DAMAGED`: a revert that lacks a step would not say so.
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
      let file: RecordFile | undefined;
      let isLost = false;
      return (entry) => {
        if (isLost) return;
        try {
          if (file === undefined) file = runs.write(head.jid, [head, entry]);
          else file.append([encode(entry)], { durable: true });
        } catch (error) {
          // Half of what a run changed would make a revert that leaves the other half and does not say so.
          isLost = true;
          runs.drop(head.jid);
          process.stderr.write(`Cannot keep what job ${head.jid} changes, it cannot be reverted: ${error}\n`);
        }
      };
    },
    keepPlan({ steps, ...head }) {
      plans.write(head.jid, [head, ...steps]);
    },
    runs: () =>
      runs.names().flatMap((jid) => {
        try {
          return runOf(jid) ?? [];
        } catch (error) {
          process.stderr.write(`${(error as Error).message}\n`);
          return [];
        }
      }),
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
  const names = (): string[] =>
    filesIn(folder)
      .filter((name) => isJid(name))
      .sort();
  return {
    names,
    write(jid: string, records: readonly unknown[]): RecordFile {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const { file } = openRecords(join(folder, jid), () => {});
      file.replace(records.map((record) => encode(record)));
      for (const old of names().slice(0, -keptAtMost)) rmSync(join(folder, old), { force: true });
      return file;
    },
    drop: (jid: string) => rmSync(join(folder, jid), { force: true, recursive: true }),
    /** None when nothing is kept of it. A record that a crash tore is left out. */
    read(jid: string): readonly unknown[] {
      return names().includes(jid) ? readRecords(join(folder, jid), jid) : [];
    },
  };
}

/** None when there is no folder; one that cannot be read is not an empty one. */
function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
}

function readRecords(path: string, jid: string): readonly unknown[] {
  try {
    const records: unknown[] = [];
    const { format } = openRecords(path, (piece) => {
      if (piece.kind === 'record') records.push(decode(piece.body, { maxBytes: piece.body.length }));
      else if (!piece.torn) throw new Error(`${piece.bytes} bytes at ${piece.offset} are damaged`);
    });
    // As they were kept until there were sums.
    return format === 'other' ? splitFrames(readFileSync(path)).messages : records;
  } catch (cause) {
    const reason = (cause as Error).message;
    throw new ZesterError('machine', 'RUN_RECORD_DAMAGED', `Cannot read what is kept of job "${jid}": ${reason}`, {
      cause,
      hint: 'Check the disk of this machine; what the job changed can no longer be taken back by itself',
    });
  }
}
