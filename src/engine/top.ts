import { didYouMean, isError, ZesterError } from '#base/errors.ts';
import type { Wanted } from './gather.ts';
import type { Problems } from './problems.ts';
import type { Rendering } from './render.ts';
import { type Rule, readTopFiles, type Sections, type TopFile } from './top-file.ts';
import type { Environments } from './tree.ts';

/** How the top files of several environments become one. */
export type MergingStrategy = 'merge' | 'same' | 'merge_all';

export interface TopOptions {
  readonly strategy: MergingStrategy;
  /** For `same`: the environment whose top file speaks for those without one. */
  readonly defaultTop: string;
  /** Only this environment's top file is read. */
  readonly topEnv?: string | undefined;
  /** Only this environment is applied, as its own top file says. */
  readonly env?: string | undefined;
  /** The order in which environments are looked at; base first by default. */
  readonly envOrder?: readonly string[] | undefined;
  /** Whether a target means this machine. `native` is how a `.zy` file writes it, `compound` how Salt does. */
  readonly matches: (target: string, kind: string) => boolean;
}

/** What the top files say this machine is to have: one environment after the other, each in written order. */
export function topOf(
  environments: Environments,
  rendering: Rendering,
  options: TopOptions,
  problems: Problems,
): readonly Wanted[] {
  const { env: only, strategy } = options;
  if (only !== undefined && !environments.has(only)) {
    problems.add(
      'ENVIRONMENT_UNKNOWN',
      `Cannot apply the environment "${only}": the state tree has none of that name`,
      {
        hint: didYouMean(only, environments.keys()) ?? `The environments are ${[...environments.keys()].join(', ')}`,
      },
    );
    return [];
  }
  const files = readTopFiles(envsWithTop(environments, options), { environments, rendering, problems });
  const wanted = new Map<string, Map<string, Wanted>>();
  const wantedFrom = (env: string) => {
    const refs = wanted.get(env) ?? new Map<string, Wanted>();
    wanted.set(env, refs);
    return refs;
  };
  for (const [section, rules] of strategies[strategy](files, options)) {
    const own = environmentFor(section, rules, environments);
    if (only !== undefined && own !== only) continue;
    for (const rule of rules.values()) {
      if (!isMeant(rule, options, problems)) continue;
      wantedFrom(own);
      for (const { ref, env = own, at } of rule.refs) {
        const refs = wantedFrom(env);
        if (!refs.has(ref)) refs.set(ref, { ref, env, at, envAt: env === own ? rule.sectionAt : at });
      }
    }
  }
  return [...wanted.values()].flatMap((refs) => [...refs.values()]);
}

function envsWithTop(environments: Environments, { env, topEnv, envOrder }: TopOptions): readonly string[] {
  const only = env ?? topEnv;
  if (only !== undefined) return [only];
  const known = [...environments.keys()];
  return [...new Set(envOrder ?? ['base', ...known])].filter((each) => known.includes(each));
}

/** In a `.zy` top file a section is only a label when there is no such environment. */
function environmentFor(section: string, rules: ReadonlyMap<string, Rule>, environments: Environments): string {
  const isNative = [...rules.values()].some(({ dialect }) => dialect === 'native');
  return isNative && !environments.has(section) ? 'base' : section;
}

/** A target that cannot be read is a problem of the file it is in. */
function isMeant({ target, match, dialect, placeIn }: Rule, { matches }: TopOptions, problems: Problems): boolean {
  try {
    return matches(target, match ?? dialect);
  } catch (thrown) {
    if (!isError(thrown)) throw thrown;
    const { family, code, message, hint, details } = thrown;
    // A target counts its columns from its own beginning; a nodegroup it names is written elsewhere.
    const at = placeIn(thrown.at?.file === 'target' ? thrown.at.column - 1 : 0);
    problems.addError(new ZesterError(family, code, message, { at, hint, details, cause: thrown }));
    return false;
  }
}

type Strategy = (files: readonly TopFile[], options: TopOptions) => Sections;

const strategies: Readonly<Record<MergingStrategy, Strategy>> = {
  /** Base speaks for every environment it mentions; another file only for its own, when base does not mention it. */
  merge(files) {
    const base = sectionsOf(files.find(({ env }) => env === 'base'));
    const others = files.filter(({ env }) => !base.has(env)).flatMap((file) => own(file.env, sectionsOf(file)));
    return new Map([...base, ...others]);
  },
  /** Each file speaks for its own environment; `default_top` for one without a file. */
  same(files, { defaultTop }) {
    const fallback = sectionsOf(files.find(({ env }) => env === defaultTop));
    return new Map(
      files.flatMap((file) => {
        const sections = sectionsOf(file);
        return own(file.env, sections.size > 0 ? sections : fallback);
      }),
    );
  },
  /** All sections of all files; a target that several mention has the states of all. */
  merge_all: (files) =>
    joined(
      files.flatMap(({ parts }) => parts),
      (earlier, later) => ({
        ...later,
        match: later.match ?? earlier.match,
        refs: [...earlier.refs, ...later.refs],
      }),
    ),
};

/** A top file with what it includes: a target that is named again counts as it was written last. */
function sectionsOf(file: TopFile | undefined): Sections {
  return joined(file?.parts ?? [], (_, later) => later);
}

function joined(parts: readonly Sections[], both: (earlier: Rule, later: Rule) => Rule): Sections {
  const sections = new Map<string, Map<string, Rule>>();
  for (const [env, rules] of parts.flatMap((part) => [...part])) {
    const targets = sections.get(env) ?? new Map<string, Rule>();
    sections.set(env, targets);
    for (const [target, rule] of rules) {
      const earlier = targets.get(target);
      targets.set(target, earlier ? both(earlier, rule) : rule);
    }
  }
  return sections;
}

/** What a file says of one environment. */
function own(env: string, sections: Sections): readonly [string, ReadonlyMap<string, Rule>][] {
  const rules = sections.get(env);
  return rules === undefined ? [] : [[env, rules]];
}
