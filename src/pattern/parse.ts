import { type Characters, casesOf, characterClass, charactersOf, type Member } from './characters.ts';
import { patternInvalid, patternLarge, patternUnsupported } from './problems.ts';
import { type Assertion, type Node, type RegexFlags, type Syntax, widthOf } from './syntax.ts';

const maxPattern = 10_000;
const maxDepth = 200;
const maxCount = 1_000;

/** Reads Python's dialect. Throws `PATTERN_INVALID` for what Python refuses, `PATTERN_UNSUPPORTED`, `PATTERN_TOO_LARGE`. */
export function parsePattern(pattern: string, flags: RegexFlags = {}): Syntax {
  if (pattern.length > maxPattern) throw patternLarge(pattern, `it has more than ${maxPattern} characters`);
  return new Parser(pattern, flags).parse();
}

interface Mode {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly verbose: boolean;
  readonly onlyAscii: boolean;
}

const flagNames: Readonly<Record<string, keyof Mode | undefined>> = {
  i: 'ignoreCase',
  m: 'multiline',
  s: 'dotAll',
  x: 'verbose',
  a: 'onlyAscii',
};

const controls: Readonly<Record<string, number>> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13 };

class Parser {
  readonly #pattern: string;
  #at = 0;
  #depth = 0;
  #mode: Mode;
  #groupCount = 0;
  readonly #open = new Set<number>();
  readonly #names = new Map<string, number>();

  constructor(pattern: string, { ignoreCase = false, multiline = false, dotAll = false }: RegexFlags) {
    this.#pattern = pattern;
    this.#mode = { ignoreCase, multiline, dotAll, verbose: false, onlyAscii: false };
  }

  parse(): Syntax {
    const [whole, letters = ''] = /^\(\?([aiLmsux]+)\)/.exec(this.#pattern) ?? [];
    if (whole !== undefined) {
      this.#at = whole.length;
      this.#mode = this.#with(letters, true);
    }
    const root = this.#either();
    if (this.#at < this.#pattern.length) throw this.#invalid('a ")" closes nothing');
    return { root, groupCount: this.#groupCount, names: this.#names };
  }

  #either(): Node {
    if (++this.#depth > maxDepth) throw patternLarge(this.#pattern, `groups are more than ${maxDepth} deep`);
    const items = [this.#sequence()];
    while (this.#take('|')) items.push(this.#sequence());
    this.#depth--;
    return items.length === 1 ? (items[0] as Node) : { kind: 'either', items };
  }

  #sequence(): Node {
    const items: Node[] = [];
    for (;;) {
      this.#skipVerbose();
      const next = this.#pattern[this.#at];
      if (next === undefined || next === '|' || next === ')') break;
      const item = this.#single();
      if (item !== undefined) items.push(this.#quantified(item));
    }
    return items.length === 1 ? (items[0] as Node) : { kind: 'sequence', items };
  }

  #quantified(item: Node): Node {
    this.#skipVerbose();
    const counts = this.#counts();
    if (counts === undefined) return item;
    if (item.kind === 'assertion') throw this.#invalid('there is nothing to repeat before a repetition');
    const [min, max] = counts;
    if (min > max) throw this.#invalid('of a count in braces the first number is the larger one');
    if (min > maxCount || (max > maxCount && max !== Infinity))
      throw patternLarge(this.#pattern, `a count in braces is above ${maxCount}`);
    const possessive = this.#take('+');
    const greedy = possessive || !this.#take('?');
    const node: Node = { kind: 'repeat', item, min, max, greedy };
    this.#skipVerbose();
    const at = this.#at;
    if (this.#counts() !== undefined) {
      this.#at = at;
      throw this.#invalid('a repetition follows a repetition');
    }
    return possessive ? { kind: 'atomic', item: node } : node;
  }

  #counts(): readonly [min: number, max: number] | undefined {
    if (this.#take('*')) return [0, Infinity];
    if (this.#take('+')) return [1, Infinity];
    if (this.#take('?')) return [0, 1];
    const [whole, min, comma, max] = this.#match(/\{(\d*)(,?)(\d*)\}/y) ?? [];
    if (whole === undefined) return undefined;
    // `{}` and `{,}` without any number: the first is text, the second any number.
    if (min === '' && comma === '') {
      this.#at -= whole.length;
      return undefined;
    }
    return [Number(min), comma === '' ? Number(min) : max === '' ? Infinity : Number(max)];
  }

  /** Undefined for a comment. */
  #single(): Node | undefined {
    const character = this.#character();
    const { multiline, dotAll } = this.#mode;
    switch (character) {
      case '\\':
        return this.#escape();
      case '[':
        return this.#set();
      case '(':
        return this.#group();
      case '.':
        return { kind: 'one of', characters: dotAll ? anything : noLineBreak };
      case '^':
        return { kind: 'assertion', what: multiline ? 'line start' : 'start' };
      case '$':
        return { kind: 'assertion', what: multiline ? 'line end' : 'last line end' };
      case '*':
      case '+':
      case '?':
        throw this.#invalid('there is nothing to repeat before a repetition');
      default:
        return this.#literal(character.codePointAt(0) as number);
    }
  }

  #literal(code: number): Node {
    if (!this.#mode.ignoreCase) return { kind: 'character', code };
    const cases = casesOf(code);
    if (cases.length === 1) return { kind: 'character', code };
    return { kind: 'one of', characters: charactersOf(cases.map((each) => [each, each])) };
  }

  #group(): Node | undefined {
    if (this.#match(/\?#[^)]*\)/y)) return undefined;
    if (!this.#take('?')) return this.#capture(undefined);
    const [, name] = this.#match(/P<([^>]*)>/y) ?? [];
    if (name !== undefined) return this.#capture(name);
    const [, again] = this.#match(/P=([^)]*)\)/y) ?? [];
    if (again !== undefined) return this.#again(this.#names.get(again), again);
    const [look] = this.#match(/<?[=!]/y) ?? [];
    if (look !== undefined) return this.#look(look);
    if (this.#take('>')) return { kind: 'atomic', item: this.#rest() };
    const [flags, on = '', off = ''] = this.#match(/([aiLmsux]*)(?:-([imsx]+))?:/y) ?? [];
    if (flags !== undefined) return this.#scoped(on, off);
    if (this.#match(/\(/y))
      throw patternUnsupported(
        this.#pattern,
        'a choice by whether a group took part, "(?(…)…|…)"',
        'Write both alternatives with "|"',
      );
    if (this.#match(/[aiLmsux]+\)/y)) throw this.#invalid('flags for all of it do not stand at its start');
    throw this.#invalid(
      `"(?${this.#pattern.slice(this.#at, this.#at + 2)}" begins nothing; a name is written (?P<name>…)`,
    );
  }

  #capture(name: string | undefined): Node {
    const index = ++this.#groupCount;
    if (name !== undefined) {
      if (!/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name)) throw this.#invalid(`"${name}" is no name for a group`);
      if (this.#names.has(name)) throw this.#invalid(`two groups are called "${name}"`);
      this.#names.set(name, index);
    }
    this.#open.add(index);
    const item = this.#rest();
    this.#open.delete(index);
    return { kind: 'group', index, item };
  }

  #look(written: string): Node {
    const ahead = !written.startsWith('<');
    const item = this.#rest();
    const isFixed = ahead || widthOf(item) !== undefined;
    if (!isFixed) throw this.#invalid('what it looks back at has no fixed length');
    return { kind: 'look', ahead, negated: written.endsWith('!'), item };
  }

  #scoped(on: string, off: string): Node {
    const before = this.#mode;
    this.#mode = this.#with(on, true);
    this.#mode = this.#with(off, false);
    const item = this.#rest();
    this.#mode = before;
    return item;
  }

  /** What is left of a group. */
  #rest(): Node {
    const item = this.#either();
    if (!this.#take(')')) throw this.#invalid('a "(" is not closed');
    return item;
  }

  #again(index: number | undefined, written: string): Node {
    if (index === undefined || index > this.#groupCount || this.#open.has(index))
      throw this.#invalid(`there is no group "${written}" before the reference to it`);
    return { kind: 'again', index, ignoreCase: this.#mode.ignoreCase };
  }

  #escape(): Node {
    const { onlyAscii } = this.#mode;
    const [letter] = this.#match(/[dDwWsS]/y) ?? [];
    if (letter !== undefined) return { kind: 'one of', characters: charactersOf([characterClass(letter, onlyAscii)]) };
    const [assertion] = this.#match(/[AZbB]/y) ?? [];
    if (assertion !== undefined) return { kind: 'assertion', what: assertions[assertion] as Assertion };
    const octal = this.#octal();
    if (octal !== undefined) return this.#literal(octal);
    const [number] = this.#match(/[1-9]\d?/y) ?? [];
    if (number !== undefined) return this.#again(Number(number), number);
    return this.#literal(this.#escapedCode());
  }

  #octal(): number | undefined {
    const [digits] = this.#match(/0[0-7]{0,2}|[1-3][0-7]{2}/y) ?? [];
    return digits === undefined ? undefined : Number.parseInt(digits, 8);
  }

  /** Of an escape that means one character, inside a set and outside. */
  #escapedCode(): number {
    const [, hex, short, long] = this.#match(/x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})/y) ?? [];
    const digits = hex ?? short ?? long;
    if (digits !== undefined) {
      const code = Number.parseInt(digits, 16);
      if (code <= 0x10ffff) return code;
      throw this.#invalid(`there is no character \\U${digits}`);
    }
    if (this.#at >= this.#pattern.length) throw this.#invalid('it ends with a "\\"');
    const character = this.#character();
    const control = controls[character];
    if (control !== undefined) return control;
    if (/[A-Za-z0-9]/.test(character)) throw this.#invalid(`bad escape \\${character}`);
    return character.codePointAt(0) as number;
  }

  #set(): Node {
    const negated = this.#take('^');
    const members: Member[] = [];
    for (let isFirst = true; isFirst || this.#pattern[this.#at] !== ']'; isFirst = false) {
      const from = this.#member();
      const isRange = this.#pattern[this.#at] === '-' && this.#pattern[this.#at + 1] !== ']';
      if (!isRange || this.#at + 1 >= this.#pattern.length) {
        members.push(typeof from === 'number' ? [from, from] : from);
        continue;
      }
      this.#at++;
      const to = this.#member();
      if (typeof from !== 'number' || typeof to !== 'number')
        throw this.#invalid('a range in [] has a class as an end');
      if (from > to) throw this.#invalid('a range in [] is the wrong way round');
      members.push([from, to]);
    }
    this.#at++;
    const { ignoreCase } = this.#mode;
    return { kind: 'one of', characters: charactersOf(members, { negated, ignoreCase }) };
  }

  #member(): number | ((code: number) => boolean) {
    if (this.#at >= this.#pattern.length) throw this.#invalid('a "[" is not closed');
    const character = this.#character();
    if (character !== '\\') return character.codePointAt(0) as number;
    const [letter] = this.#match(/[dDwWsS]/y) ?? [];
    if (letter !== undefined) return characterClass(letter, this.#mode.onlyAscii);
    const [octal] = this.#match(/[0-7]{1,3}/y) ?? [];
    return octal === undefined ? this.#escapedCode() : Number.parseInt(octal, 8);
  }

  #character(): string {
    const character = String.fromCodePoint(this.#pattern.codePointAt(this.#at) as number);
    this.#at += character.length;
    return character;
  }

  #take(character: string): boolean {
    if (this.#pattern[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #match(sticky: RegExp): RegExpExecArray | null {
    sticky.lastIndex = this.#at;
    const found = sticky.exec(this.#pattern);
    if (found !== null) this.#at += found[0].length;
    return found;
  }

  #skipVerbose(): void {
    while (this.#mode.verbose && this.#match(/\s+|#[^\n]*/y));
  }

  #with(letters: string, on: boolean): Mode {
    const named = [...letters].flatMap((letter) => flagNames[letter] ?? []);
    return { ...this.#mode, ...Object.fromEntries(named.map((name) => [name, on])) };
  }

  #invalid(reason: string) {
    return patternInvalid(this.#pattern, reason);
  }
}

const assertions: Readonly<Record<string, Assertion>> = { A: 'start', Z: 'end', b: 'word edge', B: 'no word edge' };

const noLineBreak: Characters = charactersOf([[10, 10]], { negated: true });
const anything: Characters = charactersOf([[0, 0x10ffff]]);
