import { didYouMean, ZesterError } from '#base/errors.ts';
import type { Source } from '../source.ts';
import { attribute, item, slice } from './access.ts';
import type { CallArguments, Expression, FilterExpression } from './ast.ts';
import { typeError, undefinedError } from './errors.ts';
import { filters } from './filters/index.ts';
import { compareWith, iterate, operate, truthy, unary } from './operators.ts';
import { str } from './print.ts';
import type { Here, Runtime } from './runtime.ts';
import type { Scope } from './scope.ts';
import { tests } from './tests.ts';
import { type Arguments, Dict, Host, isText, Tuple, typeName, Undefined, type Value } from './values.ts';

export type Evaluate = (scope: Scope) => Value;
type Bind = (scope: Scope) => Arguments;

const noNames: ReadonlyMap<string, Value> = new Map();

/** Compiles expressions of one template. An expression that can fail says where it is before it does. */
export class ExpressionCompiler {
  protected readonly source: Source;
  /** Above zero inside `if`: a filter that does not exist is then an error only when it is reached. */
  protected conditional = 0;

  constructor(source: Source) {
    this.source = source;
  }

  expression(node: Expression): Evaluate {
    switch (node.type) {
      case 'constant':
        return () => node.value;
      case 'name':
        return this.#name(node);
      case 'list':
        return this.#list(node.items);
      case 'tuple':
        return this.#tuple(node.items);
      case 'dict':
        return this.#dict(node.pairs, this.here(node.at));
      case 'unary':
        return this.#unary(node);
      case 'binary':
        return this.#binary(node);
      case 'logical':
        return this.#logical(node);
      case 'concat':
        return this.#concat(node.parts, this.here(node.at));
      case 'compare':
        return this.#compare(node);
      case 'conditional':
        return this.#conditional(node);
      case 'attribute':
        return this.#attribute(node);
      case 'item':
        return this.#item(node);
      case 'slice':
        return this.#slice(node);
      case 'call':
        return this.call(node);
      case 'filter':
        return this.#filter(node);
      case 'test':
        return this.#test(node);
    }
  }

  protected here(at: number): Here {
    return { source: this.source, at };
  }

  /** The truth of an expression, located at its start when it is undefined. */
  protected condition(node: Expression): (scope: Scope) => boolean {
    const evaluate = this.expression(node);
    const here = this.here(node.at);
    return (scope) => {
      const value = evaluate(scope);
      if (typeof value === 'boolean') return value;
      scope.frame.runtime.here = here;
      return truthy(value);
    };
  }

  #name({ name, at }: Extract<Expression, { type: 'name' }>): Evaluate {
    const here = this.here(at);
    return (scope) => originating(scope.get(name), here);
  }

  #list(nodes: readonly Expression[]): Evaluate {
    const items = nodes.map((node) => this.expression(node));
    return (scope) => items.map((evaluate) => evaluate(scope));
  }

  #tuple(nodes: readonly Expression[]): Evaluate {
    const items = nodes.map((node) => this.expression(node));
    return (scope) => new Tuple(items.map((evaluate) => evaluate(scope)));
  }

  #dict(nodes: readonly (readonly [Expression, Expression])[], here: Here): Evaluate {
    const pairs = nodes.map(([key, value]) => [this.expression(key), this.expression(value)] as const);
    return (scope) => {
      const dict = new Dict();
      for (const [key, value] of pairs) {
        const [k, v] = [key(scope), value(scope)];
        scope.frame.runtime.here = here;
        dict.set(k, v);
      }
      return dict;
    };
  }

  #unary(node: Extract<Expression, { type: 'unary' }>): Evaluate {
    const { operator } = node;
    if (operator === 'not') {
      const condition = this.condition(node.operand);
      return (scope) => !condition(scope);
    }
    const operand = this.expression(node.operand);
    const here = this.here(node.at);
    return (scope) => {
      const value = operand(scope);
      scope.frame.runtime.here = here;
      return unary(operator, value);
    };
  }

  #binary(node: Extract<Expression, { type: 'binary' }>): Evaluate {
    const { operator } = node;
    const [left, right, here] = [this.expression(node.left), this.expression(node.right), this.here(node.at)];
    return (scope) => {
      const [a, b] = [left(scope), right(scope)];
      scope.frame.runtime.here = here;
      return operate(operator, a, b);
    };
  }

  #logical(node: Extract<Expression, { type: 'logical' }>): Evaluate {
    const stopsAt = node.operator === 'or';
    const [left, right, here] = [this.expression(node.left), this.expression(node.right), this.here(node.left.at)];
    return (scope) => {
      const value = left(scope);
      scope.frame.runtime.here = here;
      return truthy(value) === stopsAt ? value : right(scope);
    };
  }

  #concat(nodes: readonly Expression[], here: Here): Evaluate {
    const parts = nodes.map((node) => this.expression(node));
    return (scope) => {
      const { runtime } = scope.frame;
      let text = '';
      for (const part of parts) {
        const value = part(scope);
        runtime.here = here;
        text += str(value);
      }
      checkLength(text, runtime);
      return text;
    };
  }

  #compare(node: Extract<Expression, { type: 'compare' }>): Evaluate {
    const first = this.expression(node.first);
    const rest = node.rest.map(({ at, operator, operand }) => ({
      operator,
      operand: this.expression(operand),
      here: this.here(at),
    }));
    return (scope) => {
      let left = first(scope);
      for (const { operator, operand, here } of rest) {
        const right = operand(scope);
        scope.frame.runtime.here = here;
        if (!compareWith(operator, left, right)) return false;
        left = right;
      }
      return true;
    };
  }

  #conditional(node: Extract<Expression, { type: 'conditional' }>): Evaluate {
    const test = this.condition(node.test);
    this.conditional++;
    const chosen = this.expression(node.chosen);
    const otherwise = node.otherwise && this.expression(node.otherwise);
    this.conditional--;
    const reason = 'the inline if-expression evaluated to false and no else section was defined.';
    const nothing = new Undefined('if', () => undefinedError('if', reason), true);
    return (scope) => (test(scope) ? chosen(scope) : otherwise === undefined ? nothing : otherwise(scope));
  }

  #attribute(node: Extract<Expression, { type: 'attribute' }>): Evaluate {
    const [owner, here, { name }] = [this.expression(node.owner), this.here(node.at), node];
    return (scope) => {
      const value = owner(scope);
      scope.frame.runtime.here = here;
      return originating(attribute(value, name), here);
    };
  }

  #item(node: Extract<Expression, { type: 'item' }>): Evaluate {
    const [owner, key, here] = [this.expression(node.owner), this.expression(node.key), this.here(node.at)];
    return (scope) => {
      const [value, at] = [owner(scope), key(scope)];
      scope.frame.runtime.here = here;
      return originating(item(value, at), here);
    };
  }

  #slice(node: Extract<Expression, { type: 'slice' }>): Evaluate {
    const owner = this.expression(node.owner);
    const here = this.here(node.at);
    const [start, stop, step] = [node.start, node.stop, node.step].map((part) => part && this.expression(part));
    return (scope) => {
      const value = owner(scope);
      const bounds = [start?.(scope) ?? null, stop?.(scope) ?? null, step?.(scope) ?? null] as const;
      scope.frame.runtime.here = here;
      return slice(value, ...bounds);
    };
  }

  /** A call; `caller` is what a call block passes along. */
  protected call(node: Extract<Expression, { type: 'call' }>, caller?: Evaluate): Evaluate {
    const [callee, bind, here] = [this.expression(node.callee), this.#arguments(node.args, caller), this.here(node.at)];
    return (scope) => {
      const { runtime } = scope.frame;
      const target = callee(scope);
      runtime.here = here;
      if (target instanceof Undefined) throw target.error();
      const args = bind(scope);
      runtime.here = here;
      if (!(target instanceof Host)) {
        throw typeError(`'${typeName(target)}' object is not callable`, 'Leave out the parentheses: it is no function');
      }
      const result = target.call(args);
      runtime.here = here;
      return result;
    };
  }

  #arguments(args: CallArguments, caller?: Evaluate): Bind {
    const positional = args.positional.map((node) => this.expression(node));
    const named = args.named.map(([name, node]) => [name, this.expression(node)] as const);
    if (named.length === 0 && args.spread === undefined && args.spreadNamed === undefined && caller === undefined) {
      return (scope) => ({ positional: positional.map((evaluate) => evaluate(scope)), named: noNames });
    }
    const spread = args.spread && this.expression(args.spread);
    const spreadNamed = args.spreadNamed && this.expression(args.spreadNamed);
    return (scope) => {
      const values = positional.map((evaluate) => evaluate(scope));
      const names = new Map<string, Value>();
      for (const [name, evaluate] of named) names.set(name, evaluate(scope));
      if (caller !== undefined) names.set('caller', caller(scope));
      if (spread !== undefined) values.push(...iterate(spread(scope)));
      if (spreadNamed !== undefined) addNamed(names, spreadNamed(scope));
      return { positional: values, named: names };
    };
  }

  #filter(node: FilterExpression): Evaluate {
    const input = node.input && this.expression(node.input);
    const apply = this.filter(node);
    return (scope) => apply(scope, input?.(scope) ?? null);
  }

  /** A filter as a function of its input. Throws TEMPLATE_FILTER_UNKNOWN, at once or, inside `if`, when it is reached. */
  protected filter(node: FilterExpression): (scope: Scope, input: Value) => Value {
    const run = filters.get(node.name);
    const here = this.here(node.at);
    if (run === undefined) {
      const error = filterUnknown(node.name, here);
      if (this.conditional === 0) throw error;
      return () => {
        throw error;
      };
    }
    const bind = this.#arguments(node.args);
    return (scope, input) => {
      const { runtime } = scope.frame;
      const { positional, named } = bind(scope);
      runtime.here = here;
      const result = run({ positional: [input, ...positional], named }, { runtime, filters, tests });
      runtime.here = here;
      if (isText(result)) carry(runtime, input, result);
      return result;
    };
  }

  #test(node: Extract<Expression, { type: 'test' }>): Evaluate {
    const operand = this.expression(node.operand);
    const run = tests.get(node.name);
    const here = this.here(node.at);
    if (run === undefined) {
      const error = testUnknown(node.name, here);
      if (this.conditional === 0) throw error;
      return () => {
        throw error;
      };
    }
    const bind = this.#arguments(node.args);
    return (scope) => {
      const { runtime } = scope.frame;
      const value = operand(scope);
      const { positional, named } = bind(scope);
      runtime.here = here;
      return run({ positional: [value, ...positional], named }, { runtime, filters, tests }) !== node.negated;
    };
  }
}

function originating(value: Value, here: Here): Value {
  if (value instanceof Undefined) value.origin ??= here;
  return value;
}

function carry(runtime: Runtime, input: Value, result: Value): void {
  const [before, after] = [str(result) === '' || !isText(input) ? '' : str(input), str(result)];
  runtime.grow(after.length);
  if (before !== '') runtime.carryOrigin(before, after);
}

function checkLength(text: string, runtime: Runtime): void {
  if (text.length > 100_000) runtime.grow(text.length);
}

function addNamed(names: Map<string, Value>, map: Value): void {
  if (map instanceof Undefined) throw map.error();
  if (!(map instanceof Dict)) throw typeError(`argument after ** must be a mapping, not ${typeName(map)}`);
  for (const { key, value } of map.entries()) {
    if (!isText(key)) throw typeError('keywords must be strings');
    if (names.has(str(key))) throw typeError(`got multiple values for keyword argument '${str(key)}'`);
    names.set(str(key), value);
  }
}

function filterUnknown(name: string, { source, at }: Here): ZesterError {
  return new ZesterError(
    'source',
    'TEMPLATE_FILTER_UNKNOWN',
    `Cannot apply "${name}": No filter named '${name}' found.`,
    {
      at: source.place(at),
      hint: didYouMean(name, filters.keys()) ?? `Use a filter of Jinja or Salt; a function is called as "${name}(…)"`,
    },
  );
}

function testUnknown(name: string, { source, at }: Here): ZesterError {
  return new ZesterError(
    'source',
    'TEMPLATE_TEST_UNKNOWN',
    `Cannot test for "${name}": No test named '${name}' found.`,
    {
      at: source.place(at),
      hint: didYouMean(name, tests.keys()) ?? `The tests are ${[...tests.keys()].join(', ')}`,
    },
  );
}
