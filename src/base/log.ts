import { standardError } from './outlet.ts';
import { jsonText, visibleLine } from './visible.ts';

/** Plain values a log line may carry. */
export type LogFields = Readonly<Record<string, unknown>>;

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Structured log for operators: a fixed sentence plus fields. `child` adds fields to every later line. */
export interface Log {
  debug(sentence: string, fields?: LogFields): void;
  info(sentence: string, fields?: LogFields): void;
  warn(sentence: string, fields?: LogFields): void;
  error(sentence: string, fields?: LogFields): void;
  child(fields: LogFields): Log;
}

export interface LogOptions {
  readonly level?: LogLevel;
  /** `json` writes one object a line; `text` is for a terminal. */
  readonly format?: 'json' | 'text';
  readonly fields?: LogFields;
  /** Where lines go, newline included. Standard error by default: standard output belongs to reports. */
  readonly write?: (line: string) => void;
  readonly now?: () => Date;
}

const order: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

// Thirty lines instead of a library: the resident peel pays for every module it loads, and this is all it needs.
export function createLog({
  level = 'info',
  format = 'json',
  fields = {},
  write = (line) => void standardError.write(line),
  now = () => new Date(),
}: LogOptions = {}): Log {
  const threshold = order.indexOf(level);
  const line = format === 'json' ? jsonLine : textLine;
  const at = (each: LogLevel) => (sentence: string, more?: LogFields) => {
    if (order.indexOf(each) < threshold) return;
    write(`${line(now(), each, sentence, { ...fields, ...more })}\n`);
  };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (more) => createLog({ level, format, fields: { ...fields, ...more }, write, now }),
  };
}

/** A log that says nothing, for code under test whose log does not matter. */
export const silentLog: Log = createLog({ write: () => {} });

function jsonLine(time: Date, level: LogLevel, sentence: string, fields: LogFields): string {
  return jsonText({ time: time.toISOString(), level, msg: sentence, ...readable(fields) });
}

function textLine(time: Date, level: LogLevel, sentence: string, fields: LogFields): string {
  const pairs = Object.entries(readable(fields)).map(([key, value]) => `${visibleLine(key)}=${text(value)}`);
  return [time.toISOString(), level.toUpperCase().padEnd(5), sentence, ...pairs].join(' ');
}

function text(value: unknown): string {
  return typeof value === 'string' && /^[\w.:/@*-]+$/.test(value) ? value : jsonText(value);
}

/** Errors do not survive JSON by themselves: keep what a reader needs. */
function readable(fields: LogFields): Record<string, unknown> {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries.map(([key, value]) => [key, value instanceof Error ? errorFields(value) : value]));
}

function errorFields(error: Error): Record<string, unknown> {
  const code = 'code' in error ? error.code : undefined;
  const family = 'family' in error ? error.family : 'bug';
  return {
    ...(code === undefined ? {} : { code }),
    message: error.message,
    ...(family === 'bug' ? { stack: error.stack } : {}),
  };
}
