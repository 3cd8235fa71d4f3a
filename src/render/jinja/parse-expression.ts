import type { CallArguments, ComparisonPart, Expression, FilterExpression, Target } from './ast.ts';
import { parseInteger } from './numbers.ts';
import type { BinaryOperator, Comparison } from './operators.ts';
import { describe, type TokenStream } from './token-stream.ts';
import { Float, type Value } from './values.ts';

const constants: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
]);

const comparisons: readonly Comparison[] = ['==', '!=', '<', '<=', '>', '>='];

const tooDeep = 'Give a part of it a name with "{% set %}"';
const badCall = 'Write arguments without a name first, then those with one, then "*" and "**"';

// Deeper nesting than this is no template, and would overflow the stack.
const deepest = 400;

/** Recursive descent over Jinja's expression grammar; each method parses one level of precedence. */
export class ExpressionParser {
  protected readonly stream: TokenStream;
  #depth = 0;

  constructor(stream: TokenStream) {
    this.stream = stream;
  }

  expression(withConditional = true): Expression {
    if (++this.#depth > deepest) throw this.stream.error('the expression is nested too deeply', tooDeep);
    const expression = withConditional ? this.#conditional() : this.#or();
    this.#depth--;
    return expression;
  }

  /** An expression, or several separated by commas as a tuple. `ends` are names that end it, such as `in`. */
  tuple({
    withConditional = true,
    parenthesized = false,
    ends = [],
  }: {
    withConditional?: boolean;
    parenthesized?: boolean;
    ends?: readonly string[];
  } = {}): Expression {
    const { at } = this.stream.current;
    const items: Expression[] = [];
    let isTuple = false;
    while (true) {
      if (items.length > 0 && !this.stream.skip('operator', ',')) break;
      if (items.length > 0) isTuple = true;
      if (this.#tupleEnds(ends)) break;
      items.push(this.expression(withConditional));
      if (!this.stream.is('operator', ',')) break;
    }
    const [only] = items;
    if (!isTuple && only !== undefined) return only;
    if (only === undefined && !parenthesized) {
      throw this.stream.error(
        `Expected an expression, got '${describe(this.stream.current)}'`,
        'Write a name, a text in quotes or a number here',
      );
    }
    return { type: 'tuple', at, items };
  }

  #tupleEnds(ends: readonly string[]): boolean {
    const { stream } = this;
    return stream.is('variable_end') || stream.is('block_end') || stream.is('operator', ')') || stream.isName(...ends);
  }

  /** A name, or with `tuples` also names separated by commas, or with `members` also `name.member`. */
  target({
    tuples = true,
    members = false,
    ends = [],
  }: {
    tuples?: boolean;
    members?: boolean;
    ends?: readonly string[];
  } = {}): Target {
    if (
      members &&
      this.stream.is('name') &&
      this.stream.peek().value === '.' &&
      this.stream.peek().kind === 'operator'
    ) {
      const owner = this.stream.next();
      this.stream.next();
      return { type: 'member', at: owner.at, owner: owner.value, name: this.stream.expect('name').value };
    }
    if (!tuples) return this.#nameTarget();
    const { at } = this.stream.current;
    return this.#asTarget(this.#targetTuple(ends), at);
  }

  #targetTuple(ends: readonly string[]): Expression {
    const { at } = this.stream.current;
    const items: Expression[] = [];
    let isTuple = false;
    do {
      if (this.#tupleEnds(ends) || this.stream.is('operator', '=')) break;
      items.push(this.#primary());
      if (this.stream.is('operator', ',')) isTuple = true;
    } while (this.stream.skip('operator', ','));
    const [only] = items;
    return !isTuple && only !== undefined ? only : { type: 'tuple', at, items };
  }

  #nameTarget(): Target {
    const token = this.stream.expect('name');
    return this.#asTarget({ type: 'name', at: token.at, name: token.value }, token.at);
  }

  #asTarget(expression: Expression, at: number): Target {
    if (expression.type === 'name' && !constants.has(expression.name)) return expression;
    if ((expression.type === 'tuple' || expression.type === 'list') && expression.items.length > 0) {
      return { type: 'tuple', at, items: expression.items.map((item) => this.#asTarget(item, item.at)) };
    }
    throw this.stream.error(`can't assign to '${expression.type}'`, 'Write a name that is not taken by a constant', at);
  }

  #conditional(): Expression {
    let expression = this.#or();
    while (this.stream.isName('if')) {
      const { at } = this.stream.next();
      const test = this.#or();
      const otherwise = this.stream.skip('name', 'else') ? this.expression() : undefined;
      expression = { type: 'conditional', at, test, chosen: expression, otherwise };
    }
    return expression;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.stream.isName('or')) {
      const { at } = this.stream.next();
      left = { type: 'logical', at, operator: 'or', left, right: this.#and() };
    }
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.stream.isName('and')) {
      const { at } = this.stream.next();
      left = { type: 'logical', at, operator: 'and', left, right: this.#not() };
    }
    return left;
  }

  #not(): Expression {
    if (!this.stream.isName('not')) return this.#compare();
    const { at } = this.stream.next();
    return { type: 'unary', at, operator: 'not', operand: this.#not() };
  }

  #compare(): Expression {
    const first = this.#additive();
    const rest: ComparisonPart[] = [];
    for (let operator = this.#comparison(); operator !== undefined; operator = this.#comparison()) {
      rest.push({ ...operator, operand: this.#additive() });
    }
    return rest.length === 0 ? first : { type: 'compare', at: rest[0]?.at ?? first.at, first, rest };
  }

  #comparison(): { at: number; operator: Comparison } | undefined {
    const { current } = this.stream;
    if (this.stream.isName('in')) return { at: this.stream.next().at, operator: 'in' };
    if (this.stream.isName('not') && this.stream.peek().kind === 'name' && this.stream.peek().value === 'in') {
      this.stream.next();
      this.stream.next();
      return { at: current.at, operator: 'not in' };
    }
    const operator = comparisons.find((each) => this.stream.is('operator', each));
    return operator && { at: this.stream.next().at, operator };
  }

  #additive(): Expression {
    return this.#leftToRight(['+', '-'], () => this.#concat());
  }

  #concat(): Expression {
    const parts = [this.#multiplicative()];
    const { at } = this.stream.current;
    while (this.stream.skip('operator', '~')) parts.push(this.#multiplicative());
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : { type: 'concat', at, parts };
  }

  #multiplicative(): Expression {
    return this.#leftToRight(['*', '/', '//', '%'], () => this.#power());
  }

  #power(): Expression {
    return this.#leftToRight(['**'], () => this.#unary());
  }

  #leftToRight(operators: readonly BinaryOperator[], operand: () => Expression): Expression {
    let left = operand();
    while (true) {
      const operator = operators.find((each) => this.stream.is('operator', each));
      if (operator === undefined) return left;
      const { at } = this.stream.next();
      left = { type: 'binary', at, operator, left, right: operand() };
    }
  }

  #unary(withFilters = true): Expression {
    const node = this.postfix(this.#signed());
    return withFilters ? this.#filtersAndTests(node) : node;
  }

  #signed(): Expression {
    const { at } = this.stream.current;
    const operator = this.stream.is('operator', '-') ? '-' : this.stream.is('operator', '+') ? '+' : undefined;
    if (operator === undefined) return this.#primary();
    if (++this.#depth > deepest) throw this.stream.error('the expression is nested too deeply', tooDeep);
    this.stream.next();
    const operand = this.#unary(false);
    this.#depth--;
    return { type: 'unary', at, operator, operand };
  }

  #primary(): Expression {
    const token = this.stream.current;
    switch (token.kind) {
      case 'name':
        this.stream.next();
        if (constants.has(token.value))
          return { type: 'constant', at: token.at, value: constants.get(token.value) ?? null };
        return { type: 'name', at: token.at, name: token.value };
      case 'string':
        return { type: 'constant', at: token.at, value: this.#adjacentStrings() };
      case 'integer':
        this.stream.next();
        return { type: 'constant', at: token.at, value: parseInteger(token.value, 0) ?? 0 };
      case 'float':
        this.stream.next();
        return { type: 'constant', at: token.at, value: new Float(Number(token.value)) };
      default:
        return this.#bracketed();
    }
  }

  #adjacentStrings(): string {
    let text = '';
    while (this.stream.is('string')) text += this.stream.next().value;
    return text;
  }

  #bracketed(): Expression {
    const { at } = this.stream.current;
    if (this.stream.skip('operator', '(')) {
      const expression = this.tuple({ parenthesized: true });
      this.stream.expect('operator', ')');
      return expression;
    }
    if (this.stream.skip('operator', '['))
      return { type: 'list', at, items: this.#separated(']', () => this.expression()) };
    if (this.stream.skip('operator', '{')) return { type: 'dict', at, pairs: this.#separated('}', () => this.#pair()) };
    if (this.stream.is('operator', '|')) throw this.stream.error("unexpected '|'", 'Write a value before the filter');
    throw this.stream.error(
      `unexpected '${describe(this.stream.current)}'`,
      'Write a name, a text in quotes or a number here',
    );
  }

  #pair(): readonly [Expression, Expression] {
    if (this.stream.is('operator', '{')) {
      throw this.stream.error(
        "unexpected '{'",
        'Write the expression without "{{" and "}}": it stands in a tag already',
      );
    }
    const key = this.expression();
    this.stream.expect('operator', ':', 'Write each pair of a map as "key: value"');
    return [key, this.expression()];
  }

  #separated<T>(close: string, parse: () => T): T[] {
    const items: T[] = [];
    while (!this.stream.is('operator', close)) {
      if (items.length > 0) this.stream.expect('operator', ',');
      if (this.stream.is('operator', close)) break;
      items.push(parse());
    }
    this.stream.expect('operator', close);
    return items;
  }

  protected postfix(start: Expression): Expression {
    let node = start;
    while (true) {
      const { current } = this.stream;
      if (this.stream.skip('operator', '.')) node = this.#dotted(node, current.at);
      else if (this.stream.skip('operator', '[')) node = this.#subscript(node, current.at);
      else if (this.stream.is('operator', '(')) node = this.#call(node);
      else return node;
    }
  }

  #dotted(owner: Expression, at: number): Expression {
    const token = this.stream.next();
    if (token.kind === 'name') return { type: 'attribute', at: token.at, owner, name: token.value };
    if (token.kind !== 'integer') throw this.stream.error('expected name or number', 'Write a name behind the dot', at);
    return { type: 'item', at: token.at, owner, key: { type: 'constant', at: token.at, value: Number(token.value) } };
  }

  #subscript(owner: Expression, at: number): Expression {
    const parts: Expression[] = [];
    let sliced: Expression | undefined;
    do {
      if (parts.length > 0 && this.stream.is('operator', ']')) break;
      const part = this.#sliceOrIndex(owner, at);
      if (part.type === 'slice' && part.owner === owner) sliced = part;
      parts.push(part);
    } while (this.stream.skip('operator', ','));
    this.stream.expect('operator', ']');
    const [only] = parts;
    if (sliced !== undefined && parts.length === 1) return sliced;
    if (sliced !== undefined)
      throw this.stream.error('a slice cannot be part of a tuple index', 'Leave the slice alone in its brackets', at);
    const key: Expression = parts.length === 1 && only !== undefined ? only : { type: 'tuple', at, items: parts };
    return { type: 'item', at: key.at, owner, key };
  }

  #sliceOrIndex(owner: Expression, at: number): Expression {
    const bound = (): Expression | undefined =>
      [':', ']', ','].some((each) => this.stream.is('operator', each)) ? undefined : this.expression();
    const start = bound();
    if (!this.stream.skip('operator', ':')) {
      if (start === undefined) {
        throw this.stream.error(
          `unexpected '${describe(this.stream.current)}'`,
          'Write an index or a key between the brackets',
        );
      }
      return start;
    }
    const stop = bound();
    const step = this.stream.skip('operator', ':') ? bound() : undefined;
    return { type: 'slice', at, owner, start, stop, step };
  }

  #call(callee: Expression): Expression {
    const { at } = this.stream.current;
    return {
      type: 'call',
      at: callee.type === 'name' || callee.type === 'attribute' || callee.type === 'item' ? callee.at : at,
      callee,
      args: this.#arguments(),
    };
  }

  #arguments(): CallArguments {
    this.stream.expect('operator', '(');
    const positional: Expression[] = [];
    const named: (readonly [string, Expression])[] = [];
    let spread: Expression | undefined;
    let spreadNamed: Expression | undefined;
    let first = true;
    while (!this.stream.is('operator', ')')) {
      if (!first) this.stream.expect('operator', ',');
      if (this.stream.is('operator', ')')) break;
      first = false;
      const { current } = this.stream;
      if (this.stream.skip('operator', '**')) spreadNamed = this.#once(spreadNamed);
      else if (this.stream.skip('operator', '*')) spread = this.#once(spread ?? spreadNamed);
      else if (current.kind === 'name' && this.stream.peek().kind === 'operator' && this.stream.peek().value === '=') {
        this.stream.next();
        this.stream.next();
        if (spreadNamed !== undefined)
          throw this.stream.error('invalid syntax for function call expression', badCall, current.at);
        named.push([current.value, this.expression()]);
      } else {
        if (named.length > 0 || spread !== undefined || spreadNamed !== undefined) {
          throw this.stream.error('invalid syntax for function call expression', badCall, current.at);
        }
        positional.push(this.expression());
      }
    }
    this.stream.expect('operator', ')');
    return { positional, named, spread, spreadNamed };
  }

  #once(already: Expression | undefined): Expression {
    if (already !== undefined) throw this.stream.error('invalid syntax for function call expression', badCall);
    return this.expression();
  }

  #filtersAndTests(start: Expression): Expression {
    let node = start;
    while (true) {
      if (this.stream.skip('operator', '|')) node = this.filter(node);
      else if (this.stream.isName('is')) node = this.#test(node);
      else if (this.stream.is('operator', '(')) node = this.#call(node);
      else return node;
    }
  }

  /** A filter's name and arguments, after the `|`. */
  protected filter(input: Expression | undefined): FilterExpression {
    const { at } = this.stream.current;
    const name = this.#dottedName();
    const args = this.stream.is('operator', '(') ? this.#arguments() : noArguments;
    return { type: 'filter', at, name, input, args };
  }

  #dottedName(): string {
    const hint = this.stream.is('operator', '|') ? 'Write "or"' : 'Write the name of a filter or test here';
    let name = this.stream.expect('name', undefined, hint).value;
    while (this.stream.skip('operator', '.')) name += `.${this.stream.expect('name').value}`;
    return name;
  }

  #test(operand: Expression): Expression {
    this.stream.expect('name', 'is');
    const negated = this.stream.skip('name', 'not');
    const { at } = this.stream.current;
    const name = this.#dottedName();
    return { type: 'test', at, name, operand, args: this.#testArguments(), negated };
  }

  #testArguments(): CallArguments {
    if (this.stream.is('operator', '(')) return this.#arguments();
    const { kind, value } = this.stream.current;
    const begins =
      ['name', 'string', 'integer', 'float'].includes(kind) ||
      (kind === 'operator' && (value === '[' || value === '{'));
    if (!begins || this.stream.isName('else', 'or', 'and')) return noArguments;
    if (this.stream.isName('is'))
      throw this.stream.error('You cannot chain multiple tests with is', 'Join two tests with "and"');
    return { ...noArguments, positional: [this.postfix(this.#primary())] };
  }
}

const noArguments: CallArguments = { positional: [], named: [], spread: undefined, spreadNamed: undefined };
