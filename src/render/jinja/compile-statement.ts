import { isError } from '#base/errors.ts';
import type { Source } from '../source.ts';
import type { FilterExpression, ForStatement, MacroStatement, Statement, Target } from './ast.ts';
import type { Entered, Execute, Signal } from './compile.ts';
import { type Evaluate, ExpressionCompiler } from './compile-expression.ts';
import { typeError, valueError } from './errors.ts';
import { Namespace } from './globals.ts';
import { loadDocument } from './load.ts';
import { Loop } from './loop.ts';
import { Macro, type MacroPlan } from './macro.ts';
import { iterate } from './operators.ts';
import { Output } from './output.ts';
import { printed } from './print.ts';
import { Scope } from './scope.ts';
import { importTemplate, includeTemplate, loadTemplate } from './template.ts';
import { namesIn, storesNames } from './uses.ts';
import { Dict, DictView, Undefined, type Value } from './values.ts';

const pairs = 'Write as many names as each item has parts; a map gives its pairs with ".items()"';

type Store = (scope: Scope, value: Value) => void;

/** Compiles the statements of one template. */
export class StatementCompiler extends ExpressionCompiler {
  readonly #entered: Entered | undefined;

  constructor(source: Source, entered?: Entered) {
    super(source);
    this.#entered = entered;
  }

  body(statements: readonly Statement[]): Execute {
    const execute = this.#sequence(statements);
    const entered = this.#entered;
    const [first] = statements;
    if (entered === undefined || first === undefined) return execute;
    const { path } = this.source;
    return (scope, out) => {
      entered(path, first.at);
      return execute(scope, out);
    };
  }

  #sequence(statements: readonly Statement[]): Execute {
    const compiled = statements.map((statement) => this.statement(statement));
    const [only] = compiled;
    if (compiled.length === 1 && only !== undefined) return only;
    return (scope, out) => {
      for (const execute of compiled) {
        const signal = execute(scope, out);
        if (signal !== 'done') return signal;
      }
      return 'done';
    };
  }

  statement(node: Statement): Execute {
    switch (node.type) {
      case 'data':
        return this.#data(node.text, node.at);
      case 'output':
        return this.#output(node);
      case 'for':
        return this.#for(node);
      case 'if':
        return this.#if(node);
      case 'set':
        return this.#set(node);
      case 'setBlock':
        return this.#setBlock(node);
      case 'with':
        return this.#with(node);
      case 'macro':
        return this.#macroStatement(node);
      case 'callBlock':
        return this.#callBlock(node);
      case 'filterBlock':
        return this.#filterBlock(node);
      case 'do':
        return this.#do(node);
      case 'break':
      case 'continue':
        return () => node.type;
      case 'extends':
        return this.#extends(node);
      case 'block':
        return this.#block(node);
      case 'include':
        return this.#include(node);
      case 'import':
        return this.#import(node);
      case 'from':
        return this.#from(node);
      case 'load':
        return this.#load(node);
      case 'scope':
        return this.#scope(node);
    }
  }

  #data(text: string, at: number): Execute {
    const { source } = this;
    return (_scope, out) => {
      if (!out.muted) out.literal(text, source, at);
      return 'done';
    };
  }

  #output(node: Extract<Statement, { type: 'output' }>): Execute {
    const evaluate = this.expression(node.expression);
    const { source } = this;
    const here = this.here(node.at);
    return (scope, out) => {
      if (out.muted) return 'done';
      const value = evaluate(scope);
      scope.frame.runtime.here = here;
      out.computed(printed(value), source, node.at);
      return 'done';
    };
  }

  #if(node: Extract<Statement, { type: 'if' }>): Execute {
    const tests = node.branches.map(({ test }) => this.condition(test));
    this.conditional++;
    const bodies = node.branches.map(({ body }) => this.body(body));
    const otherwise = this.body(node.otherwise);
    this.conditional--;
    return (scope, out) => {
      for (const [index, test] of tests.entries()) {
        if (test(scope)) return bodies[index]?.(scope, out) ?? 'done';
      }
      return otherwise(scope, out);
    };
  }

  #for(node: ForStatement): Execute {
    const evaluate = this.expression(node.items);
    const filter = node.filter && this.condition(node.filter);
    const store = this.#store(node.target);
    const body = this.body(node.body);
    const otherwise = this.body(node.otherwise);
    const here = this.here(node.items.at);
    const fresh = storesNames(node.body);
    const hasLoop = node.recursive || namesIn(node.body).has('loop');

    const walk = (outer: Scope, value: Value, depth: number, out: Output): Signal => {
      const { runtime } = outer.frame;
      runtime.here = here;
      const walked = listOf(value);
      const items = filter === undefined ? walked : select(outer, walked);
      const recurse = (children: Value, deeper: number): Value =>
        runtime.deeper(() => {
          const inner = new Output(runtime);
          walk(outer, children, deeper, inner);
          const text = inner.text();
          runtime.remember(text, inner.pieces);
          return text;
        });
      const loop = new Loop(items, { depth, recurse: node.recursive ? recurse : undefined });
      let scope = new Scope(outer.frame, outer);
      // The list is read as it is at each turn: a body may append to what it walks, as in Python.
      for (let index = 0; index < items.length; index++) {
        runtime.here = here;
        runtime.turn();
        if (fresh && index > 0) scope = new Scope(outer.frame, outer);
        loop.index0 = index;
        if (hasLoop) scope.names.set('loop', loop);
        store(scope, items[index] ?? null);
        if (body(scope, out) === 'break') break;
        checkSize(value, walked.length);
      }
      return items.length === 0 ? otherwise(outer, out) : 'done';
    };

    const select = (outer: Scope, items: readonly Value[]): Value[] =>
      items.filter((item) => {
        outer.frame.runtime.turn();
        const scope = new Scope(outer.frame, outer);
        store(scope, item);
        return filter?.(scope) ?? true;
      });

    return (scope, out) => walk(scope, evaluate(scope), 0, out);
  }

  #set(node: Extract<Statement, { type: 'set' }>): Execute {
    const evaluate = this.expression(node.value);
    const store = this.#store(node.target);
    return (scope) => {
      store(scope, evaluate(scope));
      return 'done';
    };
  }

  #store(target: Target): Store {
    const here = this.here(target.at);
    if (target.type === 'name') return (scope, value) => scope.set(target.name, value);
    if (target.type === 'member') {
      return (scope, value) => {
        scope.frame.runtime.here = here;
        const owner = scope.get(target.owner);
        if (!(owner instanceof Namespace)) {
          throw typeError(
            'cannot assign attribute on non-namespace object',
            `Make it with "{% set ${target.owner} = namespace() %}"`,
          );
        }
        owner.set(target.name, value);
      };
    }
    const stores = target.items.map((item) => this.#store(item));
    return (scope, value) => {
      scope.frame.runtime.here = here;
      const items = [...iterate(value)];
      if (items.length < stores.length) {
        throw valueError(`not enough values to unpack (expected ${stores.length}, got ${items.length})`, pairs);
      }
      if (items.length > stores.length)
        throw valueError(`too many values to unpack (expected ${stores.length})`, pairs);
      for (const [index, store] of stores.entries()) store(scope, items[index] ?? null);
    };
  }

  #setBlock(node: Extract<Statement, { type: 'setBlock' }>): Execute {
    const render = this.#rendered(node.body, node.filters);
    const store = this.#store(node.target);
    return (scope) => {
      store(scope, render(scope));
      return 'done';
    };
  }

  /** A body's text, in a scope of its own, through filters. */
  #rendered(statements: readonly Statement[], filters: readonly FilterExpression[]): Evaluate {
    const body = this.body(statements);
    const chain = filters.map((filter) => this.filter(filter));
    return (scope) => {
      const out = new Output(scope.frame.runtime);
      body(new Scope(scope.frame, scope), out);
      const text = out.text();
      scope.frame.runtime.remember(text, out.pieces);
      return chain.reduce<Value>((value, filter) => filter(scope, value), text);
    };
  }

  #with(node: Extract<Statement, { type: 'with' }>): Execute {
    const bindings = node.bindings.map(([target, value]) => [this.#store(target), this.expression(value)] as const);
    const body = this.body(node.body);
    return (outer, out) => {
      const scope = new Scope(outer.frame, outer);
      const values = bindings.map(([store, evaluate]) => [store, evaluate(outer)] as const);
      for (const [store, value] of values) store(scope, value);
      return body(scope, out);
    };
  }

  #macroPlan(statement: MacroStatement): MacroPlan {
    return {
      statement,
      defaults: statement.parameters.map(({ fallback }) => fallback && this.expression(fallback)),
      body: this.body(statement.body),
    };
  }

  #macroStatement(node: MacroStatement): Execute {
    const plan = this.#macroPlan(node);
    return (scope) => {
      scope.set(node.name, new Macro(plan, scope));
      return 'done';
    };
  }

  #callBlock(node: Extract<Statement, { type: 'callBlock' }>): Execute {
    const plan = this.#macroPlan(node.caller);
    if (node.call.type !== 'call') return () => 'done';
    const evaluate = this.call(node.call, (scope) => new Macro(plan, scope));
    const { source } = this;
    return (scope, out) => {
      const text = printed(evaluate(scope));
      if (!out.muted) out.computed(text, source, node.at);
      return 'done';
    };
  }

  #filterBlock(node: Extract<Statement, { type: 'filterBlock' }>): Execute {
    const render = this.#rendered(node.body, node.filters);
    const { source } = this;
    return (scope, out) => {
      const text = printed(render(scope));
      if (!out.muted) out.computed(text, source, node.at);
      return 'done';
    };
  }

  #do(node: Extract<Statement, { type: 'do' }>): Execute {
    const evaluate = this.expression(node.expression);
    return (scope) => {
      evaluate(scope);
      return 'done';
    };
  }

  #scope(node: Extract<Statement, { type: 'scope' }>): Execute {
    const body = this.body(node.body);
    return (scope, out) => body(new Scope(scope.frame, scope), out);
  }

  #extends(node: Extract<Statement, { type: 'extends' }>): Execute {
    const evaluate = this.expression(node.template);
    const here = this.here(node.template.at);
    return (scope, out) => {
      const { frame } = scope;
      const name = evaluate(scope);
      frame.runtime.here = here;
      if (frame.parent !== undefined) throw typeError('extended multiple times', 'Keep one "{% extends %}"');
      frame.parent = loadTemplate(scope, name).template;
      frame.addBlocks(frame.parent);
      out.muted = true;
      return 'done';
    };
  }

  #block(node: Extract<Statement, { type: 'block' }>): Execute {
    const here = this.here(node.at);
    return (scope, out) => {
      if (out.muted) return 'done';
      scope.frame.runtime.here = here;
      scope.frame.writeBlock(node.name, { level: 0, scope, out });
      return 'done';
    };
  }

  #include(node: Extract<Statement, { type: 'include' }>): Execute {
    const evaluate = this.expression(node.template);
    const here = this.here(node.template.at);
    const { withContext } = node;
    return (scope, out) => {
      if (out.muted) return 'done';
      const name = evaluate(scope);
      scope.frame.runtime.here = here;
      if (node.ignoreMissing && !isPresent(scope, name)) return 'done';
      includeTemplate(scope, { name, withContext, out });
      return 'done';
    };
  }

  #import(node: Extract<Statement, { type: 'import' }>): Execute {
    const evaluate = this.expression(node.template);
    const here = this.here(node.template.at);
    return (scope) => {
      const { runtime } = scope.frame;
      const name = evaluate(scope);
      runtime.here = here;
      const module = importTemplate(scope, name, node.withContext);
      runtime.here = here;
      scope.set(
        node.target,
        node.load === undefined ? module : loadDocument(node.load, module.text, { runtime, here }),
      );
      if (node.load === undefined && scope === scope.frame.root) scope.frame.hidden.add(node.target);
      return 'done';
    };
  }

  #from(node: Extract<Statement, { type: 'from' }>): Execute {
    const evaluate = this.expression(node.template);
    const here = this.here(node.template.at);
    return (scope) => {
      const { frame } = scope;
      const name = evaluate(scope);
      frame.runtime.here = here;
      const module = importTemplate(scope, name, node.withContext);
      for (const { at, name: exported, alias } of node.names) {
        const value = module.exportedName(exported);
        if (value instanceof Undefined) value.origin ??= this.here(at);
        scope.set(alias, value);
        if (scope === frame.root) frame.hidden.add(alias);
      }
      return 'done';
    };
  }

  #load(node: Extract<Statement, { type: 'load' }>): Execute {
    const render = this.#rendered(node.body, []);
    const store = this.#store(node.target);
    const here = this.here(node.at);
    return (scope) => {
      const { runtime } = scope.frame;
      const text = printed(render(scope));
      runtime.here = here;
      store(scope, loadDocument(node.format, text, { runtime, here }));
      return 'done';
    };
  }
}

function isPresent(scope: Scope, name: Value): boolean {
  try {
    loadTemplate(scope, name);
    return true;
  } catch (error) {
    if (isError(error, 'TEMPLATE_NOT_FOUND')) return false;
    throw error;
  }
}

// A list may grow while it is walked; a map may not, as in Python.
function checkSize(walked: Value, size: number): void {
  const dict = walked instanceof DictView ? walked.dict : walked;
  if (dict instanceof Dict && dict.size !== size)
    throw valueError('dictionary changed size during iteration', 'Loop over a copy: "{% for key in map | list %}"');
}

function listOf(value: Value): readonly Value[] {
  if (Array.isArray(value)) return value;
  return [...iterate(value)];
}
