import { ZesterError } from '#base/errors.ts';
import { Numeral } from '#base/numeral.ts';
import type { ArgumentRecord } from './reference.ts';

export interface ValueSources {
  /** The text of a file, `-` for standard input. */
  readonly readFile: (path: string) => string;
  /** Passed in, because most command lines need no YAML, and loading it takes longer than a ping. */
  readonly parseYaml: (text: string) => unknown;
}

type Typed = Pick<ArgumentRecord, 'name' | 'type'> & { readonly choices?: readonly string[] | undefined };

/**
 * The value of `key=value`. `@file` is the file's text (`@@` a plain at sign, `@-` standard input). The argument's own
 * type decides when it is known; otherwise brackets make a list or map, and plain integers, true and false are what they look like.
 * Throws `VALUE_INVALID`.
 */
export function readValue(argument: Typed, written: string, { readFile, parseYaml }: ValueSources): unknown {
  const text = fromFile(written, readFile);
  const { type, name, choices } = argument;
  if (choices && !choices.includes(text)) throw invalid(name, text, `one of ${choices.join(', ')}`);
  if (/^(list|map)\b/.test(type) || /^\s*[[{]/.test(text)) return structured(argument, text, parseYaml);
  if (type === '') return guessed(text);
  if (type === 'true or false') {
    if (/^(true|yes|on|1)$/i.test(text)) return true;
    if (/^(false|no|off|0)$/i.test(text)) return false;
    throw invalid(name, text, 'true or false');
  }
  if (/^(a )?(whole )?number$/.test(type)) {
    if (/^-?\d+$/.test(text) || (!type.includes('whole') && /^-?\d*\.\d+$/.test(text))) return Numeral.read(text);
    throw invalid(name, text, type.includes('whole') ? 'a whole number' : 'a number');
  }
  return text;
}

function fromFile(written: string, readFile: (path: string) => string): string {
  if (written.startsWith('@@')) return written.slice(1);
  if (!written.startsWith('@') || written === '@') return written;
  return readFile(written.slice(1));
}

/** A list or map in YAML, of which JSON is a part; a plain word for a list is a list of one, commas separate. */
function structured({ name, type }: Typed, text: string, parseYaml: (text: string) => unknown): unknown {
  const looksStructured = /^\s*[[{]|^\s*- |:\s/.test(text) || text.includes('\n');
  if (!looksStructured) return type.startsWith('list') ? text.split(',').map((each) => each.trim()) : text;
  // A text may begin with a bracket: only where lists and maps belong is one that does not parse an error.
  const mayBeText = type !== '' && !/^(list|map|anything)\b/.test(type);
  if (mayBeText) return text;
  try {
    return parseYaml(text);
  } catch (error) {
    throw invalid(name, text, `valid YAML or JSON (${(error as Error).message})`);
  }
}

// Fractions stay text: a version 1.10 is not the number 1.1, and a mode 0644 not the number 644.
function guessed(text: string): unknown {
  if (/^(true|false)$/.test(text)) return text === 'true';
  return /^-?(0|[1-9]\d*)$/.test(text) ? Numeral.read(text) : text;
}

function invalid(name: string, text: string, wants: string): ZesterError {
  return new ZesterError('usage', 'VALUE_INVALID', `Cannot use "${text}" for "${name}": it takes ${wants}`, {
    hint: 'Put single quotes around the whole key=value so that the shell leaves it alone',
  });
}
