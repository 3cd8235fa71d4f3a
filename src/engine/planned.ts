import { ZesterError } from '#base/errors.ts';
import { type Changes, sameValue } from '#kit/changes.ts';
import { valueText } from '#kit/show.ts';
import type { Outcome, OutcomeResult } from '#wire/outcome.ts';
import type { Settled } from './run/settled.ts';

/** What a plan foresaw of one step, whole: the machine that made it keeps it. It may hold secrets. */
export interface PlannedStep {
  readonly key: string;
  readonly id: string;
  readonly state: string;
  readonly result: OutcomeResult;
  readonly refreshed: boolean;
  /** As they are, for comparing. */
  readonly changes: Changes;
  /** As people may see them. */
  readonly shown: NonNullable<Outcome['changes']>;
  /** Arguments of a step that would do something. */
  readonly args: Readonly<Record<string, unknown>>;
}

export function plannedOf({ step, changes, args, refreshed = false }: Settled, outcome: Outcome): PlannedStep {
  const { id, state, result } = outcome;
  const isWork = result === 'would-change' || result === 'cannot-tell';
  const shown = outcome.changes ?? {};
  return { key: step.key, id, state, result, refreshed, changes, shown, args: isWork ? (args ?? {}) : {} };
}

export interface Deviation {
  /** `file.managed web_config` */
  readonly step: string;
  /** What is different, secrets masked. */
  readonly what: string;
}

/** What a second plan of the same thing says differently. */
export function deviations(before: readonly PlannedStep[], after: readonly PlannedStep[]): readonly Deviation[] {
  const now = new Map(after.map((each) => [each.key, each]));
  const known = new Set(before.map(({ key }) => key));
  const changed = before.flatMap((each) => {
    const other = now.get(each.key);
    const what = other === undefined ? 'is not declared any more' : difference(each, other);
    return what === undefined ? [] : [{ step: nameOf(each), what }];
  });
  const added = after
    .filter(({ key, result }) => !known.has(key) && !isIdle(result))
    .map((each) => ({ step: nameOf(each), what: `is new: ${each.result}` }));
  return [...changed, ...added];
}

function difference(before: PlannedStep, after: PlannedStep): string | undefined {
  if (before.result !== after.result) {
    // A step that has become none of our business is no reason to refuse what others would do.
    if (isIdle(before.result) && isIdle(after.result)) return undefined;
    return `was ${before.result}, is ${after.result}${fieldsText(after)}`;
  }
  const fields = [...new Set([...Object.keys(before.changes), ...Object.keys(after.changes)])];
  const differing = fields.filter((field) => !sameValue(before.changes[field], after.changes[field]));
  if (differing.length > 0) return differing.map((field) => fieldDifference(field, before, after)).join('; ');
  if (before.refreshed !== after.refreshed)
    return after.refreshed ? 'would now be refreshed' : 'would not be refreshed';
  const args = [...new Set([...Object.keys(before.args), ...Object.keys(after.args)])];
  const other = args.filter((name) => !sameValue(before.args[name], after.args[name]));
  return other.length === 0 ? undefined : `is declared with another ${other.map((name) => `"${name}"`).join(', ')}`;
}

function fieldDifference(field: string, before: PlannedStep, after: PlannedStep): string {
  const [was, is] = [before, after].map(({ shown }) => shownChange(shown[field]));
  return was === is ? `${field}: is another one than was planned` : `${field}: was planned ${was}, now ${is}`;
}

function fieldsText({ shown }: PlannedStep): string {
  const fields = Object.entries(shown).map(([field, change]) => `${field} ${shownChange(change)}`);
  return fields.length === 0 ? '' : ` (${fields.join(', ')})`;
}

function shownChange(change: PlannedStep['shown'][string] | undefined): string {
  return change === undefined ? 'not to be changed' : `${valueText(change.from)} → ${valueText(change.to)}`;
}

function isIdle(result: OutcomeResult): boolean {
  return result === 'unchanged' || result === 'skipped';
}

function nameOf({ state, id }: PlannedStep): string {
  return `${state} ${id}`;
}

/** What a step is about to do: its changes, or undefined for a refresh. */
export type Approve = (key: string, changes: Changes | undefined) => void;

/**
 * Lets a step do what was planned and nothing else. Throws `PLAN_LEFT` before anything is done: the machine, or what
 * other steps made of it, is not what the plan saw.
 */
export function approvalOf(planned: readonly PlannedStep[]): Approve {
  const steps = new Map(planned.map((each) => [each.key, each]));
  const begun = new Set<string>();
  return (key, changes) => {
    const step = steps.get(key);
    // A retry finds its own first try half done.
    if (step?.result === 'cannot-tell' || begun.has(key)) return;
    begun.add(key);
    const isPlanned =
      changes === undefined
        ? step?.refreshed === true
        : step?.result === 'would-change' && sameValue(changes, step.changes);
    if (isPlanned) return;
    const what = step === undefined ? 'the plan does not have it' : `the plan says ${step.result}`;
    throw new ZesterError('machine', 'PLAN_LEFT', `Cannot go on with this step: it would do something else, ${what}`, {
      hint: 'What was applied until here stays: plan again',
    });
  };
}
