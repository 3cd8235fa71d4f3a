import {
  closeSync,
  fdatasyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { ZesterError } from '#base/errors.ts';
import type { Clock } from '#base/time.ts';
import { decode, encode } from '#wire/codec.ts';

/** A return that is on disk and may have to be sent (again). */
export interface SpooledReturn {
  readonly jid: string;
  readonly success: boolean;
  /** The encoded `Return`. */
  payload(): Uint8Array;
}

/**
 * What this peel accepted and answered, as one append-only file: the ledger that refuses a job's second coming, and
 * the spool that a return stays in until the broker can no longer forget it.
 *
 * A jid is remembered until its deadline is well past: from then on the deadline itself refuses it, so the ledger
 * needs no size limit.
 */
export interface Journal {
  knows(jid: string): boolean;
  /** Before the acknowledgement. `durable` waits for the disk: work that changes the machine must not run twice. */
  accept(job: { readonly jid: string; readonly deadline: number }, options: { readonly durable: boolean }): void;
  /** Before the first attempt to send it. */
  answer(answer: { readonly jid: string; readonly success: boolean }, deadline: number, payload: Uint8Array): void;
  /** The stream has it. */
  stored(jid: string): void;
  /** Answered, and never acknowledged by the stream. */
  unsent(): readonly SpooledReturn[];
  /** Acknowledged so recently that a power cut of the broker may have lost it. */
  recent(): readonly SpooledReturn[];
  /** Accepted by an earlier life of this peel, and never answered. */
  interrupted(): readonly { readonly jid: string; readonly deadline: number }[];
}

/** The broker flushes its asynchronous stores within two minutes. */
export const syncHorizonMs = 150_000;
/** Clocks differ: a jid is remembered this long after its deadline. */
const rememberMs = 600_000;
const compactBytes = 1_000_000;

type LogRecord =
  | { readonly t: 'accepted'; readonly jid: string; readonly deadline: number }
  | {
      readonly t: 'answered';
      readonly jid: string;
      readonly success: boolean;
      readonly deadline: number;
      readonly payload: Uint8Array;
    }
  | { readonly t: 'stored'; readonly jid: string; readonly at: number };

interface Answer {
  readonly success: boolean;
  readonly offset: number;
  readonly length: number;
}

interface Entry {
  readonly deadline: number;
  /** Where the payload's record lies in the file. */
  answer?: Answer;
  storedAt?: number;
  /** Accepted by this life: it is running, not interrupted. */
  ours: boolean;
}

/** Opens or creates the journal. A torn record at the end, from a crash, is cut off. Throws `JOURNAL_UNWRITABLE`. */
export function openJournal(path: string, clock: Clock): Journal {
  const entries = new Map<string, Entry>();
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  let size = replay(path, entries);
  let pendingStored: LogRecord[] = [];

  const append = (records: readonly LogRecord[], durable: boolean): number => {
    const frames = records.map(frame);
    const start = size;
    write(path, frames, durable);
    size += frames.reduce((sum, each) => sum + each.length, 0);
    return start;
  };

  const flushStored = () => {
    const records = pendingStored;
    pendingStored = [];
    return records;
  };

  const spooled = (jid: string, { offset, length, success }: Answer): SpooledReturn => ({
    jid,
    success,
    payload: () => {
      const record = decodeFrame(readAt(path, offset, length));
      if (record.t === 'answered') return record.payload;
      throw new ZesterError(
        'bug',
        'JOURNAL_MISREAD',
        `Cannot read the return of "${jid}": the journal holds another record`,
      );
    },
  });

  const compact = () => {
    const now = clock.now();
    const kept = [...entries].filter(([, entry]) => isNeeded(entry, now));
    const records = kept.map(([jid, entry]): LogRecord[] => {
      if (entry.answer === undefined) return [{ t: 'accepted', jid, deadline: entry.deadline }];
      const needsPayload = entry.storedAt === undefined || now - entry.storedAt < syncHorizonMs;
      const payload = needsPayload ? spooled(jid, entry.answer).payload() : new Uint8Array();
      const answered: LogRecord = {
        t: 'answered',
        jid,
        success: entry.answer.success,
        deadline: entry.deadline,
        payload,
      };
      return entry.storedAt === undefined ? [answered] : [answered, { t: 'stored', jid, at: entry.storedAt }];
    });
    const beside = `${path}.new`;
    closeSync(openSync(beside, 'w', 0o600));
    write(beside, records.flat().map(frame), true);
    renameSync(beside, path);
    const lives = new Map(kept.map(([jid, entry]) => [jid, entry.ours]));
    entries.clear();
    size = replay(path, entries);
    for (const [jid, entry] of entries) entry.ours = lives.get(jid) ?? false;
    pendingStored = [];
  };

  if (size > 0) compact();

  return {
    knows: (jid) => entries.has(jid),
    accept({ jid, deadline }, { durable }) {
      if (size > compactBytes) compact();
      append([...flushStored(), { t: 'accepted', jid, deadline }], durable);
      entries.set(jid, { deadline, ours: true });
    },
    answer({ jid, success }, deadline, payload) {
      if (size > compactBytes) compact();
      append(flushStored(), false);
      const offset = append([{ t: 'answered', jid, success, deadline, payload }], false);
      entries.set(jid, { deadline, answer: { success, offset, length: size - offset }, ours: true });
    },
    stored(jid) {
      const entry = entries.get(jid);
      if (entry === undefined) return;
      entry.storedAt = clock.now();
      // Not worth a write of its own: after a crash the return is sent again, and the stream knows it.
      pendingStored.push({ t: 'stored', jid, at: entry.storedAt });
    },
    unsent: () => select(entries, (entry) => entry.storedAt === undefined).map(([jid, answer]) => spooled(jid, answer)),
    recent() {
      const since = clock.now() - syncHorizonMs;
      return select(entries, (entry) => entry.storedAt !== undefined && entry.storedAt >= since).map(([jid, answer]) =>
        spooled(jid, answer),
      );
    },
    interrupted: () =>
      [...entries]
        .filter(([, entry]) => !entry.ours && entry.answer === undefined)
        .map(([jid, { deadline }]) => ({ jid, deadline })),
  };
}

function select(entries: ReadonlyMap<string, Entry>, wanted: (entry: Entry) => boolean) {
  return [...entries].flatMap(([jid, entry]) => (entry.answer && wanted(entry) ? [[jid, entry.answer] as const] : []));
}

function isNeeded(entry: Entry, now: number): boolean {
  if (now < entry.deadline + rememberMs) return true;
  return entry.answer === undefined ? !entry.ours : entry.storedAt === undefined;
}

/** Reads the whole file into `entries`; returns its sound length. */
function replay(path: string, entries: Map<string, Entry>): number {
  let data: Buffer;
  try {
    data = readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw unwritable(path, error);
  }
  let offset = 0;
  while (offset + 4 <= data.length) {
    const length = 4 + data.readUInt32LE(offset);
    if (offset + length > data.length) break;
    let record: LogRecord;
    try {
      record = decodeFrame(data.subarray(offset, offset + length));
    } catch {
      break;
    }
    remember(entries, record, { offset, length });
    offset += length;
  }
  if (offset < data.length) truncateSync(path, offset);
  return offset;
}

function remember(entries: Map<string, Entry>, record: LogRecord, where: { offset: number; length: number }): void {
  if (record.t === 'accepted') entries.set(record.jid, { deadline: record.deadline, ours: false });
  if (record.t === 'answered')
    entries.set(record.jid, { deadline: record.deadline, answer: { ...where, success: record.success }, ours: false });
  const entry = entries.get(record.jid);
  if (record.t === 'stored' && entry) entry.storedAt = record.at;
}

function frame(record: LogRecord): Uint8Array {
  const body = encode(record);
  const framed = Buffer.alloc(4 + body.length);
  framed.writeUInt32LE(body.length);
  framed.set(body, 4);
  return framed;
}

function decodeFrame(framed: Uint8Array): LogRecord {
  return decode(framed.subarray(4)) as LogRecord;
}

// Opened for each write: a process that simulates thousands of peels must not hold a file for each.
function write(path: string, frames: readonly Uint8Array[], durable: boolean): void {
  if (frames.length === 0) return;
  let file: number | undefined;
  try {
    file = openSync(path, 'a', 0o600);
    writeSync(file, frames.length === 1 && frames[0] ? frames[0] : Buffer.concat(frames));
    if (durable) fdatasyncSync(file);
  } catch (error) {
    throw unwritable(path, error);
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function readAt(path: string, offset: number, length: number): Uint8Array {
  const file = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(length);
    readSync(file, bytes, 0, length, offset);
    return bytes;
  } finally {
    closeSync(file);
  }
}

function unwritable(path: string, cause: unknown): ZesterError {
  const full = (cause as NodeJS.ErrnoException).code === 'ENOSPC';
  return new ZesterError(
    'machine',
    'JOURNAL_UNWRITABLE',
    `Cannot keep the job journal "${path}": ${(cause as Error).message}`,
    {
      cause,
      hint: full
        ? 'The disk is full: make room, nothing is run until the journal can be written'
        : 'Check the owner and mode of the data directory',
    },
  );
}
