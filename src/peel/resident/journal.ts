import { linkSync, mkdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { isFull } from '#base/disk.ts';
import { ZesterError } from '#base/errors.ts';
import { type Log, silentLog } from '#base/log.ts';
import { type Clock, toMonotonic } from '#base/time.ts';
import { envelopeBytes, returnBytes } from '#wire/limits.ts';
import {
  type Answer,
  type Entry,
  isNeeded,
  type Ledger,
  needsPayload,
  readLedger,
  rememberMs,
} from './journal/ledger.ts';
import { type LogRecord, payloadOf, toBody } from './journal/record.ts';

/** A return that is on disk and may have to be sent (again). */
export interface SpooledReturn {
  readonly jid: string;
  readonly success: boolean;
  /** The encoded `Return`. Throws `RETURN_LOST`. */
  payload(): Uint8Array;
}

/**
 * What this peel accepted and answered, as one append-only file of records with sums: the ledger that refuses a job's
 * second coming, and the spool that a return stays in until the broker can no longer forget it.
 *
 * A jid is remembered until its deadline is well past: from then on the deadline itself refuses it. What the disk lost of
 * the ledger leaves a fence: an unknown order that was issued before it may have run.
 */
export interface Journal {
  knows(jid: string): boolean;
  /** For an order that is not known: whether it may be one whose record was lost. */
  mayHaveRun(issuedAt: number): boolean;
  /** Orders issued until then may have been lost, in milliseconds since the Unix epoch; 0 when none was. */
  readonly lostUntil: number;
  /** Before the acknowledgement. `durable` waits for the disk: work that changes the machine must not run twice. */
  accept(job: { readonly jid: string; readonly deadline: number }, options: { readonly durable: boolean }): void;
  /**
   * Before the first attempt to send it. Throws `RETURN_TOO_LARGE` and remembers nothing; throws `JOURNAL_UNWRITABLE` and
   * keeps it in memory, until a later record can be written.
   */
  answer(answer: { readonly jid: string; readonly success: boolean }, deadline: number, payload: Uint8Array): void;
  /** The stream has it. */
  stored(jid: string): void;
  /** Answered, and never acknowledged by the stream. */
  unsent(): readonly SpooledReturn[];
  /** Acknowledged so recently that a power cut of the broker may have lost it. */
  recent(): readonly SpooledReturn[];
  /** Accepted by an earlier life of this peel, and never answered. */
  interrupted(): readonly { readonly jid: string; readonly deadline: number }[];
  /** How many parts of the file could not be read, by this life. */
  readonly damages: number;
}

/** The broker flushes its asynchronous stores within two minutes. */
export const syncHorizonMs = 150_000;
const compactBytes = 1_000_000;
/** Returns that a full disk keeps in memory. */
const heldBytes = 2 * returnBytes;

/**
 * Opens or creates the journal. What was damaged costs itself, is logged, and is kept beside as `.damaged`. Throws
 * `JOURNAL_UNREADABLE`, `JOURNAL_UNWRITABLE`; a full disk is no reason not to start.
 */
export function openJournal(path: string, clock: Clock, log: Log = silentLog): Journal {
  const ledger = open(path, clock);
  const { entries, fence, file } = ledger;
  let damages = ledger.damage.filter(({ torn }) => !torn).length;
  let pending: LogRecord[] = [];
  let compactAt = compactBytes;
  const held = new Map<string, Uint8Array>();
  for (const [jid, entry] of entries) if (entry.answer?.held) held.set(jid, entry.answer.held);

  const read = (jid: string, { span, held: inMemory }: Answer): Uint8Array | undefined => {
    if (inMemory !== undefined) return inMemory;
    const body = span === undefined ? undefined : file.read(span);
    if (body !== undefined) return payloadOf(body);
    damages++;
    log.error('Return damaged in the journal', { jid, path });
    return undefined;
  };

  const spooled = ([jid, answer]: readonly [string, Answer]): SpooledReturn => ({
    jid,
    success: answer.success,
    payload() {
      const payload = read(jid, answer);
      if (payload !== undefined) return payload;
      throw new ZesterError('machine', 'RETURN_LOST', `Cannot give back what "${jid}" returned: its record was lost`, {
        hint: 'The disk of this machine is full or damaged: look at what the job was to do before running it again',
      });
    },
  });

  const compact = () => {
    const now = { wall: clock.now(), monotonic: clock.monotonic() };
    const kept = [...entries].filter(([, entry]) => isNeeded(entry, now.monotonic));
    const written: (Entry | undefined)[] = [];
    function* bodies() {
      if (fence.until > 0) {
        written.push(undefined);
        yield toBody({ t: 'fence', until: fence.until });
      }
      for (const [jid, entry] of kept) {
        const { answer, deadline, at, storedAt } = entry;
        written.push(entry);
        if (answer === undefined) {
          yield toBody({ t: 'accepted', jid, deadline, at });
          continue;
        }
        const payload = needsPayload(entry, now.monotonic, syncHorizonMs) ? read(jid, answer) : new Uint8Array();
        if (payload === undefined) entry.answer = { success: answer.success };
        yield toBody(answeredRecord(jid, entry), payload);
        if (storedAt === undefined) continue;
        written.push(undefined);
        yield toBody({ t: 'stored', jid, at: Math.round(now.wall - (now.monotonic - storedAt)) });
      }
    }
    const spans = file.replace(bodies());
    for (const [index, entry] of written.entries()) {
      if (entry?.answer && !isLost(entry.answer)) entry.answer = { success: entry.answer.success, span: spans[index] };
    }
    entries.clear();
    for (const [jid, entry] of kept) entries.set(jid, entry);
    pending = [];
    held.clear();
    compactAt = Math.max(compactBytes, 2 * file.bytes);
  };

  /** Adds to the file what waits, and these records; all of it or nothing. */
  const write = (records: readonly (readonly [LogRecord, Uint8Array?])[], durable: boolean) => {
    try {
      if (!file.isSound) compact();
      else if (file.bytes > compactAt) compactIfRoom();
      const late = [...held].flatMap(([jid, payload]) => {
        const entry = entries.get(jid);
        return entry?.answer ? [{ entry, record: answeredRecord(jid, entry), payload }] : [];
      });
      const bodies = [
        ...pending.map((each) => toBody(each)),
        ...late.map(({ record, payload }) => toBody(record, payload)),
        ...records.map(([record, payload]) => toBody(record, payload)),
      ];
      const spans = append(bodies, durable);
      for (const [index, { entry }] of late.entries()) {
        entry.answer = { success: entry.answer?.success ?? false, span: spans[pending.length + index] };
      }
      pending = [];
      held.clear();
      return spans.slice(-records.length);
    } catch (error) {
      throw unwritable(path, error);
    }
  };

  const append = (bodies: readonly Uint8Array[], durable: boolean) => {
    try {
      return file.append(bodies, { durable });
    } catch (error) {
      if (file.isSound) throw error;
      // Somebody removed it, or cut it off: what it held is in memory, but for the payloads.
      damages++;
      log.error('Journal was tampered with, and is written anew', { path, error });
      compact();
      return file.append(bodies, { durable });
    }
  };

  /** To make it smaller is no reason to refuse a record that fits. */
  const compactIfRoom = () => {
    try {
      compact();
    } catch (error) {
      compactAt = file.bytes + compactBytes;
      log.warn('Journal not compacted', { path, error });
    }
  };

  const entryOf = (deadline: number): Entry => ({
    deadline,
    at: clock.now(),
    forgetAt: toMonotonic(clock, deadline) + rememberMs,
    ours: true,
  });

  tellDamage(ledger, { path, log });
  if (ledger.isWorthRewriting) {
    try {
      compact();
    } catch (error) {
      if (!isFull(error)) throw unwritable(path, error);
      log.error('Journal not written anew: nothing is accepted before it is', { path, error });
    }
  }

  return {
    get damages() {
      return damages;
    },
    knows: (jid) => entries.has(jid),
    mayHaveRun: (issuedAt) => fence.encloses(issuedAt),
    get lostUntil() {
      return fence.until;
    },
    accept({ jid, deadline }, { durable }) {
      const entry = entryOf(deadline);
      write([[{ t: 'accepted', jid, deadline, at: entry.at }]], durable);
      entries.set(jid, entry);
    },
    answer({ jid, success }, deadline, payload) {
      if (payload.length > returnBytes + envelopeBytes) throw tooLarge(payload.length);
      const entry: Entry = { ...entryOf(deadline), answer: { success, held: payload } };
      try {
        const [span] = write([[answeredRecord(jid, entry), payload]], false);
        entry.answer = { success, span };
      } catch (error) {
        const total = [...held.values()].reduce((sum, each) => sum + each.length, payload.length);
        if (total <= heldBytes) held.set(jid, payload);
        else entry.answer = { success };
        throw error;
      } finally {
        entries.set(jid, entry);
      }
    },
    stored(jid) {
      const entry = entries.get(jid);
      if (entry === undefined) return;
      entry.storedAt = clock.monotonic();
      // Not worth a write of its own: after a crash the return is sent again, and the stream knows it.
      pending.push({ t: 'stored', jid, at: clock.now() });
    },
    unsent: () => select(entries, (entry) => entry.storedAt === undefined).map(spooled),
    recent() {
      const since = clock.monotonic() - syncHorizonMs;
      return select(entries, ({ storedAt }) => storedAt !== undefined && storedAt >= since).map(spooled);
    },
    interrupted: () =>
      [...entries]
        .filter(([, entry]) => !entry.ours && entry.answer === undefined)
        .map(([jid, { deadline }]) => ({ jid, deadline })),
  };
}

function open(path: string, clock: Clock): Ledger {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return readLedger(path, clock);
  } catch (cause) {
    throw new ZesterError(
      'machine',
      'JOURNAL_UNREADABLE',
      `Cannot read the job journal "${path}": ${(cause as Error).message}`,
      { cause, hint: 'Check the data directory and its disk: without the journal, jobs could be run a second time' },
    );
  }
}

function answeredRecord(jid: string, { answer = { success: false }, deadline, at }: Entry): LogRecord {
  const lost = isLost(answer) ? { lost: true } : {};
  return { t: 'answered', jid, success: answer.success, deadline, at, ...lost };
}

function isLost({ span, held }: Answer): boolean {
  return span === undefined && held === undefined;
}

function select(entries: ReadonlyMap<string, Entry>, wanted: (entry: Entry) => boolean) {
  return [...entries].flatMap(([jid, entry]) => (entry.answer && wanted(entry) ? [[jid, entry.answer] as const] : []));
}

/** For whoever has to find out what the disk did: a copy of the file as it was is kept beside. */
function tellDamage({ damage, fence }: Ledger, { path, log }: { readonly path: string; readonly log: Log }): void {
  for (const { offset, bytes } of damage.filter(({ torn }) => torn)) {
    log.info('Unfinished record cut off the journal', { path, offset, bytes });
  }
  const damaged = damage.filter(({ torn }) => !torn);
  if (damaged.length === 0) return;
  const copy = `${path}.damaged`;
  try {
    rmSync(copy, { force: true });
    linkSync(path, copy);
  } catch (error) {
    log.warn('Damaged journal not kept', { path: copy, error });
  }
  const hint = `The file as it was is kept as ${copy}: check the disk`;
  for (const { offset, bytes } of damaged) log.error('Journal damaged', { path, offset, bytes, hint });
  if (fence.until > 0) log.warn('Jobs of before that are not known are refused', { expires: fence.until });
}

function tooLarge(bytes: number): ZesterError {
  return new ZesterError(
    'machine',
    'RETURN_TOO_LARGE',
    `Cannot give back the result: it has ${bytes} bytes, ${returnBytes} are allowed`,
    { hint: 'Have the job write it to a file, or give back a part of it' },
  );
}

function unwritable(path: string, cause: unknown): ZesterError {
  return new ZesterError(
    'machine',
    'JOURNAL_UNWRITABLE',
    `Cannot keep the job journal "${path}": ${(cause as Error).message}`,
    {
      cause,
      hint: isFull(cause)
        ? 'The disk is full: make room, nothing is run until the journal can be written'
        : 'Check the owner and mode of the data directory',
    },
  );
}
