import { asError, ZesterError } from '#base/errors.ts';
import { startWatch } from '#base/time.ts';
import type { RawArgument } from '#kit/arguments.ts';
import { type Changes, sameValue } from '#kit/changes.ts';
import type { Context } from '#kit/context.ts';
import { mask } from '#kit/show.ts';
import type { BuiltState, State } from '#kit/state.ts';
import { errorBody } from '#wire/error.ts';
import type { Outcome } from '#wire/outcome.ts';
import { reportOf } from './report.ts';
import type { Finished, JournalEntry, StateRun } from './state-run.ts';

/** What a run kept of one step. */
export type RevertEntry = JournalEntry;

export interface RevertOptions {
  readonly context: Context;
  readonly test: boolean;
  /** Whether to put back also what was changed again since. */
  readonly force: boolean;
  readonly secrets: readonly string[];
}

/**
 * Puts back what an earlier run changed, last step first. What cannot be put back, or was changed again since, is a
 * failed outcome that says so; the others are put back all the same.
 */
export function revert(entries: readonly RevertEntry[], options: RevertOptions): StateRun {
  const { elapsed } = startWatch();
  const finished: Finished[] = [];
  const source = work();

  async function* work(): AsyncGenerator<Finished, void> {
    for (const [index, entry] of entries.toReversed().entries()) {
      const outcome = await revertEntry(entry, options);
      const one = { outcome, position: index, sequence: index };
      finished.push(one);
      yield one;
    }
  }

  return {
    total: entries.length,
    [Symbol.asyncIterator]: () => source,
    async report() {
      for await (const _ of source);
      return reportOf(finished, { test: options.test, serial: true, ms: elapsed() });
    },
  };
}

async function revertEntry(entry: RevertEntry, options: RevertOptions): Promise<Outcome> {
  const { context, test, force, secrets } = options;
  const { id, state: name, changes } = entry;
  const { startedAt, elapsed } = startWatch();
  let built: BuiltState | undefined;
  const outcome = (more: Partial<Outcome> & Pick<Outcome, 'result'>): Outcome => ({
    id,
    state: name,
    name: primaryName(entry),
    ...more,
    startedAt,
    ms: elapsed(),
  });
  if (context.signal.aborted) return outcome({ result: 'skipped', skipReason: 'canceled' });
  try {
    built = rebuild(entry, context.registry.states.get(name));
    const shown = built.show(inverted(changes), secrets);
    const told = { changes: { ...shown.changes } as Outcome['changes'], diff: shown.diff };
    if (built.revert === undefined) throw irreversible(entry, 'its module cannot take it back');
    const since = force ? [] : await changedSince(entry, built, context);
    if (since.length > 0) throw overtaken(entry, since);
    if (test) return outcome({ result: 'would-change', ...told });
    const details = built.mask(await built.revert(changes, context), secrets);
    return outcome({
      result: 'changed',
      ...told,
      ...(Object.keys(details).length > 0 ? { details: { ...details } } : {}),
    });
  } catch (thrown) {
    const error = errorBody(asError(thrown));
    return outcome({ result: 'failed', error: built ? built.mask(error, secrets) : mask(error, secrets) });
  }
}

/**
 * Fields that are no longer what the run left. The state's own check reads them: where it finds a difference, what it
 * finds must be what the run made; a wish that has changed meanwhile is none.
 */
async function changedSince({ changes }: RevertEntry, built: BuiltState, context: Context): Promise<readonly string[]> {
  let now: Changes;
  try {
    now = (await built.plan(context)).changes;
  } catch {
    // What it needs to tell is gone (a source, a package): the revert itself will say when it cannot be.
    return [];
  }
  return Object.keys(changes).filter((field) => {
    const found = now[field];
    return found !== undefined && !sameValue(found.from, changes[field]?.to);
  });
}

function rebuild(entry: RevertEntry, state: State | undefined): BuiltState {
  if (state === undefined) throw irreversible(entry, 'there is no such state any more');
  const values = new Map(Object.entries(entry.args).map(([key, value]): [string, RawArgument] => [key, { value }]));
  return state.build({ id: entry.id, values });
}

function irreversible({ id, state }: RevertEntry, reason: string): ZesterError {
  return new ZesterError('machine', 'REVERT_IMPOSSIBLE', `Cannot revert "${id}" (${state}): ${reason}`, {
    hint: 'Undo it by hand, or write a state that does',
  });
}

function overtaken({ id, state }: RevertEntry, fields: readonly string[]): ZesterError {
  const names = fields.map((field) => `"${field}"`).join(', ');
  return new ZesterError(
    'machine',
    'REVERT_OVERTAKEN',
    `Cannot revert "${id}" (${state}): ${names} was changed again since`,
    {
      hint: 'Look at what it is now; "force=true" puts it back all the same',
    },
  );
}

function inverted(changes: Changes): Changes {
  return Object.fromEntries(Object.entries(changes).map(([field, { from, to }]) => [field, { from: to, to: from }]));
}

function primaryName({ id, args }: RevertEntry): string {
  return typeof args.name === 'string' ? args.name : id;
}
