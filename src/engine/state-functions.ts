import { didYouMean, ZesterError } from '#base/errors.ts';
import type { ApplyRequest, Engine, Matching, RevertEntry, RunScope, StateRun } from './engine.ts';

/** What a `state.*` function is given beside its arguments. */
export interface StateFunctionContext extends Matching, Omit<ApplyRequest, 'exclude' | 'env' | 'test'> {
  readonly engine: Engine;
  /** The bare positional of the request, if there is one. */
  readonly id?: string | undefined;
  /** The request's own `test`; the argument of that name wins. */
  readonly test?: boolean | undefined;
  /** What an earlier run journaled, for `state.revert`; undefined when nothing is known of it. */
  readonly journal?: ((jid: string | undefined) => Promise<readonly RevertEntry[] | undefined>) | undefined;
}

/** A run to follow, or a value at once. */
export type StateFunctionAnswer = { readonly run: StateRun } | { readonly value: unknown };

export type StateFunctionArgs = Readonly<Record<string, unknown>>;

export type StateFunction = (args: StateFunctionArgs, context: StateFunctionContext) => Promise<StateFunctionAnswer>;

/** Arguments every function of a run takes. `queue` and `concurrent` are for whoever queues the job. */
const common = ['test', 'pillar', 'settings', 'saltenv', 'env', 'exclude', 'queue', 'concurrent', 'limit', 'timeout'];

const handlers: Readonly<Record<string, StateFunction>> = {
  'state.apply': applyOrHighstate,
  'state.sls': (args, context) => apply(args, context),
  'state.highstate': (args, context) => highstate(args, context),
  /** A plan of what `state.apply` would do. */
  'state.test': (args, context) => applyOrHighstate({ ...args, test: true }, context),
  async 'state.single'(args, context) {
    const { fun, name, ...rest } = args;
    const [state, ...more] = typeof fun === 'string' ? [fun, context.id] : [context.id, undefined];
    if (state === undefined) throw missing('state.single', 'fun', 'the state to apply, such as "file.managed"');
    const own = Object.fromEntries(Object.entries(rest).filter(([key]) => !common.includes(key) || key === 'timeout'));
    const id = typeof name === 'string' ? name : more[0];
    const values = name === undefined ? own : { name, ...own };
    return { run: context.engine.single(state, values, { ...requestOf(args, context), id }) };
  },
  async 'state.sls_id'(args, context) {
    const id = typeof args.id === 'string' ? args.id : context.id;
    if (id === undefined) throw missing('state.sls_id', 'id', 'the id to apply');
    const refs = textsOf(args.mods ?? args.state);
    if (refs.length === 0) throw missing('state.sls_id', 'mods', 'the state files that declare it');
    refuseUnknown('state.sls_id', args, ['id', 'mods', 'state', ...common]);
    return { run: context.engine.slsId(id, refs, requestOf(args, context)) };
  },
  async 'state.show_sls'(args, context) {
    return { value: context.engine.showHigh(required('state.show_sls', args, context), requestOf(args, context)) };
  },
  async 'state.show_low_sls'(args, context) {
    return { value: context.engine.showLow(required('state.show_low_sls', args, context), requestOf(args, context)) };
  },
  async 'state.show_highstate'(args, context) {
    return { value: context.engine.showHighstate({ ...requestOf(args, context), matches: context.matches }) };
  },
  async 'state.show_lowstate'(args, context) {
    return { value: context.engine.showLowstate({ ...requestOf(args, context), matches: context.matches }) };
  },
  async 'state.show_top'(args, context) {
    return { value: context.engine.showTop({ ...requestOf(args, context), matches: context.matches }) };
  },
  async 'state.revert'(args, context) {
    refuseUnknown('state.revert', args, ['jid', ...common]);
    const jid = typeof args.jid === 'string' ? args.jid : context.id;
    const entries = await context.journal?.(jid);
    if (entries) return { run: context.engine.revert(entries, requestOf(args, context)) };
    throw new ZesterError(
      'usage',
      'JOURNAL_UNKNOWN',
      `Cannot revert ${jid === undefined ? 'the last run' : `job "${jid}"`}: nothing is kept of it here`,
      {
        hint: 'Only the last runs are kept; list them with "state.journal"',
      },
    );
  },
};

/** The `state.*` functions by name. */
export const stateFunctions: ReadonlyMap<string, StateFunction> = new Map(Object.entries(handlers));

async function applyOrHighstate(args: StateFunctionArgs, context: StateFunctionContext): Promise<StateFunctionAnswer> {
  return refsOf(args, context).length === 0 ? highstate(args, context) : apply(args, context);
}

async function apply(args: StateFunctionArgs, context: StateFunctionContext): Promise<StateFunctionAnswer> {
  refuseUnknown('state.apply', args, ['mods', 'state', ...common]);
  return { run: context.engine.apply(required('state.apply', args, context), requestOf(args, context)) };
}

async function highstate(args: StateFunctionArgs, context: StateFunctionContext): Promise<StateFunctionAnswer> {
  refuseUnknown('state.highstate', args, ['mods', 'state', ...common]);
  return { run: context.engine.highstate({ ...requestOf(args, context), matches: context.matches }) };
}

/** `mods` as a text with commas, a list, or the bare positional. */
function refsOf({ mods, state }: StateFunctionArgs, { id }: StateFunctionContext): readonly string[] {
  return textsOf(mods ?? state ?? id);
}

function required(name: string, args: StateFunctionArgs, context: StateFunctionContext): readonly string[] {
  const refs = refsOf(args, context);
  if (refs.length === 0) throw missing(name, 'mods', 'the state files to apply');
  return refs;
}

function textsOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  return items
    .flatMap((item) => String(item).split(','))
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function requestOf(args: StateFunctionArgs, context: StateFunctionContext): ApplyRequest {
  const { machine, scope, signal, reload, limit } = context;
  const env = args.saltenv ?? args.env;
  return {
    machine,
    scope: overridden(scope, args.pillar ?? args.settings),
    signal,
    reload,
    test: args.test === undefined ? (context.test ?? false) : isTrue(args.test),
    ...(env === undefined || env === null ? {} : { env: String(env) }),
    exclude: exclusionsOf(args.exclude),
    limit: typeof args.limit === 'number' || typeof args.limit === 'string' ? Number(args.limit) || limit : limit,
  };
}

function exclusionsOf(value: unknown): readonly (string | { readonly id: string })[] {
  const items: readonly unknown[] = Array.isArray(value)
    ? value
    : value === undefined || value === null
      ? []
      : String(value).split(',');
  return items.flatMap((item): (string | { readonly id: string })[] => {
    if (typeof item === 'object' && item !== null) {
      if ('id' in item) return [{ id: String(item.id) }];
      return 'sls' in item ? [String(item.sls)] : [];
    }
    return [String(item).trim()];
  });
}

/** Settings given with the job, merged over the peel's own. */
function overridden(scope: RunScope, override: unknown): RunScope {
  if (override === undefined || override === null) return scope;
  const given: unknown = typeof override === 'string' ? parsed(override) : override;
  if (isMap(given)) return { ...scope, settings: merged(scope.settings, given) };
  throw new ZesterError('usage', 'SETTINGS_INVALID', 'Cannot override settings: what is given is not a map', {
    hint: 'Write it as JSON: pillar=\'{"key": "value"}\'',
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function merged(base: unknown, over: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const result: Record<string, unknown> = isMap(base) ? { ...base } : {};
  for (const [key, value] of Object.entries(over)) result[key] = isMap(value) ? merged(result[key], value) : value;
  return result;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTrue(value: unknown): boolean {
  return ['true', 'yes', '1', 'on'].includes(String(value).toLowerCase());
}

function refuseUnknown(name: string, args: StateFunctionArgs, known: readonly string[]) {
  for (const key of Object.keys(args)) {
    if (known.includes(key) || key.startsWith('_')) continue;
    throw new ZesterError('usage', 'ARGUMENT_UNKNOWN', `Cannot run "${name}": it has no argument "${key}"`, {
      hint: didYouMean(key, known) ?? `Its arguments are ${known.join(', ')}`,
    });
  }
}

function missing(name: string, argument: string, what: string): ZesterError {
  return new ZesterError('usage', 'ARGUMENT_MISSING', `Cannot run "${name}": the argument "${argument}" is missing`, {
    hint: `Give ${what}`,
  });
}
