import { didYouMean } from '#base/errors.ts';
import type { Source } from '../source.ts';
import type {
  BlockStatement,
  Branch,
  Expression,
  FilterExpression,
  ImportedName,
  Loader,
  MacroStatement,
  Parameter,
  Statement,
  Target,
  Template,
} from './ast.ts';
import { ExpressionParser } from './parse-expression.ts';
import { describe, TokenStream } from './token-stream.ts';
import { namesIn } from './uses.ts';

/** The syntax tree of a template. Throws TEMPLATE_SYNTAX with the place. */
export function parse(source: Source): Template {
  return new Parser(new TokenStream(source)).template();
}

const loaders: Readonly<Record<string, Loader>> = {
  load_yaml: 'load_yaml',
  load_json: 'load_json',
  load_text: 'load_text',
  import_yaml: 'load_yaml',
  import_json: 'load_json',
  import_text: 'load_text',
};

class Parser extends ExpressionParser {
  readonly #blocks = new Map<string, BlockStatement>();
  /** The tags that are open, innermost last, with what may close them. */
  readonly #open: { tag: string; ends: readonly string[] }[] = [];

  template(): Template {
    const body = this.#statementsUntil([]);
    return { body, blocks: this.#blocks };
  }

  /** Statements up to a tag named in `ends`, which stays the current token; up to the end of the template if none is. */
  #statementsUntil(ends: readonly string[]): Statement[] {
    const statements: Statement[] = [];
    const { stream } = this;
    while (!stream.is('eof')) {
      const { current } = stream;
      if (stream.skip('data')) statements.push({ type: 'data', at: current.at, text: current.value });
      else if (stream.skip('variable_begin')) statements.push(this.#output());
      else {
        stream.expect('block_begin');
        if (stream.isName(...ends)) return statements;
        statements.push(...this.#statement());
        stream.expect('block_end');
      }
    }
    if (ends.length > 0) throw this.#unclosed(ends);
    return statements;
  }

  #unclosed(ends: readonly string[]): Error {
    const open = this.#open.at(-1);
    const wanted = ends.map((end) => `'${end}'`).join(' or ');
    return this.stream.error(
      `Unexpected end of template. Jinja was looking for the following tags: ${wanted}. The innermost block that needs to be closed is '${open?.tag}'.`,
    );
  }

  #output(): Statement {
    const expression = this.tuple();
    this.stream.expect('variable_end');
    return { type: 'output', at: expression.at, expression };
  }

  /** The body of a tag up to one of `ends`, with the tag's own closing consumed: `for … %}` body `{% endfor`. */
  #body(tag: string, ends: readonly string[], { drop = false } = {}): Statement[] {
    this.stream.skip('operator', ':');
    this.stream.expect('block_end');
    this.#open.push({ tag, ends });
    const body = this.#statementsUntil(ends);
    this.#open.pop();
    if (drop) this.stream.next();
    return body;
  }

  #statement(): Statement[] {
    const token = this.stream.current;
    if (token.kind !== 'name') throw this.stream.error('tag name expected');
    const parse = this.#tags[token.value];
    if (parse === undefined || !Object.hasOwn(this.#tags, token.value)) throw this.#unknownTag(token.value);
    this.stream.next();
    const parsed = parse(token.at, token.value);
    return Array.isArray(parsed) ? parsed : [parsed as Statement];
  }

  #unknownTag(tag: string): Error {
    const open = this.#open.at(-1);
    const expected = open?.ends.map((end) => `'${end}'`).join(' or ');
    const advice =
      expected === undefined
        ? ''
        : ` Jinja was looking for the following tags: ${expected}. The innermost block that needs to be closed is '${open?.tag}'.`;
    return this.stream.error(
      `Encountered unknown tag '${tag}'.${advice}`,
      undefined,
      didYouMean(tag, Object.keys(this.#tags)),
    );
  }

  readonly #tags: Readonly<Record<string, (at: number, tag: string) => Statement | Statement[]>> = {
    for: (at) => this.#for(at),
    if: (at) => this.#if(at),
    set: (at) => this.#set(at),
    with: (at) => this.#with(at),
    macro: (at) => this.#macro(at),
    call: (at) => this.#callBlock(at),
    filter: (at) => this.#filterBlock(at),
    do: (at) => ({ type: 'do', at, expression: this.tuple() }),
    break: (at) => this.#loopControl(at, 'break'),
    continue: (at) => this.#loopControl(at, 'continue'),
    print: (at) => this.#print(at),
    extends: (at) => ({ type: 'extends', at, template: this.expression() }),
    block: (at) => this.#block(at),
    include: (at) => this.#include(at),
    import: (at) => this.#import(at, undefined),
    from: (at) => this.#from(at),
    autoescape: (at) => this.#autoescape(at),
    profile: (at) => this.#profile(at),
    load_yaml: (at, tag) => this.#load(at, tag),
    load_json: (at, tag) => this.#load(at, tag),
    load_text: (at, tag) => this.#load(at, tag),
    import_yaml: (at, tag) => this.#import(at, loaders[tag]),
    import_json: (at, tag) => this.#import(at, loaders[tag]),
    import_text: (at, tag) => this.#import(at, loaders[tag]),
  };

  #for(at: number): Statement {
    const target = this.target({ ends: ['in'] });
    this.stream.expect('name', 'in');
    const items = this.tuple({ withConditional: false, ends: ['recursive'] });
    const filter = this.stream.skip('name', 'if') ? this.expression() : undefined;
    const recursive = this.stream.skip('name', 'recursive');
    const body = this.#body('for', ['endfor', 'else']);
    const otherwise = this.stream.next().value === 'endfor' ? [] : this.#body('for', ['endfor'], { drop: true });
    return { type: 'for', at, target, items, filter, recursive, body, otherwise };
  }

  #loopControl(at: number, type: 'break' | 'continue'): Statement {
    const enclosing = this.#open.findLast(({ tag }) => tag === 'for' || tag === 'macro' || tag === 'call');
    if (enclosing?.tag !== 'for') throw this.stream.error(`'${type}' outside of a loop`, at);
    return { type, at };
  }

  #if(at: number): Statement {
    const branches: Branch[] = [];
    let end = 'elif';
    while (end === 'elif') {
      const test = this.tuple({ withConditional: false });
      branches.push({ test, body: this.#body('if', ['elif', 'else', 'endif']) });
      end = this.stream.next().value;
    }
    const otherwise = end === 'else' ? this.#body('if', ['endif'], { drop: true }) : [];
    return { type: 'if', at, branches, otherwise };
  }

  #set(at: number): Statement {
    const target = this.target({ members: true });
    if (this.stream.skip('operator', '=')) return { type: 'set', at, target, value: this.tuple() };
    const filters = this.#filterChain();
    const body = this.#body('set', ['endset'], { drop: true });
    return { type: 'setBlock', at, target, filters, body };
  }

  /** `| a | b(1)`, the filters of a block, first one first. */
  #filterChain(): FilterExpression[] {
    const filters: FilterExpression[] = [];
    while (this.stream.skip('operator', '|')) filters.push(this.filter(undefined));
    return filters;
  }

  #with(at: number): Statement {
    const bindings: (readonly [Target, Expression])[] = [];
    while (!this.stream.is('block_end')) {
      if (bindings.length > 0) this.stream.expect('operator', ',');
      const target = this.target({ tuples: true });
      this.stream.expect('operator', '=');
      bindings.push([target, this.expression()]);
    }
    return { type: 'with', at, bindings, body: this.#body('with', ['endwith'], { drop: true }) };
  }

  #macro(at: number): Statement {
    const { value: name } = this.stream.expect('name');
    const parameters = this.#parameters();
    return this.#macroOf({ at, name, parameters, body: this.#body('macro', ['endmacro'], { drop: true }) });
  }

  #macroOf(parts: Omit<MacroStatement, 'type' | 'uses'>): MacroStatement {
    const names = namesIn(parts.body);
    const special = ['varargs', 'kwargs', 'caller'].filter((each) => names.has(each));
    return { type: 'macro', ...parts, uses: new Set(special) };
  }

  #parameters(): Parameter[] {
    const parameters: Parameter[] = [];
    this.stream.expect('operator', '(');
    while (!this.stream.is('operator', ')')) {
      if (parameters.length > 0) this.stream.expect('operator', ',');
      const target = this.target({ tuples: false });
      const fallback = this.stream.skip('operator', '=') ? this.expression() : undefined;
      if (fallback === undefined && parameters.at(-1)?.fallback !== undefined) {
        throw this.stream.error('non-default argument follows default argument', target.at);
      }
      parameters.push({ name: target.type === 'name' ? target.name : '', fallback });
    }
    this.stream.expect('operator', ')');
    return parameters;
  }

  #callBlock(at: number): Statement {
    const parameters = this.stream.is('operator', '(') ? this.#parameters() : [];
    const call = this.expression();
    if (call.type !== 'call') throw this.stream.error('expected call', at);
    const body = this.#body('call', ['endcall'], { drop: true });
    return { type: 'callBlock', at, call, caller: this.#macroOf({ at, name: 'caller', parameters, body }) };
  }

  #filterBlock(at: number): Statement {
    const filters = [this.filter(undefined), ...this.#filterChain()];
    return { type: 'filterBlock', at, filters, body: this.#body('filter', ['endfilter'], { drop: true }) };
  }

  #print(at: number): Statement[] {
    const outputs: Statement[] = [];
    while (!this.stream.is('block_end')) {
      if (outputs.length > 0) this.stream.expect('operator', ',');
      outputs.push({ type: 'output', at, expression: this.expression() });
    }
    return outputs;
  }

  #block(at: number): Statement {
    const { value: name } = this.stream.expect('name');
    const scoped = this.stream.skip('name', 'scoped');
    const required = this.stream.skip('name', 'required');
    if (this.stream.is('operator', '-'))
      throw this.stream.error('Block names may not contain hyphens: use an underscore');
    if (this.#blocks.has(name)) throw this.stream.error(`block '${name}' defined twice`, at);
    const body = this.#body('block', ['endblock'], { drop: true });
    this.stream.skip('name', name);
    const block: BlockStatement = { type: 'block', at, name, scoped, required, body };
    this.#blocks.set(name, block);
    return block;
  }

  #include(at: number): Statement {
    const template = this.expression();
    const ignoreMissing = this.stream.isName('ignore') && this.stream.peek().value === 'missing';
    if (ignoreMissing) {
      this.stream.next();
      this.stream.next();
    }
    return { type: 'include', at, template, ignoreMissing, withContext: this.#context(true) };
  }

  #context(fallback: boolean): boolean {
    if (!this.stream.isName('with', 'without') || this.stream.peek().value !== 'context') return fallback;
    const withContext = this.stream.next().value === 'with';
    this.stream.next();
    return withContext;
  }

  #import(at: number, load: Loader | undefined): Statement {
    const template = this.expression();
    this.stream.expect('name', 'as');
    const target = this.target({ tuples: false });
    const name = target.type === 'name' ? target.name : '';
    return { type: 'import', at, template, target: name, withContext: this.#context(false), load };
  }

  #from(at: number): Statement {
    const template = this.expression();
    this.stream.expect('name', 'import');
    const names: ImportedName[] = [];
    let withContext: boolean | undefined;
    while (withContext === undefined && !this.stream.is('block_end')) {
      if (names.length > 0) this.stream.expect('operator', ',');
      if (names.length > 0 && this.#contextFollows()) withContext = this.#context(false);
      else if (!this.stream.is('block_end')) names.push(this.#importedName());
      if (withContext === undefined && this.#contextFollows()) withContext = this.#context(false);
    }
    if (names.length === 0) throw this.stream.error(`expected token 'name', got '${describe(this.stream.current)}'`);
    return { type: 'from', at, template, names, withContext: withContext ?? false };
  }

  #contextFollows(): boolean {
    return this.stream.isName('with', 'without') && this.stream.peek().value === 'context';
  }

  #importedName(): ImportedName {
    const target = this.target({ tuples: false });
    const name = target.type === 'name' ? target.name : '';
    if (name.startsWith('_'))
      throw this.stream.error('names starting with an underline can not be imported', target.at);
    const alias = this.stream.skip('name', 'as') ? this.target({ tuples: false }) : target;
    return { at: target.at, name, alias: alias.type === 'name' ? alias.name : name };
  }

  // State files are no HTML: nothing is ever escaped by itself, so the tag only opens a scope.
  #autoescape(at: number): Statement {
    this.expression();
    return { type: 'scope', at, body: this.#body('autoescape', ['endautoescape'], { drop: true }) };
  }

  #profile(at: number): Statement[] {
    this.stream.expect('name', 'as');
    const label = this.expression();
    const body = this.#body('profile', ['endprofile'], { drop: true });
    return [{ type: 'do', at, expression: label }, ...body];
  }

  #load(at: number, tag: string): Statement {
    this.stream.expect('name', 'as');
    const target = this.target();
    const body = this.#body(tag, ['endload'], { drop: true });
    return { type: 'load', at, target, format: loaders[tag] ?? 'load_text', body };
  }
}
