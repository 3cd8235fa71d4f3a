import { hash } from 'node:crypto';
import * as z from 'zod/mini';
import { appendText, changedAt, findText } from './files.ts';
import { isPublicKey } from './nkeys.ts';

/** One key that is shut out, and what is known about it. */
export const Revoked = z.object({
  /** The user's public key, `U…`. */
  key: z.string(),
  /** Seconds since the Unix epoch: JWTs issued until then are void. */
  at: z.number(),
  /** Milliseconds: when the last JWT this voids has expired by itself; left out when nobody knows. */
  until: z.optional(z.number()),
  /** The enrolment it ended, when it was one. */
  enrollment: z.optional(z.string()),
});
export type Revoked = z.output<typeof Revoked>;

/**
 * Who is shut out, in a file that only grows. It outlives a store that was wiped, and servers that forgot. Everything
 * in it counts: a line that cannot be read counts for the keys that can still be made out in it.
 */
export interface RevokedLog {
  all(): readonly Revoked[];
  of(key: string): readonly Revoked[];
  /** Lines in which not even a key can be made out. */
  readonly lost: number;
  /** Counts from now on; it is on disk when this returns. Throws `AUTH_FILE_UNWRITABLE`: then it counts, but is not kept. */
  add(...entries: readonly Revoked[]): void;
  /** Tries again to keep what `add` could not. Throws as `add` does. */
  flush(): void;
}

export function openRevokedLog(path: string): RevokedLog {
  const { entries, salvaged, lost } = read(path);
  const byKey = Map.groupBy(entries, ({ key }) => key);
  let unkept: Revoked[] = [];
  const flush = () => {
    if (unkept.length === 0) return;
    appendText(path, unkept.map(line).join(''));
    unkept = [];
  };
  const count = (more: readonly Revoked[]) => {
    for (const entry of more) {
      const others = byKey.get(entry.key) ?? [];
      if (others.some((other) => says(other, entry))) continue;
      byKey.set(entry.key, [...others, entry]);
      entries.push(entry);
      unkept.push(entry);
    }
  };
  // Written again at the next opportunity, so that the moment assumed for them stays the same from now on.
  count(salvaged.filter(({ key }) => !byKey.has(key)));
  return {
    all: () => entries,
    of: (key) => byKey.get(key) ?? [],
    lost,
    add(...more) {
      count(more);
      flush();
    },
    flush,
  };
}

function read(path: string): { entries: Revoked[]; salvaged: Revoked[]; lost: number } {
  const entries: Revoked[] = [];
  const salvaged: Revoked[] = [];
  let lost = 0;
  const now = Math.floor((changedAt(path) ?? 0) / 1_000);
  for (const text of (findText(path) ?? '').split('\n').filter((each) => each.trim() !== '')) {
    const entry = parse(text);
    if (entry !== undefined) {
      entries.push(entry);
      continue;
    }
    // A key carries a checksum of its own: what passes for one is one.
    const keys = (text.match(/U[A-Z2-7]{55}/g) ?? []).filter((each) => isPublicKey(each, 'user'));
    salvaged.push(...keys.map((key) => ({ key, at: now })));
    if (keys.length === 0) lost++;
  }
  return { entries, salvaged, lost };
}

/** `<checksum> <entry>`: a damaged line is known for one, and costs nothing but itself. */
function line(entry: Revoked): string {
  const text = JSON.stringify(entry);
  return `${checksum(text)} ${text}\n`;
}

function parse(text: string): Revoked | undefined {
  const json = text.slice(checksumLength + 1);
  if (text.slice(0, checksumLength) !== checksum(json)) return undefined;
  return z.safeParse(Revoked, JSON.parse(json)).data;
}

const checksumLength = 16;

function checksum(text: string): string {
  return hash('sha256', text).slice(0, checksumLength);
}

/** Whether an entry says all that another one does. */
function says(entry: Revoked, { at, until, enrollment }: Revoked): boolean {
  if (entry.at !== at) return false;
  return [
    until === undefined || entry.until === until,
    enrollment === undefined || entry.enrollment === enrollment,
  ].every(Boolean);
}
