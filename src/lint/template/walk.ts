import type { CallArguments, Expression, Statement, Target } from '#render/jinja/ast.ts';

/** An expression and what it is part of, innermost first. */
export interface PlacedExpression {
  readonly node: Expression;
  readonly parent: Expression | undefined;
  readonly statement: Statement;
}

/** A statement and what it stands in, innermost last. */
export interface PlacedStatement {
  readonly node: Statement;
  readonly within: readonly Statement[];
}

/** Every statement, each before those inside it. */
export function* statementsIn(
  body: readonly Statement[],
  within: readonly Statement[] = [],
): Generator<PlacedStatement> {
  for (const node of body) {
    yield { node, within };
    for (const inner of bodiesOf(node)) yield* statementsIn(inner, [...within, node]);
  }
}

/** Every expression of a statement itself, and those inside them; not those of statements inside it. */
export function* expressionsIn(statement: Statement): Generator<PlacedExpression> {
  for (const node of expressionsOf(statement)) yield* inside(node, undefined, statement);
}

function* inside(node: Expression, parent: Expression | undefined, statement: Statement): Generator<PlacedExpression> {
  yield { node, parent, statement };
  for (const part of partsOf(node)) yield* inside(part, node, statement);
}

export function expressionsOf(node: Statement): readonly Expression[] {
  switch (node.type) {
    case 'output':
    case 'do':
      return [node.expression];
    case 'for':
      return present(node.items, node.filter);
    case 'if':
      return node.branches.map(({ test }) => test);
    case 'set':
      return [node.value];
    case 'setBlock':
    case 'filterBlock':
      return node.filters;
    case 'with':
      return node.bindings.map(([, value]) => value);
    case 'macro':
      return node.parameters.flatMap(({ fallback }) => present(fallback));
    case 'callBlock':
      return [node.call, ...node.caller.parameters.flatMap(({ fallback }) => present(fallback))];
    case 'extends':
    case 'include':
    case 'import':
    case 'from':
      return [node.template];
    default:
      return [];
  }
}

export function bodiesOf(node: Statement): readonly (readonly Statement[])[] {
  switch (node.type) {
    case 'for':
      return [node.body, node.otherwise];
    case 'if':
      return [...node.branches.map(({ body }) => body), node.otherwise];
    case 'setBlock':
    case 'with':
    case 'macro':
    case 'filterBlock':
    case 'block':
    case 'load':
    case 'scope':
      return [node.body];
    case 'callBlock':
      return [node.caller.body];
    default:
      return [];
  }
}

export function partsOf(node: Expression): readonly Expression[] {
  switch (node.type) {
    case 'constant':
    case 'name':
      return [];
    case 'list':
    case 'tuple':
      return node.items;
    case 'dict':
      return node.pairs.flat();
    case 'unary':
      return [node.operand];
    case 'binary':
    case 'logical':
      return [node.left, node.right];
    case 'concat':
      return node.parts;
    case 'compare':
      return [node.first, ...node.rest.map(({ operand }) => operand)];
    case 'conditional':
      return present(node.test, node.chosen, node.otherwise);
    case 'attribute':
      return [node.owner];
    case 'item':
      return [node.owner, node.key];
    case 'slice':
      return present(node.owner, node.start, node.stop, node.step);
    case 'call':
      return [node.callee, ...argumentsOf(node.args)];
    case 'filter':
      return [...present(node.input), ...argumentsOf(node.args)];
    case 'test':
      return [node.operand, ...argumentsOf(node.args)];
  }
}

/** Names a target stores; those of `namespace.member` are no names of their own. */
export function namesOf(target: Target): readonly (Target & { type: 'name' })[] {
  if (target.type === 'tuple') return target.items.flatMap(namesOf);
  return target.type === 'name' ? [target] : [];
}

function argumentsOf({ positional, named, spread, spreadNamed }: CallArguments): readonly Expression[] {
  return [...positional, ...named.map(([, value]) => value), ...present(spread, spreadNamed)];
}

function present(...nodes: readonly (Expression | undefined)[]): Expression[] {
  return nodes.filter((node) => node !== undefined);
}
