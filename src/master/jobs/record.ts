import { deflateSync, inflateSync } from 'node:zlib';
import * as z from 'zod/mini';
import { ZesterError } from '#base/errors.ts';
import { isJid, isPeelId } from '#base/ids.ts';
import type { RecordKind } from '#bus/records.ts';
import { decodeAs, encode } from '#wire/codec.ts';
import { JobRecord, JobRequest, type JobSummary, type Refusal } from '#wire/job.ts';
import { cutText, letters } from '#wire/limits.ts';
import { pageOf } from '#wire/page.ts';
import { buckets } from '#wire/stores.ts';

/** Bytes of the peel ids of one job, joined: 100,000 of the longest. */
const peelsBytes = 13 * 1024 * 1024;

/** Bytes of a whole record: with what is added when the job ends it still fits one message. */
export const recordBytes = 1_000_000;

export function packPeels(peels: readonly string[]): Uint8Array {
  return deflateSync(peels.join(' '));
}

/** Throws when it is no list of peel ids; it never becomes more than such a list may have. */
export function unpackPeels(packed: Uint8Array): string[] {
  const text = inflateSync(packed, { maxOutputLength: peelsBytes }).toString('latin1');
  const peels = text === '' ? [] : text.split(' ');
  const stranger = peels.find((peel) => !isPeelId(peel));
  if (stranger === undefined) return peels;
  throw new ZesterError('machine', 'PEELS_UNREADABLE', `Cannot read the peels of a job: "${cutText(stranger, 50)}"`);
}

/** What is kept of jobs. Their list of peels is judged by whoever unpacks it: it is long. */
export const jobRecords: RecordKind<JobRecord> = {
  bucket: buckets.jobs,
  read(key, bytes) {
    const record = decodeAs(JobRecord, bytes, key);
    if (!isJid(key) || record.jid !== key) throw notItsKey(record.jid);
    const request = requestOf(record);
    if (request.jid !== key) throw notItsKey(request.jid);
    return record;
  },
};

const ActiveJob = z.object({ owner: z.string().check(z.maxLength(letters.id)) });

/** The mark that a job has not ended. */
export const activeJobs: RecordKind<z.output<typeof ActiveJob>> = {
  bucket: buckets.activeJobs,
  read(key, bytes) {
    if (!isJid(key)) throw notItsKey('no job');
    return decodeAs(ActiveJob, bytes, key);
  },
};

/** For a record whose key is of no use: it says what it is about, and that is something else. */
export function notItsKey(about: string): ZesterError {
  return new ZesterError('machine', 'RECORD_MISPLACED', `Cannot use the record: it is about "${cutText(about, 50)}"`);
}

export function encodeRecord(record: JobRecord): Uint8Array {
  return encode(record);
}

export function requestOf(record: JobRecord): JobRequest {
  return decodeAs(JobRequest, record.request, 'request');
}

/** Letters that a list keeps of one argument, and bytes of all of them. */
const argumentLetters = 256;
const argumentsBytes = 4_096;

export function summaryOf(record: JobRecord): JobSummary {
  const request = requestOf(record);
  const { args, isCut } = shortArguments(request.args);
  const id = request.id === undefined ? undefined : cutText(request.id, letters.name);
  const target = cutText(record.target, letters.sentence);
  const isWhole = !isCut && id === request.id && target === record.target;
  return {
    jid: record.jid,
    function: record.function,
    args,
    ...(isWhole ? {} : { requestBytes: record.request.length }),
    ...(id === undefined ? {} : { id }),
    target,
    targets: record.targets,
    state: record.state,
    test: record.test,
    operator: record.operator,
    created: record.created,
    deadline: record.deadline,
    ...(record.finished === undefined ? {} : { finished: record.finished }),
    returned: record.returned ?? 0,
    succeeded: record.succeeded ?? 0,
    ...(record.killedBy === undefined ? {} : { killedBy: record.killedBy }),
    ...(record.late === undefined ? {} : { late: record.late }),
    ...(record.refused === undefined ? {} : { refused: shortRefusals(record.refused) }),
  };
}

/** The first of those that refused, as many as belong into a summary. */
export function shortRefusals(refused: Iterable<Refusal>): Refusal[] {
  return [...pageOf(refused, { keyOf: ({ peel }) => peel, maxBytes: refusalsBytes }).rows];
}

const refusalsBytes = 32_768;

/** Arguments as a list shows them: a long one is its beginning, as text; those beyond all bounds are left out. */
function shortArguments(args: JobRequest['args']): { readonly args: JobRequest['args']; readonly isCut: boolean } {
  const short: Record<string, unknown> = {};
  let bytes = 0;
  let isCut = false;
  for (const [key, value] of Object.entries(args)) {
    const name = cutText(key, argumentLetters);
    const kept = shortValue(value);
    bytes += name.length + encode(kept).length;
    if (bytes > argumentsBytes) return { args: short, isCut: true };
    isCut ||= kept !== value || name !== key;
    short[name] = kept;
  }
  return { args: short, isCut };
}

function shortValue(value: unknown): unknown {
  if (typeof value === 'string') return cutText(value, argumentLetters);
  if (typeof value !== 'object' || value === null) return value;
  const bytes = encode(value).length;
  if (bytes <= argumentLetters) return value;
  const kind = Array.isArray(value) ? `list of ${value.length}` : `map of ${Object.keys(value).length}`;
  return `(${kind}, ${bytes} bytes)`;
}

/** A record that says who was silent and who refused, as far as one message has room for it. */
export function withNames(
  { silent: _silent, refused: _refused, ...record }: JobRecord,
  { silent, refused }: { readonly silent: readonly string[]; readonly refused: readonly Refusal[] },
): JobRecord {
  const room = recordBytes - encodeRecord(record).length;
  const limit = mostNames;
  const some = pageOf(refused, { keyOf: ({ peel }) => peel, maxBytes: room / 2, limit }).rows;
  const quiet = pageOf(silent, { keyOf: String, maxBytes: room / 4, limit }).rows;
  return {
    ...record,
    ...(quiet.length === 0 || room < leastRoom ? {} : { silent: [...quiet] }),
    ...(some.length === 0 || room < leastRoom ? {} : { refused: [...some] }),
  };
}

/** Names of each kind in a record, and the room below which there are none: a page has one at least. */
const mostNames = 1_000;
const leastRoom = 16_384;
