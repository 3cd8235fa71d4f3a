import type { Source } from '../source.ts';
import { syntaxError } from './errors.ts';
import { decodeLiteral } from './literal.ts';
import { stripEnd } from './text.ts';

/** One piece of a template. `at` is its offset in the source. */
export interface Token {
  readonly kind: TokenKind;
  /** The name, operator, number or decoded text; for `data` the text as it will be written. */
  readonly value: string;
  readonly at: number;
}

export type TokenKind =
  | 'data'
  | 'variable_begin'
  | 'variable_end'
  | 'block_begin'
  | 'block_end'
  | 'name'
  | 'integer'
  | 'float'
  | 'string'
  | 'operator'
  | 'eof';

const opening = /\{\{|\{%|\{#/g;
const rawStart = /\{%([-+]?)\s*raw\s*(-%\}\s*|%\})/y;
const rawEnd = /\{%([-+]?)\s*endraw\s*(?:\+%\}|-%\}\s*|%\})/g;
const commentEnd = /(?:\+#\}|-#\}\s*|#\})/g;
const variableEnd = /-\}\}\s*|\}\}/y;
const blockEnd = /\+%\}|-%\}\s*|%\}/y;
const space = /\s+/y;
const float = /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy;
const integer = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy;
const name = /[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*/uy;
const text = /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y;
const operator = /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}><=.:|,;]/y;
const closers: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/** What other languages write, and templates do not. */
const strangers: Readonly<Record<string, string>> = {
  '&': 'Write "and"',
  '!': 'Write "not"',
  '?': 'Write "a if condition else b"',
  $: 'Write the name alone, without "$"',
  '\\': 'Put the text in quotes',
};

/** The tokens of a template. Throws TEMPLATE_SYNTAX. */
export function tokenize(source: Source): Token[] {
  return new Lexer(source).run();
}

class Lexer {
  readonly #source: Source;
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #at = 0;

  constructor(source: Source) {
    this.#source = source;
    this.#text = source.text;
  }

  run(): Token[] {
    while (this.#at < this.#text.length) this.#next();
    this.#push('eof', '', this.#text.length);
    return this.#tokens;
  }

  #next(): void {
    opening.lastIndex = this.#at;
    const found = opening.exec(this.#text);
    const open = found?.index ?? this.#text.length;
    const trims = found !== null && this.#text.charAt(open + 2) === '-';
    this.#data(this.#at, open, trims);
    this.#at = open;
    if (found === null) return;
    if (found[0] === '{#') this.#comment();
    else if (found[0] === '{{') this.#code('variable');
    else if (!this.#raw()) this.#code('block');
  }

  #data(start: number, end: number, trimmed: boolean): void {
    const data = this.#text.slice(start, end);
    const value = trimmed ? stripEnd(data) : data;
    if (value !== '') this.#push('data', value, start);
  }

  #comment(): void {
    const start = this.#at;
    commentEnd.lastIndex = this.#at + 2;
    const end = commentEnd.exec(this.#text);
    if (end === null) throw this.#error('Missing end of comment tag', start, 'Write "#}" where the comment ends');
    this.#at = commentEnd.lastIndex;
  }

  #raw(): boolean {
    const start = this.#at;
    const begin = this.#match(rawStart);
    if (begin === undefined) return false;
    rawEnd.lastIndex = this.#at;
    const end = rawEnd.exec(this.#text);
    if (end === null) throw this.#error('Missing end of raw directive', start, 'Write "{% endraw %}" where it ends');
    this.#data(this.#at, end.index, end[1] === '-');
    this.#at = rawEnd.lastIndex;
    return true;
  }

  #code(kind: 'variable' | 'block'): void {
    const start = this.#at;
    this.#push(`${kind}_begin`, '', start);
    this.#at += /[-+]/.test(this.#text.charAt(start + 2)) ? 3 : 2;
    const open: string[] = [];
    const end = kind === 'variable' ? variableEnd : blockEnd;
    while (true) {
      this.#match(space);
      const begin = this.#at;
      // A closing brace inside a map literal is not the end of the tag: `{{ {'a': {}}['a'] }}`.
      if (open.length === 0 && this.#match(end) !== undefined) {
        this.#push(`${kind}_end`, '', begin);
        return;
      }
      if (this.#at >= this.#text.length) throw this.#unclosed(kind, start);
      this.#expressionToken(open);
    }
  }

  #unclosed(kind: 'variable' | 'block', start: number): Error {
    const close = kind === 'variable' ? '}}' : '%}';
    return this.#error(`unexpected end of template, expected '${close}'`, start, `Write "${close}" where it ends`);
  }

  #expressionToken(open: string[]): void {
    const at = this.#at;
    const [kind, value] = this.#literalOrName() ?? ['operator', this.#match(operator)];
    if (value === undefined) throw this.#unexpected(at);
    if (kind === 'operator') this.#balance(value, open, at);
    this.#push(kind, value, at);
  }

  #unexpected(found: number): Error {
    const isQuote = /["']/.test(this.#text.charAt(found));
    const at = (isQuote ? this.#brokenText() : undefined) ?? found;
    const character = this.#text.charAt(at);
    const hint = isQuote ? `Close the text that begins with ${character}` : strangers[character];
    const reason = `unexpected char ${JSON.stringify(character)}`;
    return this.#error(reason, at, hint ?? `Put the text in quotes, or remove "${character}"`);
  }

  /** A text of this tag that goes on over a line break, for want of its closing quote most likely. */
  #brokenText(): number | undefined {
    const begin = this.#tokens.findLastIndex(({ kind }) => kind.endsWith('_begin'));
    return this.#tokens.slice(begin).find(({ kind, value }) => kind === 'string' && value.includes('\n'))?.at;
  }

  #literalOrName(): readonly [TokenKind, string] | undefined {
    const fraction = this.#match(float);
    if (fraction !== undefined) return ['float', fraction.replaceAll('_', '')];
    const whole = this.#match(integer);
    if (whole !== undefined) return ['integer', whole.replaceAll('_', '').toLowerCase()];
    const word = this.#match(name);
    if (word !== undefined) return ['name', word];
    const quoted = this.#match(text);
    return quoted === undefined ? undefined : ['string', decodeLiteral(quoted.slice(1, -1))];
  }

  #balance(symbol: string, open: string[], at: number): void {
    const closer = closers[symbol];
    if (closer !== undefined) open.push(closer);
    else if (')]}'.includes(symbol)) {
      const expected = open.pop();
      if (expected === undefined)
        throw this.#error(`unexpected '${symbol}'`, at, `Remove "${symbol}", or open it before`);
      if (expected !== symbol) {
        throw this.#error(`unexpected '${symbol}', expected '${expected}'`, at, `Write "${expected}" before it`);
      }
    }
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) return undefined;
    this.#at += found[0].length;
    return found[0];
  }

  #push(kind: TokenKind, value: string, at: number): void {
    this.#tokens.push({ kind, value, at });
  }

  #error(reason: string, at: number, hint: string): Error {
    return syntaxError(reason, this.#source.place(at), hint);
  }
}
