import { valueError } from './jinja/errors.ts';

const escaping = 'Write "\\\\" before a character that stands for itself, such as "\\\\("';

// Backtracking can take exponential time in the length of the text, and JavaScript has no way to stop it: texts and
// patterns are bounded, and patterns that repeat a repetition are only tried on short texts.
const longestText = 1_000_000;
const longestPattern = 10_000;
const longestForNested = 2_000;

export interface RegexFlags {
  readonly ignoreCase?: boolean;
  readonly multiline?: boolean;
  readonly dotAll?: boolean;
}

export interface PythonMatch {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Undefined for a group that took no part. */
  readonly groups: readonly (string | undefined)[];
  readonly named: Readonly<Record<string, string | undefined>>;
}

const compiled = new Map<string, RegExp>();

/** The first match anywhere in the text. Throws TEMPLATE_VALUE for a pattern Python would refuse. */
export function search(pattern: string, text: string, flags: RegexFlags = {}): PythonMatch | undefined {
  return run(pattern, text, { ...flags, mode: 'g' });
}

/** A match that begins where the text begins. */
export function matchStart(pattern: string, text: string, flags: RegexFlags = {}): PythonMatch | undefined {
  return run(pattern, text, { ...flags, mode: 'y' });
}

/** A match of the whole text. */
export function fullMatch(pattern: string, text: string, flags: RegexFlags = {}): PythonMatch | undefined {
  return run(`(?:${pattern})\\Z`, text, { ...flags, mode: 'y' });
}

/** Every match replaced; `replacement` may name groups as `\1`, `\g<1>` and `\g<name>`. */
export function replaceAll(pattern: string, replacement: string, text: string, flags: RegexFlags = {}): string {
  const regex = compile(pattern, text, { ...flags, mode: 'g' });
  const parts = template(replacement);
  return text.replace(regex, (...args: unknown[]) => {
    const last = args.at(-1);
    const named = typeof last === 'object' && last !== null ? (last as Record<string, string | undefined>) : {};
    return parts.map((part) => (typeof part === 'string' ? part : groupText(part.group, args, named))).join('');
  });
}

function groupText(
  group: string,
  args: readonly unknown[],
  named: Readonly<Record<string, string | undefined>>,
): string {
  if (!/^\d+$/.test(group)) {
    if (!Object.hasOwn(named, group)) throw valueError(`unknown group name '${group}' in the replacement`);
    return named[group] ?? '';
  }
  const groupCount = args.findIndex((arg) => typeof arg === 'number') - 1;
  if (Number(group) > groupCount) throw valueError(`invalid group reference ${group} in the replacement`);
  return String(args[Number(group)] ?? '');
}

function run(pattern: string, text: string, options: RegexFlags & { mode: 'g' | 'y' }): PythonMatch | undefined {
  const regex = compile(pattern, text, options);
  regex.lastIndex = 0;
  const found = regex.exec(text);
  if (found === null) return undefined;
  const [whole, ...groups] = found;
  return { start: found.index, end: found.index + whole.length, text: whole, groups, named: found.groups ?? {} };
}

function compile(pattern: string, text: string, options: RegexFlags & { mode: 'g' | 'y' }): RegExp {
  if (text.length > longestText || pattern.length > longestPattern) {
    throw valueError(`a regular expression is tried on at most ${longestText} characters`);
  }
  if (text.length > longestForNested && repeatsRepetition(pattern)) {
    throw valueError(
      `the pattern "${pattern}" repeats a repetition, which is tried on at most ${longestForNested} characters`,
      'Write the pattern without a repetition inside a repeated group',
    );
  }
  const key = `${options.mode}${options.ignoreCase ?? false}${options.multiline ?? false}${options.dotAll ?? false}${pattern}`;
  const known = compiled.get(key);
  if (known !== undefined) return known;
  const regex = translate(pattern, options);
  if (compiled.size > 1_000) compiled.clear();
  compiled.set(key, regex);
  return regex;
}

// `(a+)+` and its kind: a quantified group with a quantifier inside. Coarse, but errs on the safe side.
function repeatsRepetition(pattern: string): boolean {
  const bare = pattern.replace(/\\[\s\S]|\[(?:\\[\s\S]|[^\]\\])*\]/g, 'x');
  return /\([^()]*(?:\([^()]*\)[^()]*)*[*+}][^()]*\)(?:[*+]|\{\d*,\d*\})/.test(bare);
}

function translate(pattern: string, { ignoreCase, multiline, dotAll, mode }: RegexFlags & { mode: string }): RegExp {
  const state = { ignoreCase: ignoreCase ?? false, multiline: multiline ?? false, dotAll: dotAll ?? false };
  const source = new Translator(pattern, state).translate();
  const flags = `${mode}u${state.ignoreCase ? 'i' : ''}${state.multiline ? 'm' : ''}${state.dotAll ? 's' : ''}`;
  try {
    return new RegExp(source, flags);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^Invalid regular expression: /, '') : String(error);
    throw valueError(`the pattern "${pattern}" is not a regular expression: ${reason}`, escaping);
  }
}

interface Flags {
  ignoreCase: boolean;
  multiline: boolean;
  dotAll: boolean;
}

/** Python's dialect in JavaScript's: named groups, inline flags, anchors, and escapes the `u` flag would refuse. */
class Translator {
  readonly #pattern: string;
  readonly #flags: Flags;
  #at = 0;
  #verbose = false;

  constructor(pattern: string, flags: Flags) {
    this.#pattern = pattern;
    this.#flags = flags;
  }

  translate(): string {
    this.#leadingFlags();
    let source = '';
    while (this.#at < this.#pattern.length) source += this.#next();
    return source;
  }

  #leadingFlags(): void {
    const match = /^\(\?([aiLmsux]+)\)/.exec(this.#pattern);
    if (match === null) return;
    this.#at = match[0].length;
    const letters = match[1] ?? '';
    this.#flags.ignoreCase ||= letters.includes('i');
    this.#flags.multiline ||= letters.includes('m');
    this.#flags.dotAll ||= letters.includes('s');
    this.#verbose = letters.includes('x');
  }

  #next(): string {
    const character = String.fromCodePoint(this.#pattern.codePointAt(this.#at) ?? 0);
    if (character === '\\') return this.#escape(false);
    if (character === '[') return this.#set();
    if (character === '(') return this.#group();
    if (this.#verbose && /\s/.test(character)) return this.#skip(1, '');
    if (this.#verbose && character === '#')
      return this.#skip((/^[^\n]*/.exec(this.#pattern.slice(this.#at))?.[0] ?? '#').length, '');
    // `$` also stands before a line break that ends the text.
    if (character === '$')
      return this.#skip(1, this.#flags.multiline ? '(?=\\n|(?![\\s\\S]))' : '(?=\\n?(?![\\s\\S]))');
    if (character === '^' && this.#flags.multiline) return this.#skip(1, '(?<![^\\n])');
    if (character === '.' && !this.#flags.dotAll) return this.#skip(1, '[^\\n]');
    if (character === '{' && !/^\{(?:\d+(?:,\d*)?|,\d+)\}/.test(this.#pattern.slice(this.#at)))
      return this.#skip(1, '\\{');
    if (character === '{') return this.#quantifier();
    if (character === '}' || character === ']') return this.#skip(1, `\\${character}`);
    return this.#skip(character.length, character);
  }

  #quantifier(): string {
    const [found = ''] = /^\{[\d,]*\}/.exec(this.#pattern.slice(this.#at)) ?? [];
    return this.#skip(found.length, found.replace('{,', '{0,'));
  }

  #skip(length: number, source: string): string {
    this.#at += length;
    return source;
  }

  #group(): string {
    const rest = this.#pattern.slice(this.#at);
    const named = /^\(\?P<(\w+)>/.exec(rest);
    if (named !== null) return this.#skip(named[0].length, `(?<${named[1]}>`);
    const backreference = /^\(\?P=(\w+)\)/.exec(rest);
    if (backreference !== null) return this.#skip(backreference[0].length, `\\k<${backreference[1]}>`);
    const comment = /^\(\?#[^)]*\)/.exec(rest);
    if (comment !== null) return this.#skip(comment[0].length, '');
    const other = /^\(\?(?:[:=!>]|<[=!]|[ims]*(?:-[ims]+)?:)/.exec(rest);
    if (other !== null) return this.#skip(other[0].length, other[0].replace('(?>', '(?:'));
    return this.#skip(1, '(');
  }

  #set(): string {
    const start = /^\[\^?\]?/.exec(this.#pattern.slice(this.#at))?.[0] ?? '[';
    this.#at += start.length;
    let source = start.replace(/\]$/, '\\]');
    while (this.#at < this.#pattern.length) {
      const character = this.#pattern.charAt(this.#at);
      if (character === ']') return source + this.#skip(1, ']');
      if (character === '\\') source += this.#escape(true);
      else if (character === '[') source += this.#skip(1, '\\[');
      else source += this.#skip(1, character);
    }
    return source;
  }

  #escape(inSet: boolean): string {
    const rest = this.#pattern.slice(this.#at);
    if (!inSet && rest.startsWith('\\A')) return this.#skip(2, '(?<![\\s\\S])');
    if (!inSet && rest.startsWith('\\Z')) return this.#skip(2, '(?![\\s\\S])');
    if (rest.startsWith('\\a')) return this.#skip(2, '\\x07');
    const wide = /^\\U([0-9a-fA-F]{8})/.exec(rest);
    if (wide !== null) return this.#skip(10, `\\u{${wide[1]}}`);
    const octal = /^\\(0[0-7]{0,2}|[0-3][0-7]{2})/.exec(rest);
    if (octal !== null) {
      const code = Number.parseInt(octal[1] ?? '0', 8);
      return this.#skip(octal[0].length, `\\x${code.toString(16).padStart(2, '0')}`);
    }
    const known = /^\\(?:[dDwWsSbBnrtfv]|[1-9]\d?|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4})/.exec(rest);
    if (known !== null)
      return this.#skip(known[0].length, inSet && known[0] === '\\b' ? '\\x08' : unicodeClass(known[0], inSet));
    return this.#literalEscape(rest);
  }

  #literalEscape(rest: string): string {
    const character = String.fromCodePoint(rest.codePointAt(1) ?? 92);
    if (/[A-Za-z]/.test(character))
      throw valueError(
        `the pattern "${this.#pattern}" is not a regular expression: bad escape \\${character}`,
        escaping,
      );
    return this.#skip(
      1 + character.length,
      /[\^$\\.*+?()[\]{}|/-]/.test(character) ? quoteLiteral(character) : character,
    );
  }
}

function quoteLiteral(character: string): string {
  return character === '-' ? '\\x2d' : `\\${character}`;
}

// Python's \d and \w know all scripts; JavaScript's know ASCII only.
function unicodeClass(written: string, inSet: boolean): string {
  if (written === '\\d') return '\\p{Nd}';
  if (written === '\\D') return '\\P{Nd}';
  if (written === '\\w') return inSet ? '\\p{L}\\p{N}_' : '[\\p{L}\\p{N}_]';
  if (written === '\\W' && !inSet) return '[^\\p{L}\\p{N}_]';
  return written;
}

/** Python's `re.escape`. */
export function escapePattern(text: string): string {
  return text.replace(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, '\\$&');
}

type ReplacementPart = string | { readonly group: string };

const replacementEscapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
};

function template(replacement: string): ReplacementPart[] {
  const parts: ReplacementPart[] = [];
  const pattern = /\\(?:g<(\w+)>|([1-9]\d?)|(0[0-7]{0,2})|([\s\S]))|[^\\]+|\\$/g;
  for (const [whole, name, digits, octal, letter] of replacement.matchAll(pattern)) {
    const group = name ?? digits;
    if (group !== undefined) parts.push({ group });
    else if (octal !== undefined) parts.push(String.fromCharCode(Number.parseInt(octal, 8)));
    else if (letter === undefined) parts.push(whole);
    else if (/[A-Za-z]/.test(letter) && replacementEscapes[letter] === undefined) {
      throw valueError(`bad escape \\${letter} in the replacement`);
    } else parts.push(replacementEscapes[letter] ?? `\\${letter}`);
  }
  return parts;
}
