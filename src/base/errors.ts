/** Who must act next. One table (`families`) turns a family into everything else that depends on it. */
export type Family = 'usage' | 'source' | 'denied' | 'unreachable' | 'machine' | 'bug';

/** A place in a file somebody wrote: 1-based line and column. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What stands on the line, for a reader who does not have the file. */
  readonly text?: string | undefined;
}

interface FamilyTraits {
  readonly http: number;
  readonly retry: boolean;
  readonly log: 'debug' | 'info' | 'warn' | 'error';
  readonly showsStack: boolean;
}

export const families: Readonly<Record<Family, FamilyTraits>> = {
  usage: { http: 400, retry: false, log: 'debug', showsStack: false },
  source: { http: 422, retry: false, log: 'info', showsStack: false },
  denied: { http: 403, retry: false, log: 'warn', showsStack: false },
  unreachable: { http: 503, retry: true, log: 'warn', showsStack: false },
  machine: { http: 500, retry: false, log: 'info', showsStack: false },
  bug: { http: 500, retry: false, log: 'error', showsStack: true },
};

export interface ErrorContext {
  /** An imperative sentence: what to do next. */
  readonly hint?: string | undefined;
  readonly at?: Place | undefined;
  readonly cause?: unknown;
  /** What a machine said, for the report: stdout, stderr, exit code. */
  readonly details?: Readonly<Record<string, string>> | undefined;
}

/**
 * The one error class. Messages follow `Cannot <action> "<thing>": <reason>`, without a full stop;
 * `code` is stable and unique, and listed in `docs/reference/errors.md`.
 */
export class ZesterError extends Error {
  override readonly name = 'ZesterError';
  readonly family: Family;
  readonly code: string;
  readonly hint: string | undefined;
  readonly at: Place | undefined;
  readonly details: Readonly<Record<string, string>> | undefined;

  constructor(family: Family, code: string, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.family = family;
    this.code = code;
    this.hint = context.hint;
    this.at = context.at;
    this.details = context.details;
  }
}

/** True for a ZesterError, and, when codes are given, only for one of those. */
export function isError(error: unknown, ...codes: readonly string[]): error is ZesterError {
  return error instanceof ZesterError && (codes.length === 0 || codes.includes(error.code));
}

/** Any thrown thing as a ZesterError: what is not one already is a bug of ours. */
export function asError(thrown: unknown): ZesterError {
  if (thrown instanceof ZesterError) return thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new ZesterError('bug', 'UNEXPECTED', message, { cause: thrown });
}

/** The same error at a place, unless it has one already. */
export function withPlace(error: ZesterError, at: Place): ZesterError {
  if (error.at !== undefined) return error;
  const { family, code, message, hint, cause, details } = error;
  return new ZesterError(family, code, message, { at, hint, cause, details });
}

export function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

/** The candidate a person most likely meant, if any is within two edits: three for long words, one for short ones. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const limit = word.length > 8 ? 3 : word.length > 3 ? 2 : word.length > 1 ? 1 : 0;
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) >= bestDistance) continue;
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** `Did you mean "x"?`, or nothing when no candidate is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const candidate = nearest(word, candidates);
  return candidate === undefined ? undefined : `Did you mean "${candidate}"?`;
}

/** Letters to insert, drop, replace or swap with their neighbour. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? (before[j - 2] ?? 0) + 1 : substitution;
      next.push(Math.min(substitution, swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    before = row;
    row = next;
  }
  return row[b.length] ?? 0;
}
