import { ZesterError } from '#base/errors.ts';
import type { Registry } from '#kit/function.ts';
import { type BuildMemory, build } from './compile/build.ts';
import { type Outline, outline } from './compile/compile.ts';
import type { Document, Exclusion } from './document.ts';
import { flatten, gather, type Loaded, type Wanted } from './gather.ts';
import type { Graph } from './graph.ts';
import type { Node } from './node.ts';
import { order } from './order.ts';
import { parse } from './parse.ts';
import { Problems } from './problems.ts';
import type { Rendering } from './render.ts';
import type { CompiledStep } from './step.ts';
import { type MergingStrategy, topOf } from './top.ts';
import type { Environments, Source } from './tree.ts';

/** A set of state files, checked from end to end. */
export interface Compilation extends Outline {
  readonly graph: Graph<CompiledStep>;
}

export interface CompilerOptions {
  readonly registry: Registry;
  readonly environments: Environments;
  readonly late: boolean;
  readonly autoOrder: boolean;
  readonly topStrategy: MergingStrategy;
  readonly defaultTop: string;
  readonly topEnv: string | undefined;
  readonly envOrder: readonly string[] | undefined;
}

/** The compiler with the scope of one run. Everything here throws `CompileErrors`. */
export interface Session {
  readonly rendering: Rendering;
  /** What is declared, whether or not there are modules for it. */
  outline(wanted: readonly Wanted[], exclusions: readonly Exclusion[]): Outline;
  compile(wanted: readonly Wanted[], exclusions: readonly Exclusion[]): Compilation;
  /** A document that no file holds. */
  compileDocument(read: (problems: Problems) => Document, title: string): Compilation;
  /** What the top files give this machine. Throws `HIGHSTATE_EMPTY` when that is nothing. */
  top(matches: (target: string, kind: string) => boolean, env: string | undefined): readonly Wanted[];
}

const keptAtMost = 16;

/** References to a graph of steps. It remembers what it compiled for as long as every document stays the same. */
export function createCompiler(options: CompilerOptions): { start(rendering: Rendering): Session } {
  const { registry, environments, late, autoOrder } = options;
  const parsed = new WeakMap<Node, Document>();
  const memory: BuildMemory = new WeakMap();
  const compiled = new Map<string, { readonly documents: readonly Document[]; readonly compilation: Compilation }>();

  const loadWith = (session: Rendering, problems: Problems) => (source: Source) => {
    const node = session.document(source, problems);
    if (node === undefined) return undefined;
    const known = parsed.get(node);
    if (known) return known;
    const before = problems.count;
    const document = parse(source, node, problems);
    if (problems.count === before) parsed.set(node, document);
    return document;
  };

  const link = (outlined: Outline, loaded: readonly Loaded[], problems: Problems, title: string): Compilation => {
    const steps = build(outlined.drafts, { registry, problems, environments, late, memory });
    const graph = order(steps, { problems, loaded, late });
    problems.throwIfAny(title);
    return { ...outlined, graph };
  };

  const startWith = (session: Rendering): Session => {
    const load = (wanted: readonly Wanted[], problems: Problems) =>
      gather(wanted, { environments, load: loadWith(session, problems), problems });
    return {
      rendering: session,
      outline(wanted, exclusions) {
        const problems = new Problems();
        const outlined = outline(load(wanted, problems), {
          problems,
          exclusions,
          late: true,
          autoOrder,
          verified: false,
        });
        problems.throwIfAny(titleOf(wanted));
        return outlined;
      },
      compile(wanted, exclusions) {
        const problems = new Problems();
        const loaded = load(wanted, problems);
        const documents = flatten(loaded);
        const key = JSON.stringify([wanted.map(({ ref, env }) => [ref, env]), exclusions]);
        const known = compiled.get(key);
        if (known && problems.count === 0 && isSame(known.documents, documents)) return known.compilation;
        const compilation = link(
          outline(loaded, { problems, exclusions, late, autoOrder, verified: true }),
          loaded,
          problems,
          titleOf(wanted),
        );
        keep(compiled, key, { documents, compilation });
        return compilation;
      },
      compileDocument(read, title) {
        const problems = new Problems();
        const loaded = [{ document: read(problems), included: [] }];
        return link(
          outline(loaded, { problems, exclusions: [], late, autoOrder, verified: true }),
          loaded,
          problems,
          title,
        );
      },
      top(matches, env) {
        const problems = new Problems();
        const { topStrategy: strategy, defaultTop, topEnv, envOrder } = options;
        const wanted = topOf(environments, session, { strategy, defaultTop, topEnv, envOrder, env, matches }, problems);
        problems.throwIfAny('top');
        if (wanted.length > 0) return wanted;
        throw new ZesterError(
          'source',
          'HIGHSTATE_EMPTY',
          'No Top file or master_tops data matches found. Please see master log for details.',
          { hint: 'Give this peel states in the top file: no target there means it' },
        );
      },
    };
  };

  return { start: startWith };
}

function titleOf(wanted: readonly Wanted[]): string {
  return wanted.map(({ ref }) => ref).join(',');
}

function isSame(a: readonly Document[], b: readonly Document[]): boolean {
  return a.length === b.length && a.every((document, index) => document === b[index]);
}

function keep<T>(kept: Map<string, T>, key: string, value: T) {
  kept.delete(key);
  kept.set(key, value);
  const [oldest] = kept.keys();
  if (kept.size > keptAtMost && oldest !== undefined) kept.delete(oldest);
}
