import type { Statement } from './ast.ts';

/** Every name that expressions in these statements read, macros inside them included. */
export function namesIn(statements: readonly Statement[]): ReadonlySet<string> {
  const names = new Set<string>();
  walk(statements, (node) => {
    if ('type' in node && node.type === 'name' && 'name' in node) names.add(String(node.name));
  });
  return names;
}

const storing: ReadonlySet<string> = new Set([
  'set',
  'setBlock',
  'macro',
  'import',
  'from',
  'load',
  'callBlock',
  'block',
  'include',
]);

/** Whether a loop needs a fresh scope for every turn: something in its body stores a name, or keeps the scope. */
export function storesNames(statements: readonly Statement[]): boolean {
  let found = false;
  walk(statements, (node) => {
    if ('type' in node && storing.has(String(node.type))) found = true;
  });
  return found;
}

// The tree is plain data: walking its values needs no case for each kind of node.
function walk(value: unknown, visit: (node: object) => void): void {
  if (Array.isArray(value)) {
    for (const item of value) walk(item, visit);
  } else if (typeof value === 'object' && value !== null) {
    visit(value);
    for (const child of Object.values(value)) if (typeof child === 'object') walk(child, visit);
  }
}
