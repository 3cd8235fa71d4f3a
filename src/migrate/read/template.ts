import { isTable, textConstant } from '#lint/template/data-path.ts';
import { bindingsOf } from '#lint/template/names.ts';
import type { Template } from '#lint/template/template.ts';
import type { PlacedExpression } from '#lint/template/walk.ts';
import type { Expression } from '#render/jinja/ast.ts';

/** Something a template names, and the offset at which it does. */
export interface Mention {
  readonly name: string;
  readonly at: number;
  /** It may be missing: a default follows, it is asked whether it is defined, or it is looked up with `get`. */
  readonly isGuarded?: boolean;
}

/** What a template uses of what it is given, all branches alike. */
export interface Uses {
  /** `salt['pkg.version']` and `salt.pkg.version`; of the former `at` is that of the text's quote. */
  readonly functions: readonly Mention[];
  /** Names asked about by `'pkg.version' in salt`: a template that asks can do without. */
  readonly asked: ReadonlySet<string>;
  /** `salt[…]` with a name that only rendering can tell. */
  readonly computed: readonly number[];
  readonly filters: readonly Mention[];
  readonly tests: readonly Mention[];
  /** First keys of `opts['…']`. */
  readonly options: readonly Mention[];
  /** First keys of `grains['…']`, `grains.get('…')` and `salt['grains.get']('…')`. */
  readonly facts: readonly Mention[];
  /** Every name that is read, and those that the template gives a meaning of its own. */
  readonly names: readonly Mention[];
  readonly bound: ReadonlySet<string>;
  /** Texts that are handed on as they are: set, printed, joined or put into a list. */
  readonly texts: readonly Mention[];
}

export function usesOf(template: Template): Uses {
  const { expressions } = template;
  const every = (find: (placed: PlacedExpression) => readonly Mention[]) => expressions.flatMap(find);
  return {
    functions: every(functionsIn),
    asked: new Set(expressions.flatMap(askedIn)),
    computed: expressions.flatMap(({ node }) =>
      node.type === 'item' && isTable(node.owner) && textConstant(node.key) === undefined ? [node.key.at] : [],
    ),
    filters: every(({ node }) => (node.type === 'filter' ? [node] : [])),
    tests: every(({ node }) => (node.type === 'test' ? [node] : [])),
    options: every((placed) => keysIn(placed, 'opts')),
    facts: every((placed) => [...keysIn(placed, 'grains'), ...factsAsked(placed)].map(firstKey)),
    names: every(({ node }) => (node.type === 'name' ? [node] : [])),
    bound: new Set(bindingsOf(template).map(({ name }) => name)),
    texts: every(textsIn),
  };
}

function functionsIn({ node, parent }: PlacedExpression): readonly Mention[] {
  const isGuarded = isGuard(parent);
  if (node.type === 'item' && isTable(node.owner)) return mention(node.key, isGuarded);
  if (node.type === 'attribute' && node.owner.type === 'attribute' && isTable(node.owner.owner)) {
    return [{ name: `${node.owner.name}.${node.name}`, at: node.owner.at, isGuarded }];
  }
  const looked = lookedUp(node);
  return looked && isTable(looked.owner) ? mention(looked.key, true) : [];
}

function askedIn({ node }: PlacedExpression): readonly string[] {
  if (node.type !== 'compare') return [];
  const isAsked = node.rest.some(({ operator, operand }) => operator === 'in' && isTable(operand));
  const name = textConstant(node.first);
  return isAsked && name !== undefined ? [name] : [];
}

/** `opts['x']`, `opts.x` and `opts.get('x')`; `grains.items()` is a method of the map. */
function keysIn({ node, parent }: PlacedExpression, name: string): readonly Mention[] {
  const isOwn = (owner: Expression) => owner.type === 'name' && owner.name === name;
  const isGuarded = isGuard(parent);
  if (node.type === 'item' && isOwn(node.owner)) return mention(node.key, isGuarded);
  if (node.type === 'attribute' && isOwn(node.owner)) {
    const isMethod = parent?.type === 'call' && parent.callee === node;
    return isMethod ? [] : [{ name: node.name, at: node.at, isGuarded }];
  }
  const looked = lookedUp(node);
  return looked && isOwn(looked.owner) ? mention(looked.key, true) : [];
}

function factsAsked({ node }: PlacedExpression): readonly Mention[] {
  if (node.type !== 'call' || node.callee.type !== 'item' || !isTable(node.callee.owner)) return [];
  const [first] = node.args.positional;
  return first && textConstant(node.callee.key) === 'grains.get' ? mention(first, true) : [];
}

function firstKey({ name, ...rest }: Mention): Mention {
  return { ...rest, name: name.split(':')[0] ?? name };
}

/** Texts in what hands on what it holds. */
function textsIn({ node, parent, statement }: PlacedExpression): readonly Mention[] {
  const holder = parent?.type ?? statement.type;
  return carriers.has(holder) && textConstant(node) !== undefined ? mention(node, false) : [];
}

const carriers: ReadonlySet<string> = new Set(['output', 'set', 'concat', 'list', 'tuple', 'dict', 'conditional']);

/** `owner.get(key)` */
function lookedUp(node: Expression): { readonly owner: Expression; readonly key: Expression } | undefined {
  if (node.type !== 'call' || node.callee.type !== 'attribute' || node.callee.name !== 'get') return undefined;
  const [key] = node.args.positional;
  return key && { owner: node.callee.owner, key };
}

function mention(key: Expression, isGuarded: boolean): readonly Mention[] {
  const name = textConstant(key);
  return name === undefined ? [] : [{ name, at: key.at, isGuarded }];
}

/** What an expression stands in that makes its absence no error. */
function isGuard(parent: Expression | undefined): boolean {
  if (parent?.type === 'test') return parent.name === 'defined' || parent.name === 'undefined';
  return parent?.type === 'filter' && (parent.name === 'default' || parent.name === 'd');
}
