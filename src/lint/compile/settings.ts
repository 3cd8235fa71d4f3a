import { didYouMean, isError, type ZesterError } from '#base/errors.ts';
import { MixedMap } from '#base/mixed-map.ts';
import type { Wanted } from '#engine/gather.ts';
import { Problems } from '#engine/problems.ts';
import { createRendering, type Rendering } from '#engine/render.ts';
import { type Rule, readTopFiles } from '#engine/top-file.ts';
import { type Environments, expandRef, locate, readText, refsOf, type Source, type Tree } from '#engine/tree.ts';
import { isMap } from '#kit/data-lookup.ts';
import type { Registry } from '#kit/function.ts';
import { plain, toValue } from '#render/render.ts';
import type { Profile } from '../profiles.ts';
import type { Template } from '../template/template.ts';
import { errorsOf } from './compiler.ts';
import { matchesProfile, type ProfileMatch, targetOf } from './matches-profile.ts';
import { type Watched, watch } from './watching.ts';

type Data = Readonly<Record<string, unknown>>;

/** What a tree of settings gives one machine. */
export interface SettingsOf {
  readonly profile: Profile;
  readonly data: Data;
  readonly sources: readonly Source[];
  readonly errors: readonly ZesterError[];
  readonly watched: Watched;
  /** References the top file names. */
  readonly listed: ReadonlySet<string>;
}

export interface SettingsOptions {
  readonly profile: Profile;
  readonly tree: Tree;
  readonly templateAt: (path: string) => Template | undefined;
  readonly registry: Registry;
}

/** Settings as a peel has them: every file that is for it, in the order of the top file, each seeing those before it. */
export function readSettings({ profile, tree, templateAt, registry }: SettingsOptions): SettingsOf {
  const readable = withoutTags(tree);
  const environments: Environments = new Map([['base', readable]]);
  let data: Data = {};
  const watched = watch({ profile, settings: () => data, templateAt, registry });
  const scope = { id: profile.id, facts: profile.facts, grains: profile.grains, settings: {}, call: watched.call };
  const rendering = createRendering(environments, watched.createRenderer);
  const problems = new Problems();
  const wanted = wantedOf(environments, rendering.start(scope), profile, problems);
  const sources: Source[] = [];
  for (const { ref, at } of wanted.given) {
    const source = locate(readable, 'base', ref);
    if (source === undefined) {
      problems.add('SLS_UNKNOWN', `Cannot read the settings "${ref}": the tree has no such file`, {
        at,
        hint: didYouMean(ref, refsOf(tree)) ?? `Write ${ref.replaceAll('.', '/')}.zy`,
      });
      continue;
    }
    sources.push(source);
    const node = rendering.start(scope).document(source, problems);
    if (node === undefined) continue;
    if (node.kind !== 'map') {
      problems.add('SETTINGS_NOT_A_MAP', `Cannot use the settings of "${source.path}": the file does not hold a map`, {
        at: node.at,
        hint: 'Write keys with values',
      });
      continue;
    }
    data = merged(data, recordOf(plain(toValue(node))));
  }
  return { profile, data, sources, errors: errorsOf(problems), watched, listed: wanted.listed };
}

function wantedOf(environments: Environments, rendering: Rendering, profile: Profile, problems: Problems) {
  const given = new Map<string, Wanted>();
  const listed = new Set<string>();
  const tree = environments.get('base');
  for (const part of readTopFiles(['base'], { environments, rendering, problems }).flatMap(({ parts }) => parts)) {
    for (const rule of [...part.values()].flatMap((rules) => [...rules.values()])) {
      const refs = rule.refs.flatMap(({ ref, at }) =>
        (tree ? expandRef(tree, ref) : []).map((each) => ({ ref: each, env: 'base', at })),
      );
      for (const { ref } of refs) listed.add(ref);
      if (meaning(rule, profile, problems) === 'no') continue;
      for (const each of refs) if (!given.has(each.ref)) given.set(each.ref, each);
    }
  }
  return { given: [...given.values()], listed };
}

function meaning(rule: Rule, profile: Profile, problems: Problems): ProfileMatch {
  try {
    return matchesProfile(targetOf(rule), profile);
  } catch (thrown) {
    if (!isError(thrown)) throw thrown;
    problems.addError(thrown);
    return 'no';
  }
}

/** A sealed value stands for itself: the publisher puts it behind an id before anything is rendered. */
function withoutTags(tree: Tree): Tree {
  return {
    list: (prefix) => tree.list(prefix),
    read: (path) => readText(tree, path)?.replace(/!encrypted(?=\s)/g, (tag) => ' '.repeat(tag.length)),
  };
}

function merged(base: Data, over: Data): Data {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = result[key];
    result[key] = isMap(before) && isMap(value) ? merged(before, value) : value;
  }
  return result;
}

function recordOf(value: unknown): Data {
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, each]) => [String(key), deepRecord(each)]));
  return isMap(value) ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, deepRecord(each)])) : {};
}

function deepRecord(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deepRecord);
  if (value instanceof Map) return new MixedMap([...value].map(([key, each]) => [key, deepRecord(each)]));
  return isMap(value) ? recordOf(value) : value;
}
