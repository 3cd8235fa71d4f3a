import { didYouMean, type Place } from '#base/errors.ts';
import { isGlob } from '#pattern/glob.ts';
import type { Wanted } from './gather.ts';
import { isNull, itemsOf, keyText, type Node, type ScalarNode, textOf } from './node.ts';
import type { Problems } from './problems.ts';
import type { Rendering } from './render.ts';
import { type Environments, expandRef, locate, refsOf, type Source, type Tree } from './tree.ts';

/** A target of a top file and what it gives. */
export interface Rule {
  readonly target: string;
  /** The place of a character of the target: exact where the file holds the target as it is. */
  readonly placeIn: (offset: number) => Place;
  /** Whether the target is read as `.zy` files write it, or as Salt does. */
  readonly dialect: 'native' | 'compound';
  /** The kind of target that `- match:` says it is. */
  readonly match: string | undefined;
  /** An entry without an environment is taken from the section's. */
  readonly refs: readonly (Omit<Wanted, 'env'> & { readonly env?: string | undefined })[];
  /** Where its section begins. */
  readonly sectionAt: Place;
}

/** Environment → target → rule, in written order. */
export type Sections = ReadonlyMap<string, ReadonlyMap<string, Rule>>;

/** The top file of an environment. */
export interface TopFile {
  /** The environment the file lies in. */
  readonly env: string;
  /** Its own sections, then those of each file it includes; nothing when there is no such file. */
  readonly parts: readonly Sections[];
}

export interface TopFileOptions {
  readonly environments: Environments;
  readonly rendering: Rendering;
  readonly problems: Problems;
}

/** The top files of some environments. That there is none at all is a problem. */
export function readTopFiles(envs: readonly string[], options: TopFileOptions): readonly TopFile[] {
  const { environments, problems } = options;
  let found = false;
  const files = envs.map((env): TopFile => {
    const tree = environments.get(env);
    const source = tree && locate(tree, env, 'top');
    if (tree === undefined || source === undefined) return { env, parts: [] };
    found = true;
    return { env, parts: readWithIncluded(source, tree, new Set(), options) };
  });
  if (!found) {
    const where = envs.length === 1 && envs[0] !== 'base' ? `the environment "${envs[0]}"` : 'the state tree';
    problems.add('TOP_MISSING', `Cannot apply the highstate: ${where} has no top.zy or top.sls`, {
      hint: 'Write a top.zy that gives targets their states, or name the states to apply',
    });
  }
  return files;
}

function readWithIncluded(source: Source, tree: Tree, seen: Set<string>, options: TopFileOptions): readonly Sections[] {
  seen.add(source.ref);
  const root = options.rendering.document(source, options.problems);
  if (root === undefined || (root.kind === 'scalar' && root.value === null)) return [];
  const { problems } = options;
  if (root.kind !== 'map') {
    problems.add('TOP_INVALID', 'Top data was not formed as a dict', {
      at: root.at,
      hint: 'Write environments as keys, such as "base:"',
    });
    return [];
  }
  const included = root.entries.find(({ key }) => keyText(key) === 'include');
  const others = included
    ? itemsOf(included.value).flatMap((item) => includedSources(item, source, tree, options))
    : [];
  return [
    readSections(root, source, options),
    ...others.filter(({ ref }) => !seen.has(ref)).flatMap((each) => readWithIncluded(each, tree, seen, options)),
  ];
}

function includedSources(item: Node, { env }: Source, tree: Tree, { problems }: TopFileOptions): readonly Source[] {
  const pattern = textOf(item);
  if (pattern === undefined) {
    problems.add('TOP_INVALID', 'Cannot read an include of the top file: it is not a reference', {
      at: item.at,
      hint: 'Write each included reference as a list entry: "- tops.web"',
    });
    return [];
  }
  const sources = expandRef(tree, pattern).flatMap((ref) => locate(tree, env, ref) ?? []);
  if (sources.length === 0 && !isGlob(pattern)) {
    problems.add('TOP_INVALID', `Cannot include "${pattern}" in the top file: environment "${env}" has no such file`, {
      at: item.at,
      hint:
        didYouMean(pattern, refsOf(tree)) ??
        'Name a file of the same environment as a state file is named, such as "tops.web"',
    });
  }
  return sources;
}

function readSections(root: Node & { kind: 'map' }, source: Source, options: TopFileOptions): Sections {
  const sections = new Map<string, ReadonlyMap<string, Rule>>();
  for (const { key, value } of root.entries) {
    const env = keyText(key);
    if (env === 'include') continue;
    if (typeof key.value !== 'string') {
      options.problems.add('TOP_INVALID', `Environment ${env} in top file is not formed as a string`, {
        at: key.at,
        hint: 'Write it in quotes',
      });
    }
    if (value.kind !== 'map') {
      options.problems.add('TOP_INVALID', `The top file matches for saltenv ${env} are not formatted as a dict`, {
        at: isNull(value) ? key.at : value.at,
        hint: `Write targets as keys below "${env}", each with a list of states`,
      });
      continue;
    }
    const rules = value.entries.flatMap((entry) => readRule(key, entry, source, options) ?? []);
    sections.set(env, new Map(rules.map((rule) => [rule.target, rule])));
  }
  return sections;
}

const kinds = [
  'compound',
  'glob',
  'list',
  'pcre',
  'grain',
  'grain_pcre',
  'pillar',
  'pillar_pcre',
  'pillar_exact',
  'ipcidr',
  'nodegroup',
];

function readRule(
  section: ScalarNode,
  { key, value }: { readonly key: Node & { kind: 'scalar' }; readonly value: Node },
  source: Source,
  { environments, problems }: TopFileOptions,
): Rule | undefined {
  const env = keyText(section);
  const isNative = source.dialect === 'zy';
  if (value.kind !== 'list' && !(isNative && textOf(value) !== undefined)) {
    problems.add('TOP_INVALID', 'Malformed topfile (state declarations not formed as a list)', {
      at: isNull(value) ? key.at : value.at,
      hint: 'Write each state as a list entry: "- web"',
    });
    return undefined;
  }
  let match: string | undefined;
  const refs: Rule['refs'][number][] = [];
  for (const item of value.kind === 'list' ? value.items : [value]) {
    const ref = textOf(item);
    const [option] = item.kind === 'map' ? item.entries : [];
    const [name, said] = option ? [keyText(option.key), textOf(option.value)] : [];
    if (ref === '') {
      problems.add('TOP_INVALID', `Environment ${env} contains an empty sls index`, {
        at: item.at,
        hint: 'Name a state, or remove the entry',
      });
    } else if (ref !== undefined) refs.push({ ref, at: item.at });
    else if (name === 'match' && said) {
      match = said;
      if (!kinds.includes(said)) {
        problems.add('TOP_INVALID', `Cannot match by "${said}": there is no such kind of target`, {
          at: option?.value.at,
          hint: didYouMean(said, kinds) ?? `There are ${kinds.join(', ')}`,
        });
      }
    } else if (name === 'match') {
      problems.add('TOP_INVALID', 'Cannot match: the kind of target is not text', {
        at: option?.value.at,
        hint: `Write one of ${kinds.join(', ')}`,
      });
    } else if (name === 'order' && !isNative) {
      // Salt takes it here, and runs the same order all the same.
    } else if (name !== undefined && environments.has(name) && said) refs.push({ ref: said, env: name, at: item.at });
    else {
      problems.add('TOP_INVALID', `Improperly formatted top file matcher in saltenv ${env}`, {
        at: item.at,
        hint:
          (name && didYouMean(name, ['match', ...environments.keys()])) ??
          'Write the name of a state, "- match: glob", or "- dev: web" for a state of another environment',
      });
    }
  }
  const target = keyText(key);
  const dialect = isNative ? 'native' : 'compound';
  return { target, placeIn: placesIn(target, key.at, source), dialect, match, refs, sectionAt: section.at };
}

/** A text that a template made, or that is written with escapes, has no place but its beginning. */
function placesIn(text: string, at: Place, source: Source): Rule['placeIn'] {
  const line = at.file === source.path ? source.text.split('\n')[at.line - 1] : undefined;
  const rest = line?.slice(at.column - 1) ?? '';
  const quotes = /^["']/.test(rest) ? 1 : 0;
  const isLiteral = rest.startsWith(text, quotes);
  return (offset) => ({ ...at, column: at.column + (isLiteral ? quotes + offset : 0) });
}
