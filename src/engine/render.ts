import { createHash } from 'node:crypto';
import { asError, ZesterError } from '#base/errors.ts';
import type { Node, Renderer, RendererOptions, Scope } from '#render/render.ts';
import type { Problems } from './problems.ts';
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

/** Renders state files, and remembers what they rendered to for as long as everything they read stays the same. */
export interface Rendering {
  /** The document; undefined when it cannot be rendered, which is then a problem. */
  document(source: Source, problems: Problems): Node | undefined;
  /** Text with the run's scope, as a managed file's template. */
  text(env: string, text: string, path: string, context?: Readonly<Record<string, unknown>>): string;
}

interface Remembered {
  readonly scope: string;
  readonly node: Node;
  /** Every file it was made of, itself included. */
  readonly files: ReadonlyMap<string, string | undefined>;
}

const rememberedAtMost = 5_000;

/** One renderer for each environment, and their memory; `start` begins a run with its scope. */
export function createRendering(environments: Environments, createRenderer: CreateRenderer) {
  const remembered = new Map<string, Remembered>();
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
    });
    readers.set(env, renderer);
    return renderer;
  };

  return {
    start(scope: RunScope): Rendering {
      const fingerprint = fingerprintOf(scope);
      let calls = 0;
      const scopes = new Map<string, Scope>();
      const scopeOf = (saltenv: string): Scope => {
        const known = scopes.get(saltenv);
        if (known) return known;
        const { call } = scope;
        const counted: Scope['call'] = (...args) => {
          calls++;
          return call?.(...args);
        };
        const made: Scope = { ...scope, saltenv, ...(call ? { call: counted } : {}) };
        scopes.set(saltenv, made);
        return made;
      };
      const renderWith = (env: string) => {
        const tree = environments.get(env);
        if (tree === undefined)
          throw new ZesterError(
            'source',
            'ENVIRONMENT_UNKNOWN',
            `Cannot render in environment "${env}": it does not exist`,
          );
        return { tree, renderer: rendererOf(env, tree) };
      };
      return {
        document(source, problems) {
          const { env, path, ref, text } = source;
          const { tree, renderer } = renderWith(env);
          const key = `${env}:${ref}:${path}`;
          const known = remembered.get(key);
          if (known?.scope === fingerprint && isUnchanged(known, source, tree)) return known.node;
          reads = new Map([[path, text]]);
          const callsBefore = calls;
          try {
            const node = renderer.renderDocument({ path, text, sls: ref, scope: scopeOf(env) });
            // What a function answered may be different next time.
            if (calls === callsBefore) remember(remembered, key, { scope: fingerprint, node, files: reads });
            return node;
          } catch (thrown) {
            problems.addError(renderError(source, thrown));
            return undefined;
          }
        },
        text(env, text, path, context) {
          const { renderer } = renderWith(env);
          return renderer.renderText({ path, text, scope: scopeOf(env), ...(context ? { context } : {}) }).text;
        },
      };
    },
  };
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

function fingerprintOf({ facts, grains, settings, options, id }: RunScope): string {
  return createHash('sha256')
    .update(JSON.stringify([id, facts, grains, settings, options], plainMaps) ?? '')
    .digest('hex');
}

function plainMaps(_key: string, value: unknown): unknown {
  if (value instanceof Map) return [...value];
  return typeof value === 'bigint' ? String(value) : value;
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
