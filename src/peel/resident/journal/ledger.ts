import { type Clock, toMonotonic } from '#base/time.ts';
import { type Damage, openRecords, type Piece, type RecordFile, type Span } from '../../shared/records/file.ts';
import { createFence, type Fence } from './fence.ts';
import { type OldRecord, readOldJournal } from './old-format.ts';
import { fromBody, type LogRecord } from './record.ts';

/** Neither: its record was damaged. */
export interface Answer {
  readonly success: boolean;
  /** Where it lies in the file. */
  readonly span?: Span | undefined;
  /** Not in the file yet. */
  readonly held?: Uint8Array;
}

/** What is known of one job. */
export interface Entry {
  /** Milliseconds since the Unix epoch. */
  readonly deadline: number;
  /** When the latest of its records was written, likewise. */
  readonly at: number;
  /** On the monotonic clock of this life, like the next: a wall clock that is set makes nothing be forgotten. */
  readonly forgetAt: number;
  storedAt?: number;
  answer?: Answer;
  /** Accepted by this life: it is running, not interrupted. */
  ours: boolean;
}

export interface Ledger {
  readonly file: RecordFile;
  readonly entries: Map<string, Entry>;
  readonly fence: Fence;
  readonly damage: readonly Damage[];
  /** There is something to drop, to mend, or to bring to the present format. */
  readonly isWorthRewriting: boolean;
}

/** Clocks differ: a jid is remembered this long after its deadline, and by every new life of the peel at least. */
export const rememberMs = 600_000;
/** Over by any clock: a peel that is restarted all the time forgets, too. */
const longOverMs = 25 * 3_600_000;

export function isNeeded(entry: Entry, now: number): boolean {
  if (now < entry.forgetAt) return true;
  return entry.answer === undefined || entry.storedAt === undefined;
}

/** It may have to be sent again: to a broker that never had it, or that may have lost it. */
export function needsPayload({ storedAt }: Entry, now: number, horizonMs: number): boolean {
  return storedAt === undefined || now - storedAt < horizonMs;
}

/** Everything the file says, with a fence around what it no longer does. */
export function readLedger(path: string, clock: Clock): Ledger {
  const entries = new Map<string, Entry>();
  const fence = createFence(clock);
  const damage: Damage[] = [];
  let latest = 0;
  let hasGap = false;

  /** What is missing was written before what follows it was. */
  const closeGap = (until: number) => {
    if (hasGap) fence.raise(until);
    hasGap = false;
  };
  const take = (piece: Piece) => {
    const record = piece.kind === 'record' ? recordOf(piece.body) : undefined;
    if (piece.kind === 'record' && record !== undefined) {
      if (record.t === 'fence') {
        fence.restore(record.until);
        return;
      }
      latest = Math.max(latest, record.at);
      closeGap(latest);
      remember(entries, record, { clock, answer: { span: piece.span } });
      return;
    }
    const { offset, length: bytes } =
      piece.kind === 'record' ? piece.span : { offset: piece.offset, length: piece.bytes };
    const { promised, torn } = piece.kind === 'record' ? { promised: true, torn: false } : piece;
    damage.push({ offset, bytes, promised, torn });
    if (promised) hasGap = true;
  };

  const { file, format } = openRecords(path, take);
  if (format === 'other') {
    const { records, damaged } = readOldJournal(path);
    for (const record of records) rememberOld(entries, record, clock);
    if (damaged > 0)
      take({ kind: 'damage', offset: file.bytes - damaged, bytes: damaged, promised: true, torn: false });
    // An idle peel of the old format left an empty file, and so does a power cut soon after the first start.
    // Nothing was lost then: what is refused are orders from before, not those of the next minutes.
    if (file.bytes === 0) fence.restore(clock.now());
  }
  closeGap(Math.max(latest, clock.now()));
  const isWorthRewriting = format === 'other' || entries.size > 0 || damage.length > 0;
  return { file, entries, fence, damage, isWorthRewriting };
}

/** Undefined for one that another version wrote: to us it is as good as damaged. */
function recordOf(body: Buffer): LogRecord | undefined {
  try {
    return fromBody(body);
  } catch {
    return undefined;
  }
}

interface Placed {
  readonly clock: Clock;
  readonly answer: Omit<Answer, 'success'>;
}

/** Records may come twice, and in an order that a resumed write made: what is known of a job only grows. */
function remember(
  entries: Map<string, Entry>,
  record: Exclude<LogRecord, { readonly t: 'fence' }>,
  { clock, answer }: Placed,
): void {
  const known = entries.get(record.jid);
  if (record.t === 'stored') {
    // A wall clock that was set back since cannot make it younger than now.
    if (known) known.storedAt = Math.min(toMonotonic(clock, record.at), clock.monotonic());
    return;
  }
  const { jid, deadline, at } = record;
  const forgetAt = forgetAtOf(deadline, clock);
  if (record.t === 'accepted') {
    if (known === undefined) entries.set(jid, { deadline, at, forgetAt, ours: false });
    return;
  }
  const { success, lost } = record;
  const kept = known?.storedAt === undefined ? {} : { storedAt: known.storedAt };
  entries.set(jid, { deadline, at, forgetAt, ours: false, ...kept, answer: { success, ...(lost ? {} : answer) } });
}

function forgetAtOf(deadline: number, clock: Clock): number {
  const now = clock.monotonic();
  if (clock.now() > deadline + longOverMs) return now;
  return Math.max(now, toMonotonic(clock, deadline)) + rememberMs;
}

/** What the old format did not say is taken as late as it can have been. */
function rememberOld(entries: Map<string, Entry>, record: OldRecord, clock: Clock): void {
  const held = record.t === 'answered' ? { held: record.payload } : {};
  remember(entries, record.t === 'stored' ? record : { ...record, at: clock.now() }, { clock, answer: held });
}
