import { isError, ZesterError } from '#base/errors.ts';
import { decode, encode } from '#wire/codec.ts';
import { errorBody } from '#wire/error.ts';
import { resultBytes } from '#wire/limits.ts';
import type { Outcome } from '#wire/outcome.ts';
import type { RunResult } from '../shared/run-protocol.ts';

/** From here on the reader's other limits, such as the length of a list, could be met. */
const worthReading = 100_000;
/** Tried in turn: how much of each text stays. */
const textLimits = [1_048_576, 262_144, 65_536, 16_384, 4_096, 1_024];

/**
 * A result that can travel: it encodes, its reader will take it, and it is no larger than a return may be. Long texts
 * lose their middle, with a note; what is still too large, or is no plain data, becomes an error that says so.
 */
export function fitting(result: RunResult, limit = resultBytes): RunResult {
  try {
    const short = shortened(result, limit) ?? withoutDetails(result, limit);
    if (short === undefined) return unsent(result, tooLarge(weight(result), limit));
    const encoded = encode(short);
    if (encoded.length > limit) return unsent(result, tooLarge(encoded.length, limit));
    if (encoded.length > worthReading) decode(encoded);
    return short;
  } catch (error) {
    return unsent(result, isError(error) ? error : tooDeep(error));
  }
}

function shortened(result: RunResult, limit: number): RunResult | undefined {
  if (weight(result) <= limit) return result;
  for (const bytes of textLimits) {
    const short = withTexts(result, bytes) as RunResult;
    if (weight(short) <= limit) return short;
  }
  return undefined;
}

/** Of a run with very many states: what became of each, without the changes. */
function withoutDetails(result: RunResult, limit: number): RunResult | undefined {
  const { report } = result;
  if (report === undefined) return undefined;
  const outcomes = report.outcomes.map(({ changes, diff, details, ...rest }): Outcome => {
    const had = changes !== undefined || diff !== undefined || details !== undefined;
    return had ? { ...rest, comment: 'Its changes are left out here: the report is too large' } : rest;
  });
  return shortened({ ...result, report: { ...report, outcomes } }, limit);
}

/** About what it takes encoded; never less by much, and nothing is made to find out. */
function weight(value: unknown): number {
  if (typeof value === 'string') return 5 + Buffer.byteLength(value);
  if (value instanceof Uint8Array) return 5 + value.length;
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + weight(each), 5);
  if (typeof value !== 'object' || value === null) return 9;
  let sum = 5;
  for (const [key, each] of Object.entries(value)) sum += 5 + Buffer.byteLength(key) + weight(each);
  return sum;
}

function withTexts(value: unknown, bytes: number): unknown {
  if (typeof value === 'string') return cut(value, bytes);
  if (value instanceof Uint8Array) return value.length <= bytes ? value : note(value.length, value.length);
  if (Array.isArray(value)) return value.map((each) => withTexts(each, bytes));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withTexts(each, bytes)]));
}

/** Letters, not bytes, are counted: at most four bytes each, so that none is torn. */
function cut(text: string, bytes: number): string {
  const total = Buffer.byteLength(text);
  if (total <= bytes) return text;
  const side = Math.floor((text.length * bytes) / total / 2);
  const [first, last] = [text.slice(0, side).toWellFormed(), text.slice(-side).toWellFormed()];
  const left = total - Buffer.byteLength(first) - Buffer.byteLength(last);
  return `${first}\n${note(left, total)}\n${last}`;
}

function note(left: number, total: number): string {
  return `[${left} of ${total} bytes are left out here: they do not fit into a return]`;
}

function unsent({ success, report }: RunResult, error: ZesterError): RunResult {
  const counts = Object.entries(report?.counts ?? {}).map(([name, count]) => `${count} ${name}`);
  const { details, ...body } = errorBody(error);
  const known = {
    ...details,
    success: String(success),
    ...(counts.length === 0 ? {} : { outcomes: counts.join(', ') }),
  };
  return { success: false, error: { ...body, details: known } };
}

function tooLarge(bytes: number, limit: number): ZesterError {
  return new ZesterError(
    'machine',
    'RESULT_TOO_LARGE',
    `Cannot return what the job gave: it has ${bytes} bytes, a return holds ${limit}`,
    { hint: 'It was run; ask for less at once, or have it written to a file' },
  );
}

function tooDeep(cause: unknown): ZesterError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new ZesterError('machine', 'RESULT_UNSENDABLE', `Cannot return what the job gave: ${reason}`, { cause });
}
