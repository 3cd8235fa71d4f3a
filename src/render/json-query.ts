import { slice } from './jinja/access.ts';
import { valueError } from './jinja/errors.ts';
import { compareNumbers, isNumeric } from './jinja/numbers.ts';
import { equals } from './jinja/operators.ts';
import { Dict, isText, Tuple, type Value } from './jinja/values.ts';
import { parseJson } from './json.ts';
import { callQueryFunction } from './json-query/functions.ts';
import { parseQuery, type QueryNode } from './json-query/parse.ts';

/** Evaluates a JMESPath expression over a value. Throws TEMPLATE_VALUE for one that cannot be read. */
export function queryJson(expression: string, data: Value): Value {
  return evaluate(parseQuery(expression), data);
}

function evaluate(node: QueryNode, data: Value): Value {
  switch (node.type) {
    case 'current':
      return data;
    case 'field':
      return data instanceof Dict ? orNull(data.get(node.name)) : null;
    case 'index':
      return Array.isArray(data) || data instanceof Tuple ? orNull(items(data).at(node.index)) : null;
    case 'slice':
      return Array.isArray(data) ? slice(data, node.start, node.stop, node.step) : null;
    case 'literal':
      return node.json === undefined ? node.text : parseJson(node.json);
    case 'chain':
      return evaluate(node.right, evaluate(node.left, data));
    case 'sub': {
      const owner = evaluate(node.left, data);
      return owner === null ? null : evaluate(node.right, owner);
    }
    case 'projection':
      return project(sourceOf(node, data), node.right);
    case 'list':
      return data === null ? null : node.items.map((item) => evaluate(item, data));
    case 'hash':
      return data === null ? null : new Dict(node.pairs.map(([key, value]) => [key, evaluate(value, data)]));
    case 'or': {
      const left = evaluate(node.left, data);
      return isTrue(left) ? left : evaluate(node.right, data);
    }
    case 'and': {
      const left = evaluate(node.left, data);
      return isTrue(left) ? evaluate(node.right, data) : left;
    }
    case 'not':
      return !isTrue(evaluate(node.operand, data));
    case 'compare':
      return compareValues(node.operator, evaluate(node.left, data), evaluate(node.right, data));
    case 'call':
      return callQueryFunction(node.name, {
        args: node.args.map((arg) => (arg.type === 'reference' ? null : evaluate(arg, data))),
        reference: (item) => {
          const reference = node.args.find((arg) => arg.type === 'reference');
          if (reference?.type !== 'reference') throw valueError(`${node.name}() needs an expression such as &name`);
          return evaluate(reference.expression, item);
        },
      });
    case 'reference':
      throw valueError('an expression reference is only an argument of a function');
  }
}

function orNull(value: Value | undefined): Value {
  return value === undefined ? null : value;
}

function items(value: Value[] | Tuple): readonly Value[] {
  return Array.isArray(value) ? value : value.items;
}

function sourceOf(node: Extract<QueryNode, { type: 'projection' }>, data: Value): readonly Value[] | undefined {
  const source = evaluate(node.left, data);
  if (node.kind === 'values') return source instanceof Dict ? [...source.values()] : undefined;
  if (!Array.isArray(source) && !(source instanceof Tuple)) return undefined;
  const list = items(source);
  if (node.kind === 'flatten') return list.flatMap((item) => (Array.isArray(item) ? item : [item]));
  const { condition } = node;
  return condition === undefined ? list : list.filter((item) => isTrue(evaluate(condition, item)));
}

function project(source: readonly Value[] | undefined, right: QueryNode): Value {
  if (source === undefined) return null;
  return source.map((item) => evaluate(right, item)).filter((item) => item !== null);
}

export function isTrue(value: Value): boolean {
  if (value === null || value === false) return false;
  if (isText(value)) return value !== '';
  if (Array.isArray(value)) return value.length > 0;
  return !(value instanceof Dict) || value.size > 0;
}

function compareValues(operator: string, left: Value, right: Value): Value {
  if (operator === '==') return equals(left, right);
  if (operator === '!=') return !equals(left, right);
  if (!isNumeric(left) || !isNumeric(right)) return null;
  const order = compareNumbers(left, right);
  if (operator === '<') return order < 0;
  if (operator === '<=') return order <= 0;
  return operator === '>' ? order > 0 : order >= 0;
}
