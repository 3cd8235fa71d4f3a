import * as z from 'zod';
import { parseDuration } from '#base/time.ts';

/**
 * Permission bits as a number. Written in octal digits, quoted or not: the YAML loader reads `0644` as the integer 644,
 * as Salt's does, so an integer is read by its digits too.
 */
export const FileMode = z.union([z.string(), z.int()]).transform((written, context) => {
  const digits = /^(?:0o)?0*([0-7]{1,4})$/.exec(String(written))?.[1];
  if (digits !== undefined) return Number.parseInt(digits, 8);
  context.addIssue({ code: 'custom', message: 'must be octal digits such as "0644"' });
  return z.NEVER;
});

/** The same, or `keep`: the mode of where the content comes from. */
export const FileModeOrKeep = z.union([z.string(), z.int()]).transform((written, context) => {
  if (String(written).toLowerCase() === 'keep') return 'keep' as const;
  const mode = FileMode.safeParse(written);
  if (mode.success) return mode.data;
  context.addIssue({ code: 'custom', message: 'must be octal digits such as "0644", or "keep"' });
  return z.NEVER;
});

/** A mode as it is shown and kept in changes: `0644`. */
export function modeText(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

export function parseMode(text: string): number {
  return Number.parseInt(text, 8);
}

/** True, false, or left alone when it is not written. */
export const TriState = z.boolean().optional();

/** A user or group: an id (digits), or a name. */
export const AccountRef = z.union([z.int(), z.string()]).transform((written, context) => {
  if (/^\d+$/.test(String(written))) return Number(written);
  if (typeof written === 'string' && written !== '' && !written.startsWith('-')) return written;
  context.addIssue({ code: 'custom', message: 'must be a name, or an id from 0 up' });
  return z.NEVER;
});
export type AccountRef = z.output<typeof AccountRef>;
export const UserRef = AccountRef.meta({ refers: 'user' });
export const GroupRef = AccountRef.meta({ refers: 'group' });

/** A list of texts; one scalar is a list of one. */
export const StringList = z.array(z.string());

/** A map of texts; numbers and booleans are written out, lists and maps refused. */
export const StringMap = z.record(z.string(), z.string());

/** Environment variables; one without a value is empty. */
export const EnvironmentMap = z
  .record(z.string(), z.string().nullable())
  .transform((written) => Object.fromEntries(Object.entries(written).map(([name, value]) => [name, value ?? ''])));

/** A map of anything. */
export const AnyMap = z.record(z.string(), z.unknown());

/** Whether to render with Jinja: `jinja`, or true or false. */
export const TemplateFlag = z.union([z.boolean(), z.string()]).transform((written, context) => {
  const word = String(written).toLowerCase();
  if (['jinja', 'true', 'yes', 'on', '1'].includes(word)) return true;
  if (['', 'none', 'false', 'no', 'off', '0'].includes(word)) return false;
  context.addIssue({ code: 'custom', message: 'must be "jinja", true or false: no other template language is known' });
  return z.NEVER;
});

/** A span of time in milliseconds, written as `30s`, `1h30m`, or a number of seconds. */
export const Duration = z.union([z.number(), z.string()]).transform((written, context) => {
  try {
    return parseDuration(written);
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a span of time such as "30s" or "1h30m"' });
    return z.NEVER;
  }
});

/** An absolute path without `.`, `..` or a slash at its end. */
export const AbsolutePath = z
  .string()
  .transform((written, context) => {
    if (written.startsWith('/') && !written.includes('\0')) return cleanPath(written);
    context.addIssue({ code: 'custom', message: 'must be an absolute path' });
    return z.NEVER;
  })
  .meta({ refers: 'path' });

/** Text for one line of a file: no line breaks or other control characters. */
export const LineText = z.string().refine((text) => !/[^\P{Cc}\t]/u.test(text), 'must not hold control characters');

/** A path with `.` and `..` worked out, one slash between names and none at the end. */
export function cleanPath(path: string): string {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return `/${names.join('/')}`;
}

export function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
