import { asError, isError, ZesterError } from '#base/errors.ts';
import { delay } from '#base/time.ts';
import type { Changes } from '#kit/changes.ts';
import type { Context } from '#kit/context.ts';
import type { BuiltState, Details } from '#kit/state.ts';
import { type SupposedMachine, Unforeseen } from '#kit/supposed.ts';
import { withContext } from '../context.ts';
import type { Approve } from '../planned.ts';
import { fillSlots } from '../slots.ts';
import type { Retry, Step } from '../step.ts';
import { asksCommands, guarded, saysYes } from './guards.ts';
import type { Settled } from './settled.ts';

/** What came of trying a step; who asked, when and in what order is the run's to add. */
export type Attempt = Pick<
  Settled,
  'verdict' | 'changes' | 'refreshed' | 'details' | 'comment' | 'skipReason' | 'error' | 'args' | 'built'
>;

export interface AttemptOptions {
  /** Plan only. */
  readonly test: boolean;
  /** In a plan, where its work is supposed to be done. */
  readonly supposed?: SupposedMachine | undefined;
  /** A plan ahead of its turn, after which nothing is supposed of it. */
  readonly preview?: boolean;
  /** In a plan, a step before it of which nobody knows what it will do: what its own commands answer now means nothing. */
  readonly after?: Step | undefined;
  /** Something it watches changed: where nothing differs here, it is refreshed. */
  readonly watched: boolean;
  /** Refresh whatever the plan says: a listener's turn. */
  readonly listening?: boolean;
  readonly context: Context;
  /** Asked before anything is done; throws when it must not be. */
  readonly approve?: Approve | undefined;
  /** Between 0 and 1. */
  readonly random: () => number;
}

/** Guards, then plan, then apply or refresh, then `check_cmd`; all again while `retry` says so. Never throws. */
export async function attempt(step: Step, options: AttemptOptions): Promise<Attempt> {
  const stopper = stopperFor(step, options.context.signal);
  const context = surrounded(step, options.context, stopper.signal);
  options.supposed?.takeRemark();
  try {
    return remarked(await stopper.within(tryAgain(step, { ...options, context })), options.supposed);
  } catch (thrown) {
    return failure(thrown);
  } finally {
    stopper.clear();
  }
}

/** An outcome that rests on an answer which may be another by then is left open, whatever it is. */
function remarked(result: Attempt, supposed: SupposedMachine | undefined): Attempt {
  const error = supposed?.takeRemark();
  if (error === undefined || result.error instanceof Unforeseen) return result;
  const { skipReason: _, ...rest } = result;
  return { ...rest, verdict: 'failed', error };
}

async function tryAgain(step: Step, options: AttemptOptions): Promise<Attempt> {
  const { work, options: own } = step;
  if (work.kind === 'broken') return failure(work.error);
  const { retry } = own;
  let result = await once(step, options);
  if (retry === undefined) return result;
  if (options.test) return { ...result, comment: joined(result.comment, retryText(retry)) };
  const said: string[] = [];
  for (let tries = 1; isDone(result) !== retry.until && tries < retry.attempts; tries++) {
    said.push(
      `Attempt ${tries}: Returned a result of "${isDone(result) ? 'True' : 'False'}", with the following comment: "${commentOf(result)}"`,
    );
    await delay((retry.interval + Math.floor(options.random() * (retry.splay + 1))) * 1_000, options.context.signal);
    if (options.context.signal.aborted) break;
    result = await once(step, options);
  }
  return said.length === 0 ? result : { ...result, comment: joined(...said, result.comment) };
}

/** Its conditions are asked each time: what an earlier try did may be why there is nothing left to do. */
async function once(step: Step, options: AttemptOptions): Promise<Attempt> {
  if (options.after && asksCommands(step.options)) {
    throw new Unforeseen(options.after.key, 'its conditions are only asked then');
  }
  const skip = await guarded(step, options.context);
  if (skip) {
    const { reason, comment, condition, error } = skip;
    const told = { comment, changes: {}, details: { condition } };
    const skipped: Attempt = { verdict: 'skipped', skipReason: reason, ...told, ...(error && { error }) };
    const checked = await verified(step, skipped, options);
    return checked.verdict === 'failed' ? checked : skipped;
  }
  const result = await planAndApply(step, options);
  // A plan does not ask whether what it has not done has worked; where nothing is to be done it does, as a run would.
  return options.test && result.verdict === 'would' ? result : verified(step, result, options);
}

/** `check_cmd` has the last word on a state, as in Salt also on one that its own conditions kept from running. */
async function verified(step: Step, result: Attempt, options: AttemptOptions): Promise<Attempt> {
  const { checkCommands, commands } = step.options;
  if (checkCommands.length === 0) return result;
  for (const command of checkCommands) {
    if (await saysYes(command, commands, options.context)) continue;
    const comment = 'check_cmd determined the state failed';
    return {
      ...result,
      verdict: 'failed',
      comment,
      error: new ZesterError('machine', 'CHECK_FAILED', `${comment}: "${command}"`),
    };
  }
  const { error: _, ...rest } = result;
  return { ...rest, verdict: 'ok', comment: 'check_cmd determined the state succeeded' };
}

async function planAndApply(step: Step, options: AttemptOptions): Promise<Attempt> {
  const { context, test, watched, listening = false } = options;
  let made: Made | undefined;
  let changes: Changes = {};
  try {
    made = await make(step, options);
    if (listening) return await refresh(step, made, options);
    const { built } = made;
    const plan = await built.plan(context);
    changes = plan.changes;
    const isSo = Object.keys(changes).length === 0;
    if (isSo && watched && built.refresh) return await refresh(step, made, options);
    if (isSo) return { verdict: 'ok', changes, ...told(made) };
    const isBoth = watched && built.refreshesBeside(changes);
    if (test) return await foresee(step, made, { changes, refreshes: isBoth }, options);
    options.approve?.(step.key, changes);
    const applied = done(made, changes, await plan.apply());
    return isBoth ? beside(applied, await refresh(step, made, options)) : applied;
  } catch (thrown) {
    if (isError(thrown, 'SLOT_CALL_CHANGES')) return { verdict: 'unsure', changes, comment: thrown.message };
    const nothingDone = Object.keys(changes).length === 0;
    // What failed before it changed anything is still refreshed by a watch, and that is then its result.
    if (watched && nothingDone && made?.built.refresh && !context.signal.aborted)
      return refreshAfterAll(step, made, options);
    return { ...made, ...failure(thrown), changes };
  }
}

/** What was changed, and what a watched change caused beside it: one outcome. */
function beside(applied: Attempt, refreshed: Attempt): Attempt {
  const details = { ...applied.details, ...refreshed.details };
  return {
    ...applied,
    ...refreshed,
    changes: applied.changes,
    ...(Object.keys(details).length > 0 ? { details } : {}),
  };
}

async function refreshAfterAll(step: Step, made: Made, options: AttemptOptions): Promise<Attempt> {
  try {
    return await refresh(step, made, options);
  } catch (thrown) {
    return { ...made, ...failure(thrown) };
  }
}

/** Does what a watched change causes. A state that has no refresh of its own is planned and applied instead. */
async function refresh(step: Step, made: Made, options: AttemptOptions): Promise<Attempt> {
  const { built } = made;
  const { test, context, approve } = options;
  const { key } = step;
  if (built.refresh === undefined) {
    const { changes, apply } = await built.plan(context);
    const differs = Object.keys(changes).length > 0;
    if (differs && !test) {
      approve?.(key, changes);
      return done(made, changes, await apply());
    }
    return differs
      ? foresee(step, made, { changes, refreshes: false }, options)
      : { verdict: 'ok', changes, ...told(made) };
  }
  if (test) return foresee(step, made, { changes: {}, refreshes: true }, options);
  approve?.(key, undefined);
  try {
    const details = await built.refresh(context);
    return { ...done(made, {}, details), refreshed: details.changed !== 'no' };
  } catch (thrown) {
    // It was caused all the same: what listens to this state must hear of it.
    return { ...made, ...failure(thrown), refreshed: true };
  }
}

/** What would be done is supposed to be done: later steps see the machine as it will be. It fails if the run would. */
async function foresee(
  step: Step,
  made: Made,
  { changes, refreshes }: { readonly changes: Changes; readonly refreshes: boolean },
  { supposed, preview = false, context }: AttemptOptions,
): Promise<Attempt> {
  const foreseen = { changes, ...(refreshes ? { refreshed: true } : {}) };
  const would: Attempt = { verdict: 'would', ...foreseen, ...told(made) };
  if (supposed === undefined) return would;
  const remark = supposed.takeRemark();
  if (remark !== undefined) return { ...would, verdict: 'failed', error: remark };
  if (preview) return would;
  const own = withContext(context, supposed.doneBy(step.key));
  try {
    if (Object.keys(changes).length > 0) await made.built.suppose(changes, own);
    if (refreshes) await made.built.suppose('refresh', own);
  } catch (thrown) {
    if (!isError(thrown, 'PLAN_EFFECT_UNKNOWN')) return { ...made, ...failure(thrown), ...foreseen };
    supposed.doubt(step.key, wordsOf(made.built));
  }
  return would;
}

/** Words of its arguments that may name what it changes. */
export function wordsOf({ references }: BuiltState): readonly string[] {
  return [...references.path, ...references.command];
}

/** The module has the last word: `changed: 'no'` takes the planned changes back, its comment counts before any other. */
function done(made: Made, changes: Changes, { comment, changed, ...details }: Details): Attempt {
  return {
    verdict: 'ok',
    changes: changed === 'no' ? {} : changes,
    ...told(made),
    ...(comment === undefined ? {} : { comment }),
    ...(Object.keys(details).length === 0 ? {} : { details }),
  };
}

function told(made: Made): Made & { comment?: string } {
  const { comment } = made.built;
  return { ...made, ...(comment === undefined ? {} : { comment }) };
}

interface Made {
  readonly built: BuiltState;
  readonly args: Readonly<Record<string, unknown>>;
}

async function make({ work }: Step, { context, test }: AttemptOptions): Promise<Made> {
  if (work.kind === 'broken') throw work.error;
  const { raw } = work;
  const written = (values: typeof raw.values) =>
    Object.fromEntries([...values].map(([key, { value }]) => [key, value]));
  if (work.kind === 'ready') return { built: work.built, args: { name: raw.id, ...written(raw.values) } };
  const filled = new Map(raw.values);
  for (const [key, { value, at }] of raw.values) filled.set(key, { value: await fillSlots(value, context, test), at });
  return { built: work.state.build({ ...raw, values: filled }), args: { name: raw.id, ...written(filled) } };
}

function surrounded(step: Step, context: Context, signal: AbortSignal): Context {
  const { imposed } = step.options;
  if (Object.keys(imposed).length === 0) return withContext(context, { signal });
  const { commands } = context;
  const run: typeof commands.run = (argv, given = {}) => commands.run(argv, { ...imposed, ...given });
  return withContext(context, { signal, commands: { ...commands, run } });
}

/** Ends a step at its own timeout, or with the run; a module that does not listen is left behind after a grace. */
function stopperFor({ id, options: { timeoutMs } }: Step, outer: AbortSignal) {
  const graceMs = 2_000;
  const own = new AbortController();
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => own.abort(), timeoutMs);
  const signal = AbortSignal.any([outer, own.signal]);
  const timers: NodeJS.Timeout[] = [];
  const stopped = (): ZesterError =>
    own.signal.aborted
      ? new ZesterError(
          'machine',
          'STATE_TIMEOUT',
          `Cannot finish "${id}": it took longer than its timeout of ${(timeoutMs ?? 0) / 1_000}s`,
          {
            hint: 'Raise its "timeout", or find out what it waits for',
          },
        )
      : canceled(id, outer.reason);
  const expired = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => timers.push(setTimeout(() => reject(stopped()), graceMs)), { once: true });
  });
  expired.catch(() => {});
  return {
    signal,
    async within(work: Promise<Attempt>): Promise<Attempt> {
      const result = await Promise.race([work, expired]);
      return signal.aborted && result.verdict === 'failed' ? { ...result, error: stopped() } : result;
    },
    clear() {
      clearTimeout(timer);
      for (const each of timers) clearTimeout(each);
    },
  };
}

/** Whoever stopped the run may have said why: that its timeout passed, and which. */
function canceled(id: string, reason: unknown): ZesterError {
  const [, why] = isError(reason) ? (/: (.*)$/s.exec(reason.message) ?? []) : [];
  const message = `Cannot finish "${id}": the run was stopped${why === undefined ? '' : `, ${why}`}`;
  return new ZesterError('machine', 'CANCELED', message, isError(reason) ? { hint: reason.hint, cause: reason } : {});
}

export function failure(thrown: unknown): Attempt {
  const error = asError(thrown);
  return { verdict: 'failed', changes: {}, error, ...(error.details ? { details: error.details } : {}) };
}

function isDone({ verdict }: Attempt): boolean {
  return verdict !== 'failed';
}

function commentOf({ comment, error }: Attempt): string {
  return comment ?? error?.message ?? '';
}

function retryText({ interval, splay, attempts, until }: Retry): string {
  return `The state would be retried every ${interval} seconds (with a splay of up to ${splay} seconds) a maximum of ${attempts} times or until a result of ${until ? 'True' : 'False'} is returned`;
}

function joined(...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part).join('\n');
}
