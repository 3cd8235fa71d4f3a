import type { Source } from '../source.ts';
import { syntaxError } from './errors.ts';
import { type Token, type TokenKind, tokenize } from './lexer.ts';

/** The tokens of a template, and the questions its parsers ask of them. A pattern is a kind or `kind:value`. */
export class TokenStream {
  readonly source: Source;
  readonly #tokens: readonly Token[];
  readonly #end: Token;
  #index = 0;

  constructor(source: Source) {
    this.source = source;
    this.#tokens = tokenize(source);
    this.#end = { kind: 'eof', value: '', at: source.text.length };
  }

  get current(): Token {
    return this.#tokens[this.#index] ?? this.#end;
  }

  peek(): Token {
    return this.#tokens[this.#index + 1] ?? this.#end;
  }

  next(): Token {
    const token = this.current;
    this.#index++;
    return token;
  }

  is(kind: TokenKind, value?: string): boolean {
    const { current } = this;
    return current.kind === kind && (value === undefined || current.value === value);
  }

  isName(...names: readonly string[]): boolean {
    return this.current.kind === 'name' && names.includes(this.current.value);
  }

  skip(kind: TokenKind, value?: string): boolean {
    const matches = this.is(kind, value);
    if (matches) this.#index++;
    return matches;
  }

  expect(kind: TokenKind, value?: string, hint?: string): Token {
    if (this.is(kind, value)) return this.next();
    const wanted = value ?? describeKind(kind);
    const advice = hint ?? this.#advice(kind, wanted);
    if (this.is('eof')) throw this.error(`unexpected end of template, expected '${wanted}'`, advice);
    throw this.error(`expected token '${wanted}', got '${describe(this.current)}'`, advice);
  }

  error(reason: string, hint: string, at = this.current.at): Error {
    return syntaxError(reason, this.source.place(at), hint);
  }

  #advice(kind: TokenKind, wanted: string): string {
    if (kind !== 'variable_end' && kind !== 'block_end') return `Write "${wanted}" here`;
    if (this.is('operator', '=')) return 'Write "==" to compare';
    if (this.isName('if')) return 'Write "elif" for another condition';
    const close = kind === 'variable_end' ? '}}' : '%}';
    const { value } = this.current;
    return value === ''
      ? `Write "${close}" here`
      : `Put an operator before "${value}", or close the tag with "${close}"`;
  }
}

function describeKind(kind: TokenKind): string {
  return kind.replace('variable_end', 'end of print statement').replace('block_end', 'end of statement block');
}

export function describe(token: Token): string {
  return token.kind === 'name' || token.kind === 'operator' ? token.value : describeKind(token.kind);
}
