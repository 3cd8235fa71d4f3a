import type { Registry } from '#kit/function.ts';
import { type SupposedMachine, supposedMachine } from '#kit/supposed.ts';
import type { Compilation, Session } from './compiler.ts';
import { createContext, type Machine } from './context.ts';
import type { Exclusion } from './document.ts';
import type { Wanted } from './gather.ts';
import type { Graph } from './graph.ts';
import { watchTrees } from './kept/inputs.ts';
import { type Compiled, createKeeper, type KeptOptions, type Matched, type Matches } from './kept/keeper.ts';
import { approvalOf, type PlannedStep } from './planned.ts';
import { CompileErrors } from './problems.ts';
import { foreseenQuestions, type Questions, realQuestions } from './questions.ts';
import { type CreateRenderer, createRendering, type Rendering, type RunScope } from './render.ts';
import { type RevertEntry, revert } from './revert.ts';
import { run } from './run.ts';
import type { Chunk } from './show.ts';
import { type StateRun, stateRun } from './state-run.ts';
import type { Reload } from './step.ts';
import type { MergingStrategy } from './top.ts';
import type { Tree } from './tree.ts';

export type { Compilation } from './compiler.ts';
export type { Machine } from './context.ts';
export type { KeptOptions, KeptStore } from './kept/keeper.ts';
export type { PlannedStep } from './planned.ts';
export { CompileErrors } from './problems.ts';
export type { RunScope } from './render.ts';
export type { RevertEntry } from './revert.ts';
export type { Chunk } from './show.ts';
export type { Finished, StateRun } from './state-run.ts';
export type { Tree } from './tree.ts';

export interface EngineOptions {
  readonly registry: Registry;
  /** The state tree of the `base` environment. It is read anew for each run; what stays the same is not rendered again. */
  readonly tree: Tree;
  /** Trees of further environments. */
  readonly environments?: Readonly<Record<string, Tree>>;
  readonly createRenderer?: CreateRenderer;
  readonly settings?: Partial<EngineSettings>;
  /** Where compiled states are kept beyond this process; nowhere without it. */
  readonly kept?: KeptOptions | undefined;
}

export interface EngineSettings {
  /** Whether a failed state stops the run, unless it says otherwise itself. */
  readonly failhard: boolean;
  /** How many steps run at once where no `.sls` file takes part. */
  readonly limit: number;
  /**
   * Salt 3006's way: an unknown state, a missing argument and a requisite that matches nothing fail their own state
   * while running, instead of refusing the whole run before it starts.
   */
  readonly late: boolean;
  /** Whether states without an `order` run as they are written; otherwise they sort by module, name and function. */
  readonly autoOrder: boolean;
  readonly topStrategy: MergingStrategy;
  readonly defaultTop: string;
  readonly topEnv: string | undefined;
  readonly envOrder: readonly string[] | undefined;
}

const defaults: EngineSettings = {
  failhard: false,
  limit: 8,
  late: false,
  autoOrder: true,
  topStrategy: 'merge',
  defaultTop: 'base',
  topEnv: undefined,
  envOrder: undefined,
};

/** What is needed to compile: nothing of the machine but what templates may see. */
export interface CompileRequest {
  readonly scope: RunScope;
  /** `saltenv`: where references are taken from, and for a highstate the only environment applied. */
  readonly env?: string | undefined;
  /** References (globs too) or `{ id }` left out of the run. */
  readonly exclude?: readonly (string | { readonly id: string })[] | undefined;
}

export interface ApplyRequest extends CompileRequest {
  readonly machine: Machine;
  /** Plan only. */
  readonly test?: boolean | undefined;
  /** Aborts at the job's deadline, or when it is killed. */
  readonly signal?: AbortSignal | undefined;
  readonly reload?: ((what: readonly Reload[]) => Promise<void>) | undefined;
  /** Overrides the engine's limit for this run. */
  readonly limit?: number | undefined;
  /** A plan of the same request: a step that would do anything else fails with `PLAN_LEFT`, before it does it. */
  readonly planned?: readonly PlannedStep[] | undefined;
}

export interface Matching {
  /** Whether a target of a top file means this machine; `native` is how a `.zy` top file writes it, `compound` Salt's default. */
  readonly matches: Matches;
}

/** Everything throws `CompileErrors`, with all that is wrong, before anything is done. */
export interface Engine {
  /** Everything short of running: what `zester-peel check` asks for. */
  compile(refs: readonly string[], request: CompileRequest): Compilation;
  apply(refs: readonly string[], request: ApplyRequest): StateRun;
  /** Applies what the top file gives this machine. Throws `HIGHSTATE_EMPTY` when that is nothing. */
  highstate(request: ApplyRequest & Matching): StateRun;
  /** One state without a file; the engine's own arguments (`onlyif`, `retry`, …) may be among the others. */
  single(
    state: string,
    args: Readonly<Record<string, unknown>>,
    request: ApplyRequest & { readonly id?: string | undefined },
  ): StateRun;
  /** One id of some files, with all that it depends on. Throws `ID_UNKNOWN`. */
  slsId(id: string, refs: readonly string[], request: ApplyRequest): StateRun;
  /** What the files declare, as ids with their states; it needs no modules. */
  showHigh(refs: readonly string[], request: CompileRequest): Readonly<Record<string, unknown>>;
  /** The same broken down, in order. */
  showLow(refs: readonly string[], request: CompileRequest): readonly Chunk[];
  showHighstate(request: CompileRequest & Matching): Readonly<Record<string, unknown>>;
  showLowstate(request: CompileRequest & Matching): readonly Chunk[];
  /** Environment → references. */
  showTop(request: CompileRequest & Matching): Readonly<Record<string, readonly string[]>>;
  /** Puts back what an earlier run changed, last first; what was changed again since only with `force`. */
  revert(
    entries: readonly RevertEntry[],
    request: Omit<ApplyRequest, 'exclude' | 'planned'> & { readonly force?: boolean },
  ): StateRun;
}

// What only compiling needs is most of the program, and a run of kept states does without it: it is loaded when asked for.
const loadCompiler = () => require('./compiler.ts') as typeof import('./compiler.ts');
const loadRenderer = () => require('#render/render.ts') as typeof import('#render/render.ts');
const loadOnly = () => require('./order.ts') as typeof import('./order.ts');
const loadShow = () => require('./show.ts') as typeof import('./show.ts');
const loadSingle = () => require('./single.ts') as typeof import('./single.ts');

export function createEngine(options: EngineOptions): Engine {
  const { registry, createRenderer = (given) => loadRenderer().createRenderer(given) } = options;
  const settings = { ...defaults, ...options.settings };
  const trees = watchTrees(new Map([['base', options.tree], ...Object.entries(options.environments ?? {})]));
  const { environments } = trees;
  const renderings = createRendering(environments, createRenderer);
  const keeper = options.kept && createKeeper({ ...options.kept, registry, trees, renderings });
  let compiler: ReturnType<ReturnType<typeof loadCompiler>['createCompiler']> | undefined;
  const sessionOf = (rendering: Rendering): Session => {
    compiler ??= loadCompiler().createCompiler({ ...settings, registry, environments });
    return compiler.start(rendering);
  };
  const start = (scope: RunScope): Session => sessionOf(renderings.start(scope));

  /** Runs what is kept of an earlier process, or else what is compiled now; that is kept when the run has ended. */
  const runCompiled = (
    wish: unknown,
    request: ApplyRequest,
    {
      compile,
      matches = () => false,
      chosen = (graph) => graph,
    }: {
      compile(session: Session, matches: Matches): Graph;
      readonly matches?: Matches;
      chosen?(graph: Graph): Graph;
    },
  ): StateRun => {
    const begun = begin(request);
    const { rendering } = begun;
    // What holds a secret is not written anywhere.
    const own = (request.scope.secrets ?? []).length === 0 ? keeper : undefined;
    // A process that has compiled remembers more than is kept.
    const known = compiler === undefined ? own?.load(wish, rendering, matches) : undefined;
    const compiled = known ?? compileNow((asked) => compile(sessionOf(rendering), asked), { rendering, matches });
    const onEnd = () => own?.save(wish, compiled, rendering);
    return perform(chosen(compiled.graph), request, { ...begun, onEnd });
  };

  const compileNow = (
    work: (matches: Matches) => Graph,
    { rendering, matches }: { readonly rendering: Rendering; readonly matches: Matches },
  ): Compiled => {
    const { asked } = rendering;
    const matched: Matched[] = [];
    const asking: Matches = (target, kind) => {
      const answer = matches(target, kind);
      matched.push([target, kind, answer]);
      return answer;
    };
    const { value: graph, inputs } = trees.during(() => work(asking));
    return { graph, inputs, matched, isSettled: rendering.asked === asked };
  };

  const begin = (request: ApplyRequest): Beginning => {
    const supposed = request.test ? supposedMachine(request.machine) : undefined;
    const questions = supposed ? foreseenQuestions(request.scope, supposed) : realQuestions(request.scope);
    return { rendering: renderings.start(questions.scope), supposed, questions };
  };

  const perform = (
    graph: Graph,
    request: ApplyRequest,
    { rendering, supposed, questions, onEnd }: Beginning & { readonly onEnd?: () => void },
  ): StateRun => {
    const { scope, test = false, limit = settings.limit, planned } = request;
    const approve = planned && approvalOf(planned);
    const { signal = new AbortController().signal } = request;
    const asking = questions.through(rendering);
    const machine = supposed?.machine ?? request.machine;
    const contexts = new Map<string, ReturnType<typeof createContext>>();
    const contextFor = (env: string) => {
      const context = contexts.get(env) ?? contextOf({ ...request, machine, env, signal }, asking);
      contexts.set(env, context);
      return context;
    };
    const reload: ApplyRequest['reload'] = async (what) => {
      await request.reload?.(what);
      rendering.renew();
    };
    const { failhard } = settings;
    const settled = run(graph, { test, supposed, contextFor, signal, limit, failhard, reload, approve });
    return stateRun(settled, { graph, test, secrets: scope.secrets ?? [], environments, onEnd });
  };

  const contextOf = (request: ApplyRequest & { readonly signal: AbortSignal }, rendering: Rendering) => {
    const { machine, scope, signal, env = 'base' } = request;
    return createContext({ machine, registry, environments, env, scope, rendering, signal });
  };

  const compiledRefs = (refs: readonly string[], request: CompileRequest) => {
    const [wanted, exclusions] = [wantedOf(refs, request), exclusionsOf(request)];
    return {
      wish: ['sls', wanted, exclusions],
      compile: (session: Session) => session.compile(wanted, exclusions).graph,
    };
  };

  return {
    compile: (refs, request) => start(request.scope).compile(wantedOf(refs, request), exclusionsOf(request)),
    apply(refs, request) {
      const { wish, compile } = compiledRefs(refs, request);
      return runCompiled(wish, request, { compile });
    },
    highstate(request) {
      const exclusions = exclusionsOf(request);
      return runCompiled(['highstate', request.env, exclusions], request, {
        matches: request.matches,
        compile: (session, matches) => session.compile(session.top(matches, request.env), exclusions).graph,
      });
    },
    single(state, args, request) {
      const begun = begin(request);
      const { singleDocument } = loadSingle();
      const { graph } = sessionOf(begun.rendering).compileDocument(
        (problems) => singleDocument(state, args, request, problems),
        state,
      );
      return perform(graph, request, begun);
    },
    slsId(id, refs, request) {
      const { wish, compile } = compiledRefs(refs, request);
      return runCompiled(wish, request, { compile, chosen: (graph) => loadOnly().only(graph, id) });
    },
    showHigh: (refs, request) =>
      loadShow().highstateOf(start(request.scope).outline(wantedOf(refs, request), exclusionsOf(request)).high),
    showLow: (refs, request) => showLow(start(request.scope), wantedOf(refs, request), request),
    showHighstate(request) {
      const session = start(request.scope);
      const { high } = session.outline(session.top(request.matches, request.env), exclusionsOf(request));
      return loadShow().highstateOf(high);
    },
    showLowstate(request) {
      const session = start(request.scope);
      return showLow(session, session.top(request.matches, request.env), request);
    },
    showTop(request) {
      const shown: Record<string, string[]> = {};
      for (const { env, ref } of start(request.scope).top(request.matches, request.env)) {
        shown[env] = [...(shown[env] ?? []), ref];
      }
      return shown;
    },
    revert(entries, request) {
      const { scope, test = false, force = false, signal = new AbortController().signal } = request;
      const context = contextOf({ ...request, signal }, renderings.start(scope));
      return revert(entries, { context, test, force, secrets: scope.secrets ?? [] });
    },
  };
}

interface Beginning {
  readonly rendering: Rendering;
  /** Of a plan only. */
  readonly supposed: SupposedMachine | undefined;
  readonly questions: Questions;
}

/** What the files come down to, whether or not all of it can be compiled: where it can, with the order that nobody wrote. */
function showLow(session: Session, wanted: readonly Wanted[], request: CompileRequest): readonly Chunk[] {
  const exclusions = exclusionsOf(request);
  const { drafts } = session.outline(wanted, exclusions);
  try {
    return loadShow().lowstateOf(drafts, session.compile(wanted, exclusions).graph);
  } catch (error) {
    if (error instanceof CompileErrors) return loadShow().lowstateOf(drafts);
    throw error;
  }
}

function wantedOf(refs: readonly string[], { env = 'base' }: CompileRequest): readonly Wanted[] {
  return refs.map((ref) => ({ ref, env }));
}

function exclusionsOf({ exclude = [] }: CompileRequest): readonly Exclusion[] {
  return exclude.map((each) =>
    typeof each === 'string' ? { kind: 'sls', pattern: each } : { kind: 'id', pattern: each.id },
  );
}
