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

interface OpenTag {
  readonly tag: string;
  readonly at: number;
  readonly ends: readonly string[];
}

/** Blocks inside one another: each is compiled with all it is in. Python allows twenty. */
const deepestBlock = 100;

class Parser extends ExpressionParser {
  readonly #blocks = new Map<string, BlockStatement>();
  /** The tags that are open, innermost last, with what may close them. */
  readonly #open: OpenTag[] = [];

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
    const open = this.#open.at(-1);
    if (open !== undefined)
      throw this.stream.error(`Unexpected end of template.${lookedFor(open)}`, closing(open), open.at);
    return statements;
  }

  #output(): Statement {
    const expression = this.tuple();
    const isTag = expression.type === 'name' && Object.hasOwn(this.#tags, expression.name);
    const hint = isTag ? `Write "{% ${expression.name} … %}": "{{ … }}" only prints a value` : undefined;
    this.stream.expect('variable_end', undefined, hint);
    return { type: 'output', at: expression.at, expression };
  }

  /** The body of a tag up to one of `ends`, with the tag's own closing consumed: `for … %}` body `{% endfor`. */
  #body({ tag, at }: { tag: string; at: number }, ends: readonly string[], { drop = false } = {}): Statement[] {
    this.stream.skip('operator', ':');
    this.stream.expect('block_end');
    if (this.#open.length >= deepestBlock) {
      throw this.stream.error(
        'its blocks are nested too deeply',
        'Put the inner ones into a macro or a file of their own',
      );
    }
    this.#open.push({ tag, at, ends });
    const body = this.#statementsUntil(ends);
    this.#open.pop();
    if (drop) this.stream.next();
    return body;
  }

  #statement(): Statement[] {
    const token = this.stream.current;
    if (token.kind !== 'name') {
      throw this.stream.error('tag name expected', 'Write a tag such as "if", or remove "{%" and "%}"');
    }
    const parse = this.#tags[token.value];
    if (parse === undefined || !Object.hasOwn(this.#tags, token.value)) throw this.#unknownTag(token.value);
    this.stream.next();
    const parsed = parse(token.at, token.value);
    return Array.isArray(parsed) ? parsed : [parsed as Statement];
  }

  #unknownTag(tag: string): Error {
    const open = this.#open.at(-1);
    const advice = open === undefined ? '' : lookedFor(open);
    return this.stream.error(`Encountered unknown tag '${tag}'.${advice}`, this.#unknownTagHint(tag, open));
  }

  #unknownTagHint(tag: string, open: OpenTag | undefined): string {
    const near = didYouMean(tag, [...(open?.ends ?? []), ...Object.keys(this.#tags)]);
    const isClosing = tag.startsWith('end') || tag === 'else' || tag === 'elif';
    if (isClosing && open !== undefined)
      return didYouMean(tag, open.ends) ?? closing(open, this.stream.source.place(open.at).line);
    if (isClosing) return 'Remove it, or open the block before it';
    return near ?? `Write "{{ ${tag} }}" to print a value`;
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
    this.stream.expect('name', 'in', 'Write "{% for name in list %}"');
    const items = this.tuple({ withConditional: false, ends: ['recursive'] });
    const filter = this.stream.skip('name', 'if') ? this.expression() : undefined;
    const recursive = this.stream.skip('name', 'recursive');
    const body = this.#body({ tag: 'for', at }, ['endfor', 'else']);
    const otherwise =
      this.stream.next().value === 'endfor' ? [] : this.#body({ tag: 'for', at }, ['endfor'], { drop: true });
    return { type: 'for', at, target, items, filter, recursive, body, otherwise };
  }

  #loopControl(at: number, type: 'break' | 'continue'): Statement {
    const enclosing = this.#open.findLast(({ tag }) => tag === 'for' || tag === 'macro' || tag === 'call');
    if (enclosing?.tag !== 'for') {
      throw this.stream.error(`'${type}' outside of a loop`, 'Put it between "{% for … %}" and "{% endfor %}"', at);
    }
    return { type, at };
  }

  #if(at: number): Statement {
    const branches: Branch[] = [];
    let end = 'elif';
    while (end === 'elif') {
      const test = this.tuple({ withConditional: false });
      branches.push({ test, body: this.#body({ tag: 'if', at }, ['elif', 'else', 'endif']) });
      end = this.stream.next().value;
    }
    const otherwise = end === 'else' ? this.#body({ tag: 'if', at }, ['endif'], { drop: true }) : [];
    return { type: 'if', at, branches, otherwise };
  }

  #set(at: number): Statement {
    const target = this.target({ members: true });
    if (this.stream.skip('operator', '=')) return { type: 'set', at, target, value: this.tuple() };
    if (this.stream.is('operator', '[')) {
      throw this.stream.error("unexpected '['", 'Write "{% do map.update({key: value}) %}": a "set" takes names only');
    }
    const filters = this.#filterChain();
    const body = this.#body({ tag: 'set', at }, ['endset'], { drop: true });
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
    return { type: 'with', at, bindings, body: this.#body({ tag: 'with', at }, ['endwith'], { drop: true }) };
  }

  #macro(at: number): Statement {
    const { value: name } = this.stream.expect('name');
    const parameters = this.#parameters();
    return this.#macroOf({
      at,
      name,
      parameters,
      body: this.#body({ tag: 'macro', at }, ['endmacro'], { drop: true }),
    });
  }

  #macroOf(parts: Omit<MacroStatement, 'type' | 'uses'>): MacroStatement {
    const names = namesIn(parts.body);
    const special = ['varargs', 'kwargs', 'caller'].filter((each) => names.has(each));
    return { type: 'macro', ...parts, uses: new Set(special) };
  }

  #parameters(): Parameter[] {
    const parameters: Parameter[] = [];
    this.stream.expect('operator', '(', 'Write the parameters in parentheses, "()" when there are none');
    while (!this.stream.is('operator', ')')) {
      if (parameters.length > 0) this.stream.expect('operator', ',');
      const target = this.target({ tuples: false });
      const fallback = this.stream.skip('operator', '=') ? this.expression() : undefined;
      if (fallback === undefined && parameters.at(-1)?.fallback !== undefined) {
        throw this.stream.error(
          'non-default argument follows default argument',
          'Give it a default too, or put it before those that have one',
          target.at,
        );
      }
      parameters.push({ name: target.type === 'name' ? target.name : '', fallback });
    }
    this.stream.expect('operator', ')');
    return parameters;
  }

  #callBlock(at: number): Statement {
    const parameters = this.stream.is('operator', '(') ? this.#parameters() : [];
    const call = this.expression();
    if (call.type !== 'call') {
      throw this.stream.error('expected call', 'Write the macro with its parentheses: "{% call name() %}"', call.at);
    }
    const body = this.#body({ tag: 'call', at }, ['endcall'], { drop: true });
    return { type: 'callBlock', at, call, caller: this.#macroOf({ at, name: 'caller', parameters, body }) };
  }

  #filterBlock(at: number): Statement {
    const filters = [this.filter(undefined), ...this.#filterChain()];
    return { type: 'filterBlock', at, filters, body: this.#body({ tag: 'filter', at }, ['endfilter'], { drop: true }) };
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
      throw this.stream.error('Block names may not contain hyphens', 'Write "_" instead');
    if (this.#blocks.has(name)) {
      throw this.stream.error(
        `block '${name}' defined twice`,
        `Rename it, or write "{{ self.${name}() }}" to repeat it`,
        at,
      );
    }
    const body = this.#body({ tag: 'block', at }, ['endblock'], { drop: true });
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
    this.stream.expect('name', 'as', 'Say what to call it: "{% import \'file\' as name %}"');
    const target = this.target({ tuples: false });
    const name = target.type === 'name' ? target.name : '';
    return { type: 'import', at, template, target: name, withContext: this.#context(false), load };
  }

  #from(at: number): Statement {
    const template = this.expression();
    this.stream.expect('name', 'import', 'Write "{% from \'file\' import name %}"');
    const names: ImportedName[] = [];
    let withContext: boolean | undefined;
    while (withContext === undefined && !this.stream.is('block_end')) {
      if (names.length > 0) this.stream.expect('operator', ',');
      if (names.length > 0 && this.#contextFollows()) withContext = this.#context(false);
      else if (!this.stream.is('block_end')) names.push(this.#importedName());
      if (withContext === undefined && this.#contextFollows()) withContext = this.#context(false);
    }
    if (names.length === 0) {
      const got = describe(this.stream.current);
      throw this.stream.error(`expected token 'name', got '${got}'`, 'Write the names to take from the file');
    }
    return { type: 'from', at, template, names, withContext: withContext ?? false };
  }

  #contextFollows(): boolean {
    return this.stream.isName('with', 'without') && this.stream.peek().value === 'context';
  }

  #importedName(): ImportedName {
    const target = this.target({ tuples: false });
    const name = target.type === 'name' ? target.name : '';
    if (name.startsWith('_'))
      throw this.stream.error(
        'names starting with an underline can not be imported',
        'Rename it in its file: a name that begins with "_" is not for others',
        target.at,
      );
    const alias = this.stream.skip('name', 'as') ? this.target({ tuples: false }) : target;
    return { at: target.at, name, alias: alias.type === 'name' ? alias.name : name };
  }

  // State files are no HTML: nothing is ever escaped by itself, so the tag only opens a scope.
  #autoescape(at: number): Statement {
    this.expression();
    return { type: 'scope', at, body: this.#body({ tag: 'autoescape', at }, ['endautoescape'], { drop: true }) };
  }

  #profile(at: number): Statement[] {
    this.stream.expect('name', 'as');
    const label = this.expression();
    const body = this.#body({ tag: 'profile', at }, ['endprofile'], { drop: true });
    return [{ type: 'do', at, expression: label }, ...body];
  }

  #load(at: number, tag: string): Statement {
    this.stream.expect('name', 'as');
    const target = this.target();
    const body = this.#body({ tag, at }, ['endload'], { drop: true });
    return { type: 'load', at, target, format: loaders[tag] ?? 'load_text', body };
  }
}

function lookedFor({ tag, ends }: OpenTag): string {
  const wanted = ends.map((end) => `'${end}'`).join(' or ');
  return ` Jinja was looking for the following tags: ${wanted}. The innermost block that needs to be closed is '${tag}'.`;
}

/** `line` is where it is open, when the error points elsewhere. */
function closing({ tag, ends }: OpenTag, line?: number): string {
  const block = line === undefined ? `the "${tag}"` : `the "${tag}" of line ${line}`;
  const end = `Write "{% ${ends.find((each) => each.startsWith('end'))} %}" where ${block} ends`;
  return tag === 'set' ? `${end}, or "{% set name = value %}"` : end;
}
