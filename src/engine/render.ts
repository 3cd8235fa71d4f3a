import { asError, ZesterError } from '#base/errors.ts';
import type { Node, Renderer, RendererOptions, Scope } from '#render/render.ts';
import type { Problems } from './problems.ts';
import { hashOf, keyOfText, type MadeText, TextMemory } from './texts.ts';
import { type Environments, readText, type Source, type Tree } from './tree.ts';

/** What the templates of one run may see. */
export type RunScope = Omit<Scope, 'saltenv'> & {
  /** Values that no report may show. */
  readonly secrets?: readonly string[];
  /** Whether a target means this machine, for functions that ask so; false when nobody knows. */
  readonly matches?: Matches;
};

/** `kind` is `native`, or what Salt calls it: `compound`, `grain`, `pcre`… */
export type Matches = (target: string, kind: string, options?: { readonly delimiter?: string | undefined }) => boolean;

export type CreateRenderer = (options: RendererOptions) => Renderer;

/**
 * Renders state files and managed files, and remembers what they rendered to for as long as everything they were made of
 * stays the same. What asked a function, chance or the clock is not remembered.
 */
export interface Rendering {
  /** The document; undefined when it cannot be rendered, which is then a problem. */
  document(source: Source, problems: Problems): Node | undefined;
  /** Text with the run's scope, as a managed file's template. */
  text(env: string, text: string, path: string, context?: Readonly<Record<string, unknown>>): string;
  /** How often something was asked that may answer otherwise next time. */
  readonly asked: number;
  /** What templates may see, as a hash. */
  readonly fingerprint: string;
  /** The scope's data has changed under it. */
  renew(): void;
  /** Texts of this run that may be remembered beyond it. */
  texts(): readonly MadeText[];
}

interface Remembered {
  readonly scope: string;
  readonly node: Node;
  /** Every file it was made of, itself included. */
  readonly files: ReadonlyMap<string, string | undefined>;
}

const rememberedAtMost = 5_000;

/** What renderings share: a renderer for each environment, and their memory. */
export interface Renderings {
  /** Begins a run with its scope. */
  start(scope: RunScope): Rendering;
  /** Takes over texts that an earlier process made. */
  recall(made: readonly MadeText[]): void;
}

export function createRendering(environments: Environments, createRenderer: CreateRenderer): Renderings {
  const remembered = new Map<string, Remembered>();
  const texts = new TextMemory();
  let asked = 0;
  let reads = new Map<string, string | undefined>();
  const readers = new Map<string, Renderer>();
  const rendererOf = (env: string, tree: Tree): Renderer => {
    const known = readers.get(env);
    if (known) return known;
    const renderer = createRenderer({
      read(path) {
        const text = readText(tree, path);
        reads.set(path, text);
        return text;
      },
      paths: () => tree.list(''),
      volatile: () => asked++,
    });
    readers.set(env, renderer);
    return renderer;
  };

  return {
    recall(made) {
      for (const each of made) texts.keep(each);
    },
    start(scope) {
      let fingerprint = fingerprintOf(scope);
      const used = new Set<MadeText>();
      const scopes = new Map<string, Scope>();
      const scopeOf = (saltenv: string): Scope => {
        const known = scopes.get(saltenv);
        if (known) return known;
        const made: Scope = { ...scope, saltenv, ...counted(scope, () => asked++) };
        scopes.set(saltenv, made);
        return made;
      };
      const treeOf = (env: string): Tree => {
        const tree = environments.get(env);
        if (tree !== undefined) return tree;
        throw new ZesterError(
          'source',
          'ENVIRONMENT_UNKNOWN',
          `Cannot render in environment "${env}": it does not exist`,
        );
      };
      return {
        document(source, problems) {
          const { env, path, ref, text } = source;
          const tree = treeOf(env);
          const key = `${env}:${ref}:${path}`;
          const known = remembered.get(key);
          if (known?.scope === fingerprint && isUnchanged(known, source, tree)) return known.node;
          reads = new Map([[path, text]]);
          const askedBefore = asked;
          try {
            const node = rendererOf(env, tree).renderDocument({ path, text, sls: ref, scope: scopeOf(env) });
            if (asked === askedBefore) remember(remembered, key, { scope: fingerprint, node, files: reads });
            return node;
          } catch (thrown) {
            problems.addError(renderError(source, thrown));
            return undefined;
          }
        },
        text(env, text, path, context) {
          const tree = treeOf(env);
          const key = keyOfText({ env, text, path, context, fingerprint });
          const known = key === undefined ? undefined : texts.get(key);
          if (known !== undefined && isStill(known, tree)) {
            used.add(known);
            return known.text;
          }
          reads = new Map();
          const askedBefore = asked;
          const input = { path, text, scope: scopeOf(env), ...(context ? { context } : {}) };
          const made = rendererOf(env, tree).renderText(input).text;
          if (key !== undefined && asked === askedBefore) {
            const files = [...reads].map(([each, content]) => [each, hashOrNull(content)] as const);
            const kept = { key, text: made, files };
            texts.keep(kept);
            used.add(kept);
          }
          return made;
        },
        get asked() {
          return asked;
        },
        get fingerprint() {
          return fingerprint;
        },
        renew() {
          fingerprint = fingerprintOf(scope);
          used.clear();
        },
        texts: () => [...used],
      };
    },
  };
}

/** The scope's ways to the outside, which say when they are taken. */
function counted({ call, log }: RunScope, note: () => void): Partial<Pick<Scope, 'call' | 'log'>> {
  return {
    ...(call && {
      call(name, args, kwargs) {
        note();
        return call(name, args, kwargs);
      },
    }),
    ...(log && {
      log(level, message) {
        note();
        log(level, message);
      },
    }),
  };
}

function isStill({ files }: MadeText, tree: Tree): boolean {
  return files.every(([path, hash]) => hashOrNull(readText(tree, path)) === hash);
}

function hashOrNull(content: string | undefined): string | null {
  return content === undefined ? null : hashOf(content);
}

function isUnchanged({ files }: Remembered, { path, text }: Source, tree: Tree): boolean {
  return [...files].every(([each, content]) => (each === path ? text : readText(tree, each)) === content);
}

function remember(remembered: Map<string, Remembered>, key: string, value: Remembered) {
  remembered.delete(key);
  remembered.set(key, value);
  const [oldest] = remembered.keys();
  if (remembered.size > rememberedAtMost && oldest !== undefined) remembered.delete(oldest);
}

function fingerprintOf({ facts, grains, settings, options, id, test = false }: RunScope): string {
  return hashOf(JSON.stringify([id, facts, grains, settings, options, test], distinct) ?? '');
}

/** What JSON would write like something else is written as what it is. */
function distinct(_key: string, value: unknown): unknown {
  if (value instanceof Map) return ['\0Map', ...value];
  if (typeof value === 'bigint') return ['\0bigint', String(value)];
  return value;
}

function renderError({ env, ref, path }: Source, thrown: unknown): ZesterError {
  const { family, code, message, hint, at, details } = asError(thrown);
  return new ZesterError(family, code, `Rendering SLS '${env}:${ref}' failed: ${message}`, {
    hint,
    at: at ?? { file: path, line: 1, column: 1 },
    details,
    cause: thrown,
  });
}
