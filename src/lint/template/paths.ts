import { posix } from 'node:path';
import { globMatches } from '#pattern/glob.ts';
import type { Expression, Statement } from '#render/jinja/ast.ts';
import { bindingsOf } from './names.ts';
import type { Template } from './template.ts';

type Using = Extract<Statement, { type: 'include' | 'import' | 'from' | 'extends' }>;

/** A template that another one names, as far as that can be known without rendering. */
export interface TemplateUse {
  readonly statement: Using;
  readonly at: number;
  /** Paths from the root; `*` stands for what is not known. The first that exists is meant. */
  readonly patterns: readonly string[];
  /** Whether all is known. */
  readonly isExact: boolean;
  /** Whether it sees the names of the template that uses it. */
  readonly withContext: boolean;
}

/** What every state file knows of its own place. */
export function ownPlace(path: string): ReadonlyMap<string, string> {
  const folder = posix.dirname(path);
  const inside = folder === '.' ? '' : folder;
  return new Map([
    ['tplpath', path],
    ['tplfile', path],
    ['tpldir', folder],
    ['tpldot', inside.replaceAll('/', '.')],
    ['slspath', inside],
    ['slsdotpath', inside.replaceAll('/', '.')],
    ['slscolonpath', inside.replaceAll('/', ':')],
    ['sls_path', inside.replaceAll('/', '_')],
  ]);
}

/** `known` are names with one value wherever the template is used. */
export function usesOf(template: Template, known: ReadonlyMap<string, string>): readonly TemplateUse[] {
  return template.statements.flatMap(({ node }) => {
    if (node.type !== 'include' && node.type !== 'import' && node.type !== 'from' && node.type !== 'extends') return [];
    const { template: named } = node;
    const written = named.type === 'list' || named.type === 'tuple' ? named.items : [named];
    const patterns = written.map((each) => textOf(each, template, known));
    return {
      statement: node,
      at: named.at,
      patterns: patterns.map((each) => resolved(each, template.path)),
      isExact: patterns.every((each) => !each.includes('*')),
      withContext: node.type === 'extends' || node.withContext,
    };
  });
}

/** The files of a tree that a use may mean. */
export function filesMeant({ patterns }: TemplateUse, paths: readonly string[]): readonly string[] {
  return patterns.flatMap((pattern) => paths.filter((path) => globMatches(pattern, path)));
}

function resolved(path: string, user: string): string {
  if (!/^\.\.?\//.test(path)) return path.includes('*') ? path : posix.normalize(path);
  return posix.normalize(posix.join(posix.dirname(user), path));
}

/** The text an expression always gives; `*` for each part that is not known. */
export function textOf(
  node: Expression,
  template: Template,
  known: ReadonlyMap<string, string>,
  asking: ReadonlySet<string> = new Set(),
): string {
  const inner = (part: Expression) => textOf(part, template, known, asking);
  switch (node.type) {
    case 'constant':
      return typeof node.value === 'string' || typeof node.value === 'number' ? String(node.value) : '*';
    case 'concat':
      return node.parts.map(inner).join('');
    case 'binary':
      return node.operator === '+' ? inner(node.left) + inner(node.right) : '*';
    case 'name':
      return known.get(node.name) ?? textSet(node.name, template, known, asking);
    case 'item':
      return itemText(node, inner);
    default:
      return '*';
  }
}

/** Of a name that is set once, in the open. */
function textSet(
  name: string,
  template: Template,
  known: ReadonlyMap<string, string>,
  asking: ReadonlySet<string>,
): string {
  const [only, ...others] = bindingsOf(template).filter((binding) => binding.name === name);
  const node = only?.statement.node;
  if (others.length > 0 || node?.type !== 'set' || node.target.type !== 'name' || asking.has(name)) return '*';
  return textOf(node.value, template, known, new Set([...asking, name]));
}

/** `tpldir.split('/')[0]`, with which formulas find their own root. */
function itemText(node: Expression & { type: 'item' }, inner: (part: Expression) => string): string {
  const { owner, key } = node;
  if (owner.type !== 'call' || owner.callee.type !== 'attribute' || owner.callee.name !== 'split') return '*';
  const [separator] = owner.args.positional;
  const text = inner(owner.callee.owner);
  if (separator?.type !== 'constant' || key.type !== 'constant' || text.includes('*')) return '*';
  return text.split(String(separator.value)).at(Number(key.value)) ?? '*';
}
