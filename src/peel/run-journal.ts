import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isJid } from '#base/ids.ts';
import type { RevertEntry } from '#engine/revert.ts';
import { decode, encode } from '#wire/codec.ts';

/** What the last runs changed, with what was there before: enough to take them back. It may hold secrets: 0600. */
export interface RunJournal {
  keep(jid: string, entries: readonly RevertEntry[]): void;
  /** Of a run, or of the last one; undefined when nothing is kept of it. */
  find(jid: string | undefined): readonly RevertEntry[] | undefined;
}

const runsKept = 20;

export function openRunJournal(folder: string): RunJournal {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const names = (): string[] =>
    readdirSync(folder)
      .filter((name) => isJid(name))
      .sort();
  return {
    keep(jid, entries) {
      if (entries.length === 0 || !isJid(jid)) return;
      const path = join(folder, jid);
      writeFileSync(`${path}.new`, encode(entries), { mode: 0o600 });
      renameSync(`${path}.new`, path);
      for (const old of names().slice(0, -runsKept)) rmSync(join(folder, old), { force: true });
    },
    find(jid) {
      const name = jid ?? names().at(-1);
      if (name === undefined || !names().includes(name)) return undefined;
      return decode(readFileSync(join(folder, name))) as readonly RevertEntry[];
    },
  };
}
