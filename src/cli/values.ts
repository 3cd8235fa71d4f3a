import { ZesterError } from '#base/errors.ts';
import { Numeral } from '#base/numeral.ts';
import type { ArgumentRecord } from './reference.ts';

export interface ValueSources {
  /** The text of a file, `-` for standard input. */
  readonly readFile: (path: string) => string;
  /** Passed in, because most command lines need no YAML, and loading it takes longer than a ping. */
  readonly parseYaml: (text: string) => unknown;
}

type Typed = Pick<ArgumentRecord, 'name' | 'decode'> & { readonly choices?: readonly string[] | undefined };

/**
 * The value of `key=value`, as the argument's record says that it is read. `@file` is the file's text (`@@` a plain at
 * sign, `@-` standard input). Throws `VALUE_INVALID`.
 */
export function readValue(argument: Typed, written: string, { readFile, parseYaml }: ValueSources): unknown {
  const { name, decode, choices } = argument;
  const text = written.startsWith('@@') ? written.slice(1) : fromFile(written, readFile);
  const value = decoders[decode](text, { name, parseYaml });
  const wrong = choices && [value].flat().find((each) => typeof each === 'string' && !choices.includes(each));
  if (choices && wrong !== undefined) throw invalid(name, String(wrong), `one of ${choices.join(', ')}`);
  return value;
}

function fromFile(written: string, readFile: (path: string) => string): string {
  return !written.startsWith('@') || written === '@' ? written : readFile(written.slice(1));
}

interface Decoding {
  readonly name: string;
  readonly parseYaml: (text: string) => unknown;
}

const decoders: Readonly<Record<ArgumentRecord['decode'], (text: string, decoding: Decoding) => unknown>> = {
  text: (text) => text,
  bool(text, { name }) {
    if (/^(true|yes|on|1)$/i.test(text)) return true;
    if (/^(false|no|off|0)$/i.test(text)) return false;
    throw invalid(name, text, 'true or false');
  },
  int(text, { name }) {
    if (!/^[+-]?\d+$/.test(text)) throw invalid(name, text, 'a whole number');
    return Numeral.read(text);
  },
  number(text, { name }) {
    if (/^[+-]?\d+$/.test(text)) return Numeral.read(text);
    if (/^[+-]?\d*\.\d+$/.test(text)) return Numeral.read(text);
    throw invalid(name, text, 'a number');
  },
  list(text, decoding) {
    if (isStructured(text)) return yaml(text, decoding);
    if (text === '') return [];
    return text.split(',').map((each) => each.trim());
  },
  // What is neither is for the peel to refuse, in the words of the argument.
  map: (text, decoding) => (isStructured(text) ? yaml(text, decoding) : text),
  any: (text, decoding) => (/^\s*[[{]|^(["']).*\1$/s.test(text) ? yaml(text, decoding) : guessed(text)),
  // A shell wants spaces inside of `[ -e /x ]` and `{ a; }`; lists and maps are written without.
  command: (text, decoding) => (/^\s*(\[[^[\s]|\{\S)/.test(text) ? yaml(text, decoding) : guessed(text)),
};

/** YAML of which JSON is a part: in brackets, a list item, a pair, or several lines. */
function isStructured(text: string): boolean {
  return /^\s*[[{]|^\s*- |:\s/.test(text) || text.includes('\n');
}

function yaml(text: string, { name, parseYaml }: Decoding): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    throw invalid(name, text, `valid YAML or JSON (${(error as Error).message})`);
  }
}

// Fractions stay text: a version 1.10 is not the number 1.1, and a mode 0644 not the number 644.
function guessed(text: string): unknown {
  if (/^(true|false)$/i.test(text)) return text.toLowerCase() === 'true';
  return /^-?(0|[1-9]\d*)$/.test(text) ? Numeral.read(text) : text;
}

function invalid(name: string, text: string, wants: string): ZesterError {
  return new ZesterError('usage', 'VALUE_INVALID', `Cannot use "${text}" for "${name}": it takes ${wants}`, {
    hint: 'Put single quotes around the whole key=value so that the shell leaves it alone',
  });
}
