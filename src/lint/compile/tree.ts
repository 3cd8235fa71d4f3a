import { isError } from '#base/errors.ts';
import type { Document } from '#engine/document.ts';
import type { Wanted } from '#engine/gather.ts';
import type { Rule } from '#engine/top-file.ts';
import { type Environments, expandRef, locate, refsOf, type Source, type Tree } from '#engine/tree.ts';
import type { Profile } from '../profiles.ts';
import { type Compiled, outcome, type ProfileCompiler } from './compiler.ts';
import { matchesProfile, type ProfileMatch, targetOf } from './matches-profile.ts';
import { refOfPath } from './ref.ts';

/** Everything that one machine could be given of a tree, compiled. */
export interface CompiledTree {
  readonly profile: Profile;
  /** Each reference by itself, where this machine can come by it. */
  readonly single: readonly Compiled[];
  /** What the top file gives at once: what is for all, with each target that is for some. */
  readonly together: readonly Compiled[];
  readonly top: readonly TopRule[];
  /** What reading the top file came to. */
  readonly topRead: Compiled;
  /** References that the top file names, and those of them that may be for this machine. */
  readonly listed: ReadonlySet<string>;
  readonly given: ReadonlySet<string>;
}

export interface TopRule {
  readonly rule: Rule;
  readonly wanted: readonly Wanted[];
  readonly match: ProfileMatch;
}

export interface CompileTreeOptions {
  readonly environments: Environments;
  readonly tree: Tree;
}

export function compileTree(compiler: ProfileCompiler, options: CompileTreeOptions): CompiledTree {
  const { environments, tree } = options;
  const { rules, errors } = readRules(compiler, environments);
  const together = togetherOf(rules).map((wanted) => compiler.compile(wanted));
  const tops = ['top', ...new Set(rules.map(({ rule }) => refOfPath(rule.sectionAt.file)))];
  const refs = refsOf(tree).filter((ref) => !tops.includes(ref));
  const single = refs.map((ref) => compiler.compile([{ ref, env: 'base' }]));
  return {
    profile: compiler.profile,
    single,
    together,
    listed: new Set(rules.flatMap((each) => refsGiven(each, tree))),
    given: new Set(rules.filter((each) => each.match !== 'no').flatMap((each) => refsGiven(each, tree))),
    top: rules,
    topRead: outcome(compiler.profile, sourcesOf(tops, tree), errors),
  };
}

/** The top file, and those that it includes. */
export function sourcesOf(refs: readonly string[], tree: Tree): readonly Source[] {
  return [...new Set(refs)].flatMap((ref) => locate(tree, 'base', ref) ?? []);
}

function readRules(compiler: ProfileCompiler, environments: Environments) {
  const { sections, errors } = compiler.readTop();
  const problems = errors.filter(({ code }) => code !== 'TOP_MISSING');
  const rules: TopRule[] = [];
  for (const [section, targets] of sections.flatMap((part) => [...part])) {
    for (const rule of targets.values()) {
      const env = environments.has(section) || rule.dialect === 'compound' ? section : 'base';
      // An environment whose folder is not here cannot be judged.
      const wanted = rule.refs
        .map((each) => ({ ref: each.ref, env: each.env ?? env, at: each.at }))
        .filter((each) => environments.has(each.env));
      try {
        rules.push({ rule, wanted, match: matchesProfile(targetOf(rule), compiler.profile) });
      } catch (thrown) {
        if (!isError(thrown)) throw thrown;
        problems.push(thrown);
      }
    }
  }
  return { rules, errors: problems };
}

/** What is for every machine like this one, alone and with each target that may be for it. */
function togetherOf(rules: readonly TopRule[]): readonly (readonly Wanted[])[] {
  const sure = rules.filter((each) => each.match === 'yes').flatMap(({ wanted }) => wanted);
  const perhaps = rules.filter((each) => each.match === 'perhaps').map(({ wanted }) => [...sure, ...wanted]);
  return [...(sure.length > 0 && perhaps.length === 0 ? [sure] : []), ...perhaps].filter((each) => each.length > 0);
}

function refsGiven({ wanted }: TopRule, tree: Tree): readonly string[] {
  return wanted.filter(({ env }) => env === 'base').flatMap(({ ref }) => expandRef(tree, ref));
}

/**
 * Without what says nothing about a machine: a file that others are given or include, but not this one, such as
 * `web/debian.zy` on a machine of another family; and a file that nothing applies and that declares no states.
 */
export function reachable(trees: readonly CompiledTree[], isStates: (document: Document) => boolean) {
  const isCommon = new Set(trees.flatMap(({ single, listed }) => [...listed, ...includedBy(single)]));
  // What could not be read counts: nobody knows what it holds.
  const declares = ({ documents: [own] }: Compiled) => own === undefined || isStates(own);
  const declaring = new Set(trees.flatMap(({ single }) => single.filter(declares).map(refOf)));
  return trees.map((tree) => ({
    ...tree,
    single: reached(tree, isCommon).filter((each) => isCommon.has(refOf(each)) || declaring.has(refOf(each))),
  }));
}

function reached({ single, given }: CompiledTree, isCommon: ReadonlySet<string>): readonly Compiled[] {
  let kept = single;
  for (;;) {
    const included = includedBy(kept);
    const next = kept.filter((each) => {
      const ref = refOf(each);
      return given.has(ref) || included.has(ref) || !isCommon.has(ref);
    });
    if (next.length === kept.length) return kept;
    kept = next;
  }
}

function includedBy(compiled: readonly Compiled[]): ReadonlySet<string> {
  return new Set(
    compiled.flatMap((each) => each.documents.map(({ source }) => source.ref).filter((ref) => ref !== refOf(each))),
  );
}

export function refOf({ wanted }: Compiled): string {
  return wanted[0]?.ref ?? '';
}
