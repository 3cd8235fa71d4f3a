import { valueError } from '../jinja/errors.ts';
import type { Value } from '../jinja/values.ts';
import { unquoteJson } from '../json/unquote.ts';

const usage = 'Write a query such as "users[?active].name"';

export type QueryNode =
  | { readonly type: 'current' }
  | { readonly type: 'field'; readonly name: string }
  | { readonly type: 'index'; readonly index: number }
  | { readonly type: 'slice'; readonly start: Value; readonly stop: Value; readonly step: Value }
  | { readonly type: 'literal'; readonly json: string | undefined; readonly text: string }
  | { readonly type: 'chain' | 'sub' | 'or' | 'and'; readonly left: QueryNode; readonly right: QueryNode }
  | { readonly type: 'compare'; readonly operator: string; readonly left: QueryNode; readonly right: QueryNode }
  | { readonly type: 'not'; readonly operand: QueryNode }
  | {
      readonly type: 'projection';
      readonly kind: 'list' | 'values' | 'flatten' | 'filter';
      readonly left: QueryNode;
      readonly right: QueryNode;
      readonly condition?: QueryNode;
    }
  | { readonly type: 'list'; readonly items: readonly QueryNode[] }
  | { readonly type: 'hash'; readonly pairs: readonly (readonly [string, QueryNode])[] }
  | { readonly type: 'call'; readonly name: string; readonly args: readonly QueryNode[] }
  | { readonly type: 'reference'; readonly expression: QueryNode };

const token =
  /\s*(?:([A-Za-z_]\w*)|("(?:[^"\\]|\\.)*")|('(?:[^'\\]|\\.)*')|(`(?:[^`\\]|\\.)*`)|(-?\d+)|(\|\||&&|==|!=|<=|>=|\[\?|\[\]|[[\]{}().,:*|&!<>@]))/y;

interface Token {
  readonly kind: 'name' | 'quoted' | 'raw' | 'literal' | 'number' | 'symbol' | 'end';
  readonly text: string;
}

// How tightly each operator binds; a projection takes everything up to the first looser one.
const binding: Readonly<Record<string, number>> = {
  '|': 1,
  '||': 2,
  '&&': 3,
  '==': 5,
  '!=': 5,
  '<': 5,
  '<=': 5,
  '>': 5,
  '>=': 5,
  '[]': 9,
  '*': 20,
  '[?': 21,
  '.': 40,
  '!': 45,
  '{': 50,
  '[': 55,
  '(': 60,
};
const projectionStop = 10;

export function parseQuery(expression: string): QueryNode {
  const parser = new QueryParser(expression);
  const node = parser.expression(0);
  parser.expectEnd();
  return node;
}

class QueryParser {
  readonly #expression: string;
  readonly #tokens: Token[];
  #at = 0;

  constructor(expression: string) {
    this.#expression = expression;
    this.#tokens = this.#tokenize();
  }

  expectEnd(): void {
    if (this.#peek().kind !== 'end') throw this.#error();
  }

  expression(tightness: number): QueryNode {
    let left = this.#prefix();
    while (tightness < this.#bindingOf(this.#peek())) left = this.#infix(left);
    return left;
  }

  #tokenize(): Token[] {
    const tokens: Token[] = [];
    const source = this.#expression.trimEnd();
    token.lastIndex = 0;
    while (token.lastIndex < source.length) {
      const match = token.exec(source);
      if (match === null) throw valueError(`the query "${this.#expression}" has an unknown token`, usage);
      const [, name, quoted, raw, literal, number, symbol] = match;
      if (name !== undefined) tokens.push({ kind: 'name', text: name });
      else if (quoted !== undefined) tokens.push({ kind: 'quoted', text: unquoteJson(quoted) });
      else if (raw !== undefined) tokens.push({ kind: 'raw', text: raw.slice(1, -1).replaceAll("\\'", "'") });
      else if (literal !== undefined)
        tokens.push({ kind: 'literal', text: literal.slice(1, -1).replaceAll('\\`', '`').trim() });
      else if (number !== undefined) tokens.push({ kind: 'number', text: number });
      else tokens.push({ kind: 'symbol', text: symbol ?? '' });
    }
    return tokens;
  }

  #peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? { kind: 'end', text: '' };
  }

  #next(): Token {
    const next = this.#peek();
    this.#at++;
    return next;
  }

  #skip(symbol: string): boolean {
    const matches = this.#isSymbol(symbol);
    if (matches) this.#at++;
    return matches;
  }

  #isSymbol(symbol: string): boolean {
    const { kind, text } = this.#peek();
    return kind === 'symbol' && text === symbol;
  }

  #expect(symbol: string): void {
    if (!this.#skip(symbol)) throw this.#error();
  }

  #error(): Error {
    const { kind, text } = this.#peek();
    const reason = kind === 'end' ? 'ends too early' : `cannot be read at "${text}"`;
    return valueError(`the query "${this.#expression}" ${reason}`, usage);
  }

  #bindingOf({ kind, text }: Token): number {
    return kind === 'symbol' ? (binding[text] ?? 0) : 0;
  }

  #prefix(): QueryNode {
    const { kind, text } = this.#next();
    if (kind === 'name' && this.#isSymbol('(')) return { type: 'call', name: text, args: this.#arguments() };
    if (kind === 'name' || kind === 'quoted') return { type: 'field', name: text };
    if (kind === 'raw') return { type: 'literal', json: undefined, text };
    if (kind === 'literal')
      return {
        type: 'literal',
        json: /^(?:["[{\d-]|true$|false$|null$)/.test(text) ? text : JSON.stringify(text),
        text,
      };
    if (kind === 'symbol') return this.#prefixSymbol(text);
    this.#at--;
    throw this.#error();
  }

  #prefixSymbol(symbol: string): QueryNode {
    switch (symbol) {
      case '@':
        return { type: 'current' };
      case '*':
        return { type: 'projection', kind: 'values', left: { type: 'current' }, right: this.#projected(20) };
      case '!':
        return { type: 'not', operand: this.expression(45) };
      case '&':
        return { type: 'reference', expression: this.expression(0) };
      case '(': {
        const inner = this.expression(0);
        this.#expect(')');
        return inner;
      }
      case '[':
      case '[?':
      case '[]':
        this.#at--;
        return this.#bracket({ type: 'current' }, true);
      case '{':
        return this.#hash();
      default:
        this.#at--;
        throw this.#error();
    }
  }

  #infix(left: QueryNode): QueryNode {
    const { text } = this.#peek();
    if (text === '[' || text === '[?' || text === '[]') return this.#bracket(left, false);
    this.#next();
    switch (text) {
      case '.':
        if (this.#skip('*')) return { type: 'projection', kind: 'values', left, right: this.#projected(20) };
        return { type: 'sub', left, right: this.#dotted() };
      case '|':
        return { type: 'chain', left, right: this.expression(1) };
      case '||':
        return { type: 'or', left, right: this.expression(2) };
      case '&&':
        return { type: 'and', left, right: this.expression(3) };
      default:
        return { type: 'compare', operator: text, left, right: this.expression(5) };
    }
  }

  #dotted(): QueryNode {
    if (this.#skip('[')) return this.#multiList();
    if (this.#skip('{')) return this.#hash();
    const { kind } = this.#peek();
    if (kind !== 'name' && kind !== 'quoted') throw this.#error();
    return this.expression(40);
  }

  #bracket(left: QueryNode, isPrefix: boolean): QueryNode {
    if (this.#skip('[]')) return { type: 'projection', kind: 'flatten', left, right: this.#projected(9) };
    if (this.#skip('[?')) {
      const condition = this.expression(0);
      this.#expect(']');
      return { type: 'projection', kind: 'filter', left, condition, right: this.#projected(21) };
    }
    this.#expect('[');
    if (this.#isSymbol('*') && this.#peek(1).text === ']') {
      this.#at += 2;
      return { type: 'projection', kind: 'list', left, right: this.#projected(20) };
    }
    const { kind, text } = this.#peek();
    if (kind === 'number' || text === ':') return this.#indexOrSlice(left);
    if (!isPrefix) throw this.#error();
    return this.#multiList();
  }

  #indexOrSlice(left: QueryNode): QueryNode {
    const parts: Value[] = [null];
    while (!this.#skip(']')) {
      const { kind, text } = this.#next();
      if (kind === 'number') parts[parts.length - 1] = Number(text);
      else if (text === ':' && parts.length < 3) parts.push(null);
      else throw this.#error();
    }
    const [start = null, stop = null, step = null] = parts;
    if (parts.length === 1) return { type: 'sub', left, right: { type: 'index', index: Number(start) } };
    const sliced: QueryNode = { type: 'sub', left, right: { type: 'slice', start, stop, step } };
    return { type: 'projection', kind: 'list', left: sliced, right: this.#projected(20) };
  }

  /** What a projection applies to each item: everything that binds tighter. */
  #projected(tightness: number): QueryNode {
    const next = this.#peek();
    if (this.#bindingOf(next) < projectionStop) return { type: 'current' };
    if (next.text === '[' || next.text === '[?') return this.expressionFrom(tightness);
    if (next.text === '.') {
      this.#next();
      if (this.#skip('*'))
        return { type: 'projection', kind: 'values', left: { type: 'current' }, right: this.#projected(20) };
      return this.#continued(this.#dotted(), tightness);
    }
    throw this.#error();
  }

  expressionFrom(tightness: number): QueryNode {
    return this.#continued(this.#bracket({ type: 'current' }, true), tightness);
  }

  #continued(start: QueryNode, tightness: number): QueryNode {
    let node = start;
    while (tightness < this.#bindingOf(this.#peek())) node = this.#infix(node);
    return node;
  }

  #multiList(): QueryNode {
    const items: QueryNode[] = [];
    do items.push(this.expression(0));
    while (this.#skip(','));
    this.#expect(']');
    return { type: 'list', items };
  }

  #hash(): QueryNode {
    const pairs: (readonly [string, QueryNode])[] = [];
    do {
      const key = this.#next();
      if (key.kind !== 'name' && key.kind !== 'quoted') throw this.#error();
      this.#expect(':');
      pairs.push([key.text, this.expression(0)]);
    } while (this.#skip(','));
    this.#expect('}');
    return { type: 'hash', pairs };
  }

  #arguments(): QueryNode[] {
    const args: QueryNode[] = [];
    this.#expect('(');
    while (!this.#skip(')')) {
      if (args.length > 0) this.#expect(',');
      args.push(this.expression(0));
    }
    return args;
  }
}
