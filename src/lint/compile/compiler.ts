import type { ZesterError } from '#base/errors.ts';
import { type BuildMemory, build } from '#engine/compile/build.ts';
import { outline } from '#engine/compile/compile.ts';
import type { Document } from '#engine/document.ts';
import { flatten, gather, type Loaded, type Wanted } from '#engine/gather.ts';
import type { Graph } from '#engine/graph.ts';
import type { Node } from '#engine/node.ts';
import { order } from '#engine/order.ts';
import { parse } from '#engine/parse.ts';
import { CompileErrors, Problems } from '#engine/problems.ts';
import { createRendering, type Rendering } from '#engine/render.ts';
import type { CompiledStep } from '#engine/step.ts';
import { readTopFiles, type Sections } from '#engine/top-file.ts';
import type { Environments, Source } from '#engine/tree.ts';
import type { Registry } from '#kit/function.ts';
import type { Profile } from '../profiles.ts';
import type { Template } from '../template/template.ts';
import { type Watched, watch } from './watching.ts';

/** References compiled for one machine, as far as that went. */
export interface Compiled {
  readonly profile: Profile;
  readonly wanted: readonly Wanted[];
  /** Every document it is made of. */
  readonly documents: readonly Document[];
  /** What is declared, without what could not be read. */
  readonly graph: Graph<CompiledStep>;
  readonly errors: readonly ZesterError[];
  /** True when a file could not be read: what it would declare is not among the rest. */
  readonly isIncomplete: boolean;
}

/** Compiles references of a tree as one machine would, and goes on after what is wrong. */
export interface ProfileCompiler {
  readonly profile: Profile;
  readonly watched: Watched;
  compile(wanted: readonly Wanted[]): Compiled;
  /** What the top file of `base` says, with the files it includes. */
  readTop(): { readonly sections: readonly Sections[]; readonly errors: readonly ZesterError[] };
  /** Renders a managed file; what is wrong with it, if anything. */
  renderManaged(path: string, text: string, context: Readonly<Record<string, unknown>>): ZesterError | undefined;
}

export interface ProfileCompilerOptions {
  readonly profile: Profile;
  readonly environments: Environments;
  readonly registry: Registry;
  /** All settings there are; undefined when nobody said. */
  readonly settings: Readonly<Record<string, unknown>> | undefined;
  readonly templateAt: (path: string) => Template | undefined;
}

export function createProfileCompiler(options: ProfileCompilerOptions): ProfileCompiler {
  const { profile, environments, registry } = options;
  const watched = watch({ ...options, settings: () => options.settings });
  const rendering = createRendering(environments, watched.createRenderer).start({
    id: profile.id,
    facts: profile.facts,
    grains: profile.grains,
    settings: options.settings ?? {},
    call: watched.call,
    has: (name) => registry.functions.has(name),
  });
  const load = documentReader(rendering);
  const memory: BuildMemory = new WeakMap();

  return {
    profile,
    watched,
    compile(wanted) {
      const problems = new Problems();
      const loaded: readonly Loaded[] = gather(wanted, {
        environments,
        problems,
        load: (source) => load(source, problems),
      });
      const outlined = outline(loaded, { problems, exclusions: [], late: false, autoOrder: true, verified: true });
      const steps = build(outlined.drafts, { registry, problems, environments, late: false, memory });
      const graph = order(steps, { problems, loaded, late: false });
      return {
        profile,
        wanted,
        documents: flatten(loaded),
        graph,
        errors: errorsOf(problems),
        isIncomplete: problems.incomplete,
      };
    },
    readTop() {
      const problems = new Problems();
      const files = readTopFiles(['base'], { environments, rendering, problems });
      return { sections: files.flatMap(({ parts }) => parts), errors: errorsOf(problems) };
    },
    renderManaged(path, text, context) {
      try {
        rendering.text('base', text, path, context);
        return undefined;
      } catch (thrown) {
        return thrown as ZesterError;
      }
    },
  };
}

/** What came of reading files that declare no states. */
export function outcome(profile: Profile, sources: readonly Source[], errors: readonly ZesterError[]): Compiled {
  const documents = sources.map((source) => ({ source, includes: [], entries: [], extensions: [], exclusions: [] }));
  return { profile, wanted: [], documents, graph: nothing, errors, isIncomplete: false };
}

const nothing: Graph<CompiledStep> = {
  steps: [],
  edges: new Map(),
  unplanned: new Set(),
  listeners: [],
  serial: false,
  unmet: new Map(),
  deaf: [],
};

/** A document is read once as long as it renders to the same. */
function documentReader(rendering: Rendering) {
  const known = new WeakMap<Node, Document>();
  return (source: Source, problems: Problems): Document | undefined => {
    const node = rendering.document(source, problems);
    if (node === undefined) return undefined;
    const before = problems.count;
    const document = known.get(node) ?? parse(source, node, problems);
    if (problems.count === before) known.set(node, document);
    return document;
  };
}

/** What was found wrong, as a list. */
export function errorsOf(problems: Problems): readonly ZesterError[] {
  try {
    problems.throwIfAny('the tree');
    return [];
  } catch (thrown) {
    if (thrown instanceof CompileErrors) return thrown.errors;
    throw thrown;
  }
}
