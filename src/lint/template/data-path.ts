import type { CallArguments, Expression } from '#render/jinja/ast.ts';
import type { Template } from './template.ts';

/** What an expression reads of a machine's data, by its keys. */
export interface DataPath {
  readonly of: 'settings' | 'facts' | 'grains';
  readonly keys: readonly string[];
}

const roots: Readonly<Record<string, DataPath['of']>> = {
  settings: 'settings',
  pillar: 'settings',
  facts: 'facts',
  grains: 'grains',
};

/** Functions that take a path, and what parts it. */
const getters: Readonly<Record<string, readonly [DataPath['of'], string]>> = {
  'settings.get': ['settings', ':'],
  'pillar.get': ['settings', ':'],
  'facts.get': ['facts', ':'],
  'grains.get': ['grains', ':'],
  settings_get: ['settings', ':'],
  pillar_get: ['settings', ':'],
  facts_get: ['facts', '.'],
  grains_get: ['grains', '.'],
};

const methods = new Set(['get', 'items', 'keys', 'values', 'update', 'copy', 'pop', 'setdefault', 'iteritems']);

/** `pillar['a'].b`, `settings.get('a')`, `salt['pillar.get']('a:b')`: undefined for anything less plain. */
export function dataPathOf(node: Expression): DataPath | undefined {
  if (node.type === 'name') {
    const of = roots[node.name];
    return of && { of, keys: [] };
  }
  if (node.type === 'attribute')
    return methods.has(node.name) ? undefined : extended(dataPathOf(node.owner), node.name);
  if (node.type === 'item') return extended(dataPathOf(node.owner), textConstant(node.key));
  if (node.type !== 'call') return undefined;
  const { callee, args } = node;
  const key = firstText(args);
  const getter = functionNamed(callee);
  const got = getter === undefined ? undefined : getters[getter];
  if (got && key !== undefined) return { of: got[0], keys: pathKeys(key, got) };
  return callee.type === 'attribute' && callee.name === 'get' ? extended(dataPathOf(callee.owner), key) : undefined;
}

/** Paths of data that are read at an offset, each as long as it is written. */
export function dataPathsAt(template: Template, at: number): readonly DataPath[] {
  return template.expressions.flatMap((placed) => {
    if (placed.node.at !== at || dataPathOf(placed.node) === undefined) return [];
    let { node, parent } = placed;
    while (parent !== undefined && dataPathOf(parent) !== undefined && holds(parent, node)) {
      node = parent;
      parent = template.expressions.find((each) => each.node === node)?.parent;
    }
    return dataPathOf(node) ?? [];
  });
}

/** The name of a function as `salt['x.y']`, `salt.x.y` or a bare name calls it. */
export function functionNamed(node: Expression): string | undefined {
  if (node.type === 'name') return node.name;
  if (node.type === 'item' && isTable(node.owner)) return textConstant(node.key);
  if (node.type !== 'attribute' || node.owner.type !== 'attribute' || !isTable(node.owner.owner)) return undefined;
  return `${node.owner.name}.${node.name}`;
}

/** `salt` or `zester`, the table of functions. */
export function isTable(node: Expression): boolean {
  return node.type === 'name' && (node.name === 'salt' || node.name === 'zester');
}

export function textConstant(node: Expression | undefined): string | undefined {
  return node?.type === 'constant' && typeof node.value === 'string' ? node.value : undefined;
}

function firstText({ positional, named }: CallArguments): string | undefined {
  return textConstant(positional[0] ?? named.find(([name]) => name === 'key')?.[1]);
}

function pathKeys(key: string, [of, delimiter]: readonly [DataPath['of'], string]): readonly string[] {
  const isDotted = of !== 'settings' && !key.includes(':') && key.includes('.');
  return key.split(isDotted ? '.' : delimiter);
}

function extended(path: DataPath | undefined, key: string | undefined): DataPath | undefined {
  return path && key !== undefined ? { of: path.of, keys: [...path.keys, key] } : undefined;
}

function holds(parent: Expression, node: Expression): boolean {
  if (parent.type === 'call') return parent.callee === node;
  return (parent.type === 'attribute' || parent.type === 'item') && parent.owner === node;
}
