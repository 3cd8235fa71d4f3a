import { didYouMean, type Place } from '#base/errors.ts';
import type { Wanted } from './gather.ts';
import { keyText, type Node, textOf } from './node.ts';
import type { Problems } from './problems.ts';
import type { Rendering } from './render.ts';
import { type Environments, locate } from './tree.ts';

/** How the top files of several environments become one. */
export type MergingStrategy = 'merge' | 'same' | 'merge_all';

export interface TopOptions {
  readonly strategy: MergingStrategy;
  /** For `same`: the environment whose top file speaks for those without one. */
  readonly defaultTop: string;
  /** Only this environment's top file is read. */
  readonly topEnv?: string | undefined;
  /** Only this environment is applied. */
  readonly env?: string | undefined;
  /** The order in which environments are looked at; base first by default. */
  readonly envOrder?: readonly string[] | undefined;
  /** Whether a target means this machine. `native` is how a `.zy` file writes it, `compound` how Salt does. */
  readonly matches: (target: string, kind: string) => boolean;
}

interface Rule {
  readonly target: string;
  readonly kind: string;
  readonly refs: readonly Omit<Wanted, 'env'>[];
  readonly at: Place;
}

/** One section of a top file: an environment and its targets, in written order. */
interface Section {
  /** The environment the section is for. */
  readonly env: string;
  readonly rules: readonly Rule[];
}

interface TopFile {
  /** The environment the file lies in. */
  readonly env: string;
  readonly sections: readonly Section[];
}

/** What the top files say this machine is to have, in written order, each reference once for each environment. */
export function topOf(
  environments: Environments,
  rendering: Rendering,
  options: TopOptions,
  problems: Problems,
): readonly Wanted[] {
  const files = readTops(environments, rendering, options, problems);
  const merged = strategies[options.strategy](files, options).filter(
    ({ env }) => options.env === undefined || env === options.env,
  );
  const wanted = new Map<string, Wanted>();
  for (const { env: section, rules } of merged) {
    const env = environmentFor(section, environments, files);
    for (const { target, kind, refs } of rules) {
      if (!options.matches(target, kind)) continue;
      for (const each of refs) {
        const key = `${env}:${each.ref}`;
        if (!wanted.has(key)) wanted.set(key, { ...each, env });
      }
    }
  }
  return [...wanted.values()];
}

/** In a `.zy` top file a section is only a label when there is no such environment. */
function environmentFor(section: string, environments: Environments, files: readonly TopFile[]): string {
  const isLabel =
    !environments.has(section) &&
    files.some(({ sections }) => sections.some((each) => each.env === section && isNative(each)));
  return isLabel ? 'base' : section;
}

function isNative({ rules }: Section): boolean {
  return rules.some(({ at }) => at.file.endsWith('.zy'));
}

function readTops(
  environments: Environments,
  rendering: Rendering,
  options: TopOptions,
  problems: Problems,
): readonly TopFile[] {
  const known = [...environments.keys()];
  const ordered = options.envOrder?.filter((env) => known.includes(env)) ?? [
    'base',
    ...known.filter((env) => env !== 'base'),
  ];
  const only = options.topEnv ?? options.env;
  const envs = only === undefined ? ordered : [only];
  const files: TopFile[] = [];
  let found = false;
  for (const env of envs) {
    const tree = environments.get(env);
    const source = tree && locate(tree, env, 'top');
    if (source) found = true;
    const root = source && rendering.document(source, problems);
    files.push({
      env,
      sections: root ? readSections(root, source.dialect === 'zy' ? 'native' : 'compound', problems) : [],
    });
  }
  if (!found) {
    problems.add('TOP_MISSING', 'Cannot apply the highstate: the state tree has no top.zy or top.sls', {
      hint: 'Write a top.zy that gives targets their states, or name the states to apply',
    });
  }
  return files;
}

function readSections(root: Node, kind: string, problems: Problems): readonly Section[] {
  if (root.kind === 'scalar' && root.value === null) return [];
  if (root.kind !== 'map') {
    problems.add('TOP_INVALID', 'Top data was not formed as a dict', {
      at: root.at,
      hint: 'Write environments as keys, such as "base:"',
    });
    return [];
  }
  return root.entries
    .filter(({ key }) => keyText(key) !== 'include')
    .map(({ key, value }) => {
      const env = keyText(key);
      if (typeof key.value !== 'string') {
        problems.add('TOP_INVALID', `Environment ${env} in top file is not formed as a string`, {
          at: key.at,
          hint: 'Write it in quotes',
        });
      }
      if (value.kind !== 'map') {
        problems.add('TOP_INVALID', `The top file matches for saltenv ${env} are not formatted as a dict`, {
          at: value.at,
          hint: `Write targets as keys below "${env}", each with a list of states`,
        });
        return { env, rules: [] };
      }
      return { env, rules: value.entries.flatMap((entry) => readRule(env, entry, kind, problems)) };
    });
}

function readRule(
  env: string,
  { key, value }: { readonly key: Node & { kind: 'scalar' }; readonly value: Node },
  native: string,
  problems: Problems,
): Rule[] {
  const single = native === 'native' && textOf(value) !== undefined;
  if (value.kind !== 'list' && !single) {
    problems.add('TOP_INVALID', 'Malformed topfile (state declarations not formed as a list)', {
      at: value.at,
      hint: 'Write each state as a list entry: "- web"',
    });
    return [];
  }
  let kind = native;
  const refs: Omit<Wanted, 'env'>[] = [];
  for (const item of value.kind === 'list' ? value.items : [value]) {
    const ref = textOf(item);
    const [option] = item.kind === 'map' ? item.entries : [];
    if (ref === '') {
      problems.add('TOP_INVALID', `Environment ${env} contains an empty sls index`, {
        at: item.at,
        hint: 'Name a state, or remove the entry',
      });
    } else if (ref !== undefined) refs.push({ ref, at: item.at });
    else if (option && keyText(option.key) === 'match' && textOf(option.value)) kind = textOf(option.value) ?? kind;
    else {
      problems.add('TOP_INVALID', `Improperly formatted top file matcher in saltenv ${env}`, {
        at: item.at,
        hint: (option && didYouMean(keyText(option.key), ['match'])) ?? 'Write "- match: glob", or the name of a state',
      });
    }
  }
  return [{ target: keyText(key), kind, refs, at: key.at }];
}

type Strategy = (files: readonly TopFile[], options: TopOptions) => readonly Section[];

const strategies: Readonly<Record<MergingStrategy, Strategy>> = {
  /** Base speaks for every environment it mentions; another file only for its own, when base does not mention it. */
  merge(files) {
    const base = files.filter(({ env }) => env === 'base').flatMap(({ sections }) => sections);
    const mentioned = new Set(base.map(({ env }) => env));
    const others = files
      .filter(({ env }) => env !== 'base')
      .flatMap((file) => file.sections.filter(({ env }) => env === file.env && !mentioned.has(env)));
    return [...base, ...others];
  },
  /** Each file speaks for its own environment; `default_top` for one without a file. */
  same(files, { defaultTop }) {
    const fallback = files.find(({ env }) => env === defaultTop);
    return files.flatMap(({ env: own, sections }) =>
      (sections.length > 0 ? sections : (fallback?.sections ?? [])).filter(({ env }) => env === own),
    );
  },
  /** All sections of all files; a target that several mention has the states of all. */
  merge_all(files) {
    const merged = new Map<string, Map<string, Rule>>();
    for (const { env, rules } of files.flatMap(({ sections }) => sections)) {
      const targets = merged.get(env) ?? new Map<string, Rule>();
      merged.set(env, targets);
      for (const rule of rules) {
        const earlier = targets.get(rule.target);
        targets.set(rule.target, earlier ? { ...rule, refs: [...earlier.refs, ...rule.refs] } : rule);
      }
    }
    return [...merged].map(([env, targets]) => ({ env, rules: [...targets.values()] }));
  },
};
