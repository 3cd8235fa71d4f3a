import { isError, type ZesterError } from '#base/errors.ts';
import { createCompiler, type Session } from '#engine/compiler.ts';
import { CompileErrors, type RunScope } from '#engine/engine.ts';
import { createRendering } from '#engine/render.ts';
import { refsOf, type Tree } from '#engine/tree.ts';
import type { Profile } from '#lint/profiles.ts';
import { createRenderer } from '#render/render.ts';
import { match } from '#target/match.ts';
import { parse } from '#target/parse.ts';
import type { TargetType } from '#target/syntax.ts';
import type { DialectGroups } from './groups.ts';
import { settingsFor } from './settings.ts';
import { stubResult } from './stub-functions.ts';

/** A tree as one machine compiles it. */
export interface World {
  readonly sample: Profile;
  readonly settings: Readonly<Record<string, unknown>>;
  /** The states of one reference. */
  compile(ref: string): Compiled;
  /** References that the top file gives this machine, with their environments. */
  top(): readonly string[];
  /** A managed file's content. */
  text(path: string, context: Readonly<Record<string, unknown>>): string;
}

export interface Compiled {
  readonly drafts: ReturnType<Session['outline']>['drafts'];
  /** Every file it was made of. */
  readonly files: ReadonlySet<string>;
  /** Functions that its templates called on the machine. */
  readonly called: ReadonlySet<string>;
  /** Why it could not be compiled. */
  readonly errors: readonly ZesterError[];
}

export interface Trees {
  readonly states: Tree;
  readonly settings: Tree | undefined;
  readonly groups: DialectGroups;
}

/** `given` are settings to use instead of those that the tree of settings makes. */
export function worldOf(trees: Trees, sample: Profile, given?: World['settings']): World {
  const { groups } = trees;
  const called = new Set<string>();
  const scope = scopeFor(sample, { tree: trees.states, called });
  const isMeant = (settings: Readonly<Record<string, unknown>>) => (target: string, kind: string) => {
    const isNative = kind === 'native';
    const dialect = isNative ? {} : { dialect: 'salt' as const, type: kind as TargetType };
    return match(parse(target, { groups: isNative ? groups.native : groups.salt, ...dialect }), {
      ...sample,
      settings,
    });
  };
  const settings = given ?? settingsIn(trees, scope, isMeant({}));
  const read = new Set<string>();
  const states = watched(trees.states, read);
  const session = sessionOf(states)({ ...scope, settings });
  const compiled = new Map<string, Compiled>();
  return {
    sample,
    settings,
    compile: (ref) => {
      const known = compiled.get(ref);
      if (known) return known;
      read.clear();
      called.clear();
      const made = {
        ...attempt(() => session.outline([{ ref, env: 'base' }], []).drafts),
        files: new Set(read),
        called: new Set(called),
      };
      compiled.set(ref, made);
      return made;
    },
    top() {
      try {
        return session.top(isMeant(settings), undefined).map(({ ref, env }) => `${env}: ${ref}`);
      } catch (error) {
        if (isError(error, 'HIGHSTATE_EMPTY')) return [];
        throw error;
      }
    },
    text(path, context) {
      const content = states.read(path);
      return typeof content === 'string' ? session.rendering.text('base', content, path, context) : '';
    },
  };
}

function settingsIn(
  { settings: tree }: Trees,
  scope: RunScope,
  matches: (target: string, kind: string) => boolean,
): World['settings'] {
  return tree === undefined ? {} : settingsFor(sessionOf(tree), { tree, scope, matches });
}

function attempt(compile: () => Compiled['drafts']): Pick<Compiled, 'drafts' | 'errors'> {
  try {
    return { drafts: compile(), errors: [] };
  } catch (error) {
    if (!isError(error)) throw error;
    return { drafts: [], errors: error instanceof CompileErrors ? error.errors : [error] };
  }
}

/** Compiles without modules: what is declared, whether or not there is such a state. */
function sessionOf(tree: Tree): (scope: RunScope) => Session {
  const environments = new Map([['base', tree]]);
  const renderings = createRendering(environments, createRenderer);
  const compiler = createCompiler({
    registry: { states: new Map(), functions: new Map() },
    environments,
    late: true,
    autoOrder: true,
    topStrategy: 'merge',
    defaultTop: 'base',
    topEnv: undefined,
    envOrder: undefined,
  });
  return (scope) => compiler.start(renderings.start(scope));
}

/** Every function is there and gives a plausible answer: a template is to be rendered as far as it goes. */
function scopeFor(
  { id, facts, grains }: Profile,
  { tree, called }: { readonly tree: Tree; readonly called: Set<string> },
): RunScope {
  const refs = refsOf(tree);
  const call: RunScope['call'] = (name, args) => {
    called.add(name);
    return stubResult(name, args, refs);
  };
  return { id, facts, grains, settings: {}, has: () => true, call };
}

function watched(tree: Tree, read: Set<string>): Tree {
  return {
    list: (prefix) => tree.list(prefix),
    read(path) {
      const content = tree.read(path);
      if (content !== undefined) read.add(path);
      return content;
    },
  };
}
