import { globMatches, isGlob } from '#pattern/glob.ts';
import type { Tree } from '#tree/tree.ts';

export type { Tree } from '#tree/tree.ts';

/** Which rules a file is read by: Salt's to the letter (`.sls`), or Zester's, which also takes its own short forms. */
export type Dialect = 'zy' | 'sls';

/** One state file, found. */
export interface Source {
  /** `web.config` */
  readonly ref: string;
  readonly env: string;
  /** `web/config.zy` */
  readonly path: string;
  readonly text: string;
  readonly dialect: Dialect;
}

/** State trees by environment; `base` always exists. */
export type Environments = ReadonlyMap<string, Tree>;

const endings: readonly { readonly ending: string; readonly dialect: Dialect }[] = [
  { ending: '.zy', dialect: 'zy' },
  { ending: '.sls', dialect: 'sls' },
  { ending: '/init.zy', dialect: 'zy' },
  { ending: '/init.sls', dialect: 'sls' },
];

/** The file a reference names: `a/b.zy`, `a/b.sls`, `a/b/init.zy`, `a/b/init.sls`, the first that exists. */
export function locate(tree: Tree, env: string, ref: string): Source | undefined {
  const stem = ref.replaceAll('.', '/');
  if (stem === '') return undefined;
  for (const { ending, dialect } of endings) {
    const path = stem + ending;
    const text = readText(tree, path);
    if (text !== undefined) return { ref, env, path, text, dialect };
  }
  return undefined;
}

export function readText(tree: Tree, path: string): string | undefined {
  const content = tree.read(path);
  return content === undefined || typeof content === 'string' ? content : new TextDecoder().decode(content);
}

/** What the name of a source means in the tree: `salt://web/site.conf?saltenv=dev`, `zester://…`, or a path in it. */
export function pathInTree(source: string): { readonly path: string; readonly env: string | undefined } {
  const [, path = '', env] = /^(?:(?:zester|salt):\/\/)?([^?]*)(?:\?saltenv=(.*))?$/s.exec(source) ?? [];
  return { path: path.replace(/^\.\//, '').replace(/\/+$/, ''), env };
}

/** Every reference of a tree, sorted: what globs choose from and hints are taken from. */
export function refsOf(tree: Tree): readonly string[] {
  const refs = tree
    .list('')
    .filter((path) => /\.(zy|sls)$/.test(path) && !/(^|\/)\./.test(path))
    .map((path) => path.replace(/(\/init)?\.(zy|sls)$/, '').replaceAll('/', '.'));
  return [...new Set(refs)].sort();
}

/** The references a pattern stands for; one that matches nothing stays as it is, for a later step to refuse. */
export function expandRef(tree: Tree, pattern: string): readonly string[] {
  if (!isGlob(pattern)) return [pattern];
  const matching = refsOf(tree).filter((ref) => globMatches(pattern, ref));
  return matching.length === 0 ? [pattern] : matching;
}

/** True when the file is a folder's own: relative includes in it start from the folder. */
export function isInit({ path }: Source): boolean {
  return /(^|\/)init\.(zy|sls)$/.test(path);
}
