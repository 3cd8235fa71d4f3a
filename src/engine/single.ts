import type { Document } from './document.ts';
import { nodeOf } from './node.ts';
import { parseDeclaration } from './parse-declaration.ts';
import type { Problems } from './problems.ts';
import type { Source } from './tree.ts';

/** One state that no file holds, as if a file held it alone. Its id is the given one, else its name, else its own. */
export function singleDocument(
  state: string,
  args: Readonly<Record<string, unknown>>,
  { id, env = 'base' }: { readonly id?: string | undefined; readonly env?: string | undefined },
  problems: Problems,
): Document {
  const source: Source = { ref: 'single', env, path: 'command line', text: '', dialect: 'zy' };
  const at = { file: source.path, line: 1, column: 1 };
  const name = id ?? (typeof args.name === 'string' ? args.name : state);
  const declaration = parseDeclaration({ source, id: name, key: state, at, value: nodeOf(args, at) }, problems);
  const entries = declaration ? [{ id: name, at, source, declarations: [declaration] }] : [];
  return { source, includes: [], entries, extensions: [], exclusions: [] };
}
