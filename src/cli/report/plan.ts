import { visible } from '#base/visible.ts';
import type { ErrorBody } from '#wire/error.ts';
import type { Outcome } from '#wire/outcome.ts';
import { errorText, indent } from './answer.ts';
import { foldNames } from './names.ts';
import { bodyLines } from './outcome.ts';
import { type Paint, paint, type Style, widthOf } from './style.ts';
import { ago, count } from './table.ts';

/** What a plan has a step do; the last two are what keeps it from saying so. */
export type Action = 'add' | 'change' | 'remove' | 'run' | 'restart' | 'refresh' | 'cannot-tell' | 'fail';

export interface PlannedStep {
  readonly action: Action;
  readonly outcome: Outcome;
}

export interface PlannedPeel {
  readonly peel: string;
  readonly steps: readonly PlannedStep[];
  /** States that stay as they are. */
  readonly kept: number;
  /** Why it could not plan, or not to the end. */
  readonly error?: ErrorBody;
}

export interface ShownPlan {
  readonly jid: string;
  readonly target: string;
  readonly states?: string;
  readonly operator: string;
  /** Milliseconds since the epoch. */
  readonly created: number;
  readonly peels: readonly PlannedPeel[];
}

const looks: Readonly<Record<Action, { readonly sign: string; readonly colour: Paint; readonly counted: string }>> = {
  add: { sign: '+', colour: 'green', counted: 'to add' },
  change: { sign: '~', colour: 'yellow', counted: 'to change' },
  remove: { sign: '-', colour: 'red', counted: 'to remove' },
  run: { sign: '!', colour: 'cyan', counted: 'to run' },
  restart: { sign: '*', colour: 'cyan', counted: 'to restart' },
  refresh: { sign: '*', colour: 'cyan', counted: 'to refresh' },
  'cannot-tell': { sign: '?', colour: 'yellow', counted: 'that cannot be told' },
  fail: { sign: 'x', colour: 'red', counted: 'that will fail' },
};

/** What a plan has a step do; undefined when it leaves everything as it is. */
export function actionOf({ state, result, changes = {}, refreshed = false }: Outcome): Action | undefined {
  if (result === 'failed') return 'fail';
  if (result === 'cannot-tell') return 'cannot-tell';
  if (result !== 'would-change') return undefined;
  const entries = Object.entries(changes);
  const isCall = /^(cmd|module)\./.test(state);
  if (isCall || entries.some(([field]) => field === 'runs')) return 'run';
  if (entries.length === 0) return refreshed && state.startsWith('service.') ? 'restart' : 'refresh';
  if (changes.exists) return changes.exists.to === false ? 'remove' : 'add';
  const all = (holds: (entry: (typeof entries)[number]) => boolean) => entries.every(holds);
  if (all(([field, { to }]) => field === 'removed' || isNothing(to))) return 'remove';
  // A file whose content is not known is there all the same.
  return all(([field, { from }]) => isNothing(from) && field !== 'contents') ? 'add' : 'change';
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}

/** Peels that would do the same are told of once, then what it all comes to. */
export function showPlan(plan: ShownPlan, style: Style): string {
  const { jid, target, states, operator, created, peels } = plan;
  const what = `of ${visible(target)}${states === undefined ? '' : `, ${visible(states)}`}`;
  const head = `Plan ${paint(style, 'bold', jid)} ${what}, by ${visible(operator)}, ${ago(created, style)}\n`;
  const groups = new Map<string, string[]>();
  for (const each of peels) {
    const text = peelText(each, style);
    groups.set(text, [...(groups.get(text) ?? []), each.peel]);
  }
  const parts = [...groups].map(([text, names]) => `\n${paint(style, 'bold', whoText(names))}\n${indent(text)}`);
  return `${head}${parts.join('')}\n${sumText(peels, style)}\n`;
}

function whoText(names: readonly string[]): string {
  return `${foldNames(names)}${names.length === 1 ? '' : ` (${count(names.length, 'peel')})`}:`;
}

function peelText({ steps, kept, error }: PlannedPeel, style: Style): string {
  const width = Math.max(0, ...steps.map(({ outcome }) => widthOf(outcome.state)));
  const lines = steps.flatMap(({ action, outcome }) => stepLines(action, outcome, width, style));
  if (error) lines.push(errorText(error, style));
  if (lines.length === 0) return `Nothing to do: ${count(kept, 'state')} as they should be`;
  return lines.join('\n');
}

function stepLines(action: Action, outcome: Outcome, width: number, style: Style): readonly string[] {
  const { id, name, state, refreshed = false } = outcome;
  const { sign, colour } = looks[action];
  const also = refreshed && (action === 'change' || action === 'add') ? ' and restart' : '';
  const who = name === '' || name === id ? visible(id) : `${visible(id)} (${visible(name)})`;
  const head = `${paint(style, colour, `${sign} ${`${action}${also}`.padEnd(11)}`)}  ${state.padEnd(width)}  ${who}`;
  // That a command runs is said already.
  const body = action === 'run' ? { ...outcome, diff: undefined, changes: undefined } : outcome;
  return [head, ...bodyLines(body as Outcome, style).map((line) => `      ${line}`)];
}

function sumText(peels: readonly PlannedPeel[], style: Style): string {
  const steps = peels.flatMap((each) => each.steps);
  const parts = Object.entries(looks).flatMap(([action, { colour, counted }]) => {
    const amount = steps.filter((each) => each.action === action).length;
    return amount === 0 ? [] : [paint(style, colour, `${amount} ${counted}`)];
  });
  const kept = peels.reduce((sum, each) => sum + each.kept, 0);
  const unable = peels.filter(({ error }) => error !== undefined).length;
  if (kept > 0) parts.push(`${kept} to stay`);
  if (unable > 0) parts.push(paint(style, 'red', `${count(unable, 'peel')} without a plan`));
  return `${count(peels.length, 'peel')}: ${parts.length === 0 ? 'nothing to do' : parts.join(', ')}`;
}
