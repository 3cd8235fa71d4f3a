import { templateGlobals } from '#render/globals.ts';
import type { Expression, Statement } from '#render/jinja/ast.ts';
import type { Template } from './template.ts';
import { namesOf, type PlacedStatement } from './walk.ts';

/** A place at which a template gives a name something to stand for. */
export interface Binding {
  readonly name: string;
  readonly at: number;
  readonly kind: 'set' | 'loop' | 'macro' | 'parameter' | 'import' | 'with';
  readonly statement: PlacedStatement;
}

export interface NameRead {
  readonly name: string;
  readonly at: number;
  /** It may be missing there: it is asked whether it is defined, or a default follows. */
  readonly isGuarded: boolean;
  readonly statement: Statement;
}

export function bindingsOf(template: Template): readonly Binding[] {
  return template.statements.flatMap((statement) => boundBy(statement));
}

function boundBy(statement: PlacedStatement): readonly Binding[] {
  const { node } = statement;
  const bound = (kind: Binding['kind'], each: { readonly name: string; readonly at: number }): Binding => ({
    name: each.name,
    at: each.at,
    kind,
    statement,
  });
  switch (node.type) {
    case 'set':
    case 'setBlock':
    case 'load':
      return namesOf(node.target).map((each) => bound('set', each));
    case 'for':
      return namesOf(node.target).map((each) => bound('loop', each));
    case 'with':
      return node.bindings.flatMap(([target]) => namesOf(target)).map((each) => bound('with', each));
    case 'macro':
      return [bound('macro', node), ...node.parameters.map(({ name }) => bound('parameter', { name, at: node.at }))];
    case 'callBlock':
      return node.caller.parameters.map(({ name }) => bound('parameter', { name, at: node.at }));
    case 'import':
      return [bound('import', { name: node.target, at: node.at })];
    case 'from':
      return node.names.map(({ alias, at }) => bound('import', { name: alias, at }));
    default:
      return [];
  }
}

export function readsOf(template: Template): readonly NameRead[] {
  const reads = template.expressions.flatMap(({ node, parent, statement }) =>
    node.type === 'name' ? [{ name: node.name, at: node.at, isGuarded: isGuard(parent, node), statement }] : [],
  );
  const members = template.statements.flatMap(({ node }) =>
    (node.type === 'set' || node.type === 'setBlock') && node.target.type === 'member'
      ? [{ name: node.target.owner, at: node.target.at, isGuarded: false, statement: node }]
      : [],
  );
  return [...reads, ...members];
}

const asking = new Set(['defined', 'undefined']);
const defaulting = new Set(['default', 'd']);

function isGuard(parent: Expression | undefined, node: Expression): boolean {
  if (parent?.type === 'test') return parent.operand === node && asking.has(parent.name);
  return parent?.type === 'filter' && parent.input === node && defaulting.has(parent.name);
}

/** Names every template sees, and those that Jinja itself gives in loops, macros and blocks. */
export const ownNames: ReadonlySet<string> = new Set([
  ...templateGlobals({ path: 'a/b.zy', sls: 'a.b', text: '', scope: { facts: {}, settings: {}, id: '' } }, () => {
    throw new Error('Cannot call a function: these globals are asked for their names only');
  }).keys(),
  'loop',
  'self',
  'super',
  'caller',
  'varargs',
  'kwargs',
]);

/** What an import takes from a template: top-level names that it did not import itself and that no underline hides. */
export function exportedBy(template: Template): ReadonlySet<string> {
  const own = bindingsOf(template).filter(({ kind, name, statement: { node, within } }) => {
    const isTop = within.every(({ type }) => type === 'if');
    const isLoaded = node.type === 'import' && node.load !== undefined;
    return isTop && !name.startsWith('_') && (kind === 'set' || kind === 'macro' || isLoaded);
  });
  return new Set(own.map(({ name }) => name));
}
