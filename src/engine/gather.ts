import type { Place } from '#base/errors.ts';
import { didYouMean } from '#base/errors.ts';
import { globMatches, isGlob } from '#pattern/glob.ts';
import type { Document, Include } from './document.ts';
import type { Problems } from './problems.ts';
import { type Environments, expandRef, isInit, locate, refsOf, type Source } from './tree.ts';

/** A document with those it includes, each loaded once: the first to include a file holds it. */
export interface Loaded {
  readonly document: Document;
  readonly included: readonly Loaded[];
}

/** A reference to apply, in its environment. */
export interface Wanted {
  readonly ref: string;
  readonly env: string;
  /** Where a top file names it. */
  readonly at?: Place | undefined;
  /** Where a top file names its environment. */
  readonly envAt?: Place | undefined;
}

export interface GatherOptions {
  readonly environments: Environments;
  /** Renders and parses one file; undefined when it cannot (the problem is already noted). */
  readonly load: (source: Source) => Document | undefined;
  readonly problems: Problems;
}

/** The wanted files and all they include, depth first. Circular includes are fine: a file is loaded once. */
export function gather(wanted: readonly Wanted[], options: GatherOptions): readonly Loaded[] {
  const { environments, problems } = options;
  const seen = new Set<string>();
  const roots: Loaded[] = [];
  for (const { ref: pattern, env, at, envAt } of wanted) {
    const tree = environments.get(env);
    if (tree === undefined) {
      problems.add('ENVIRONMENT_UNKNOWN', `No matching salt environment for environment '${env}' found`, {
        at: envAt ?? at,
        hint: didYouMean(env, environments.keys()) ?? `The environments are ${[...environments.keys()].join(', ')}`,
      });
      continue;
    }
    for (const ref of expandRef(tree, pattern)) {
      if (seen.has(`${env}:${ref}`)) continue;
      const source = locate(tree, env, ref);
      if (source) roots.push(...loadWith(source, seen, options));
      else {
        problems.incomplete = true;
        problems.add('SLS_UNKNOWN', `No matching sls found for '${ref}' in env '${env}'`, {
          at,
          hint: hintForMissing(ref, env, environments),
        });
      }
    }
  }
  return roots;
}

function loadWith(source: Source, seen: Set<string>, options: GatherOptions): Loaded[] {
  seen.add(`${source.env}:${source.ref}`);
  const document = options.load(source);
  if (document === undefined) {
    options.problems.incomplete = true;
    return [];
  }
  const included = document.includes.flatMap((include) => follow(source, include, seen, options));
  return [{ document, included }];
}

function follow(source: Source, include: Include, seen: Set<string>, options: GatherOptions): Loaded[] {
  const { environments, problems } = options;
  const ref = absoluteRef(source, include, problems);
  const env = environmentOf(source, include, ref, options);
  if (ref === undefined || env === undefined) return [];
  const tree = environments.get(env);
  if (tree === undefined) return [];
  return expandRef(tree, ref).flatMap((each) => {
    if (seen.has(`${env}:${each}`)) return [];
    const found = locate(tree, env, each);
    if (found) return loadWith(found, seen, options);
    problems.incomplete = true;
    problems.add(
      'SLS_UNKNOWN',
      `Specified SLS ${each} in saltenv ${env} is not available on the salt master or through a configured fileserver`,
      {
        at: include.at,
        hint: hintForMissing(each, env, environments),
      },
    );
    return [];
  });
}

function hintForMissing(ref: string, env: string, environments: Environments): string {
  const tree = environments.get(env);
  const refs = tree ? refsOf(tree) : [];
  if (isGlob(ref)) return `Nothing in the state tree matches "${ref}": write a file that does, or remove it`;
  const bare = ref.replace(/\.(zy|sls)$/, '');
  if (bare !== ref && refs.includes(bare)) return `Write "${bare}": a reference has no ending`;
  const elsewhere = [...environments].filter(([, each]) => locate(each, env, ref)).map(([name]) => name);
  if (elsewhere.length > 0) return `It is in the environment ${elsewhere.join(', ')}`;
  return didYouMean(ref, refs) ?? `Write ${ref.replaceAll('.', '/')}.zy or .sls in the state tree`;
}

/** `.x` is a sibling, `..x` one level up; in a folder's own file `.` is the folder. */
function absoluteRef(source: Source, { ref, at }: Include, problems: Problems): string | undefined {
  const [, dots = '', rest = ''] = /^(\.*)(.*)$/s.exec(ref) ?? [];
  if (dots === '') return ref;
  const parts = [...source.ref.split('.'), ...(isInit(source) ? ['init'] : [])];
  if (dots.length <= parts.length) return [...parts.slice(0, -dots.length), rest].join('.');
  problems.add(
    'INCLUDE_RELATIVE',
    `Attempted relative include of '${ref}' within SLS '${source.env}:${source.ref}' goes beyond top level package`,
    { at, hint: 'Remove dots, or write the reference from the root of the tree' },
  );
  return undefined;
}

/** The environment an include is taken from: its own, the one it names, or for `_xenv` the only one that has it. */
function environmentOf(
  source: Source,
  include: Include,
  ref: string | undefined,
  options: GatherOptions,
): string | undefined {
  const { environments, problems } = options;
  const { env = source.env, at } = include;
  if (environments.has(env)) return env;
  if (ref === undefined) return undefined;
  if (env !== '_xenv') {
    problems.add(
      'ENVIRONMENT_UNKNOWN',
      `Nonexistent saltenv '${env}' found in include of '${include.ref}' within SLS '${source.env}:${source.ref}'`,
      {
        at,
        hint: didYouMean(env, environments.keys()) ?? `The environments are ${[...environments.keys()].join(', ')}`,
      },
    );
    return undefined;
  }
  const having = [...environments].filter(([, tree]) => refsOf(tree).some((each) => globMatches(ref, each)));
  const names = having.map(([name]) => name);
  if (names.includes(source.env)) return source.env;
  if (names.length === 1) return names[0];
  const reason =
    names.length === 0
      ? `Unknown include: Specified SLS _xenv: ${ref} is not available on the salt master in saltenv(s): ${[...environments.keys()].join(', ')}`
      : `Ambiguous include: Specified SLS _xenv: ${ref} is available on the salt master in multiple available saltenvs: ${names.join(', ')}`;
  problems.add('INCLUDE_INVALID', reason, { at, hint: 'Name the environment: "- dev: web.config"' });
  return undefined;
}

/** Every document, the including one first: the order in which ids are looked at. */
export function flatten(loaded: readonly Loaded[]): readonly Document[] {
  return loaded.flatMap(({ document, included }) => [document, ...flatten(included)]);
}

/** Every document, included ones first: the order in which states are numbered. */
export function inLoadOrder(loaded: readonly Loaded[]): readonly Document[] {
  return loaded.flatMap(({ document, included }) => [...inLoadOrder(included), document]);
}
