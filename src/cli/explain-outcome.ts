import { didYouMean, placeText, ZesterError } from '#base/errors.ts';
import { parseJid, toHuman } from '#base/ids.ts';
import { durationText } from '#base/time.ts';
import { visible } from '#base/visible.ts';
import type { Outcome, SkipReason } from '#wire/outcome.ts';
import { placeLines } from './report/error.ts';
import { paint, type Style } from './report/style.ts';
import { storedJob } from './returns.ts';
import type { Session } from './session.ts';

/** Why one state did what it did, on one peel. */
export interface Explained {
  readonly peel: string;
  readonly state: string;
  readonly id: string;
  readonly name: string;
  readonly result: Outcome['result'];
  /** `web/init.zy:12:3`, as written. */
  readonly declared?: string;
  /** What had its turn before it, counted from one, of how many. */
  readonly turn: number;
  readonly of: number;
  readonly why: string;
  /** The states that decided it, each explained in turn. */
  readonly because: readonly Explained[];
  /** Ids that did something, or were skipped, because of it. */
  readonly causes: readonly string[];
  readonly diff?: string;
  readonly error?: Outcome['error'];
  readonly hint?: string;
  readonly startedAt: number;
  readonly ms: number;
}

const chainAtMost = 5;

/** The states of that id in a job, on each peel that has it. Throws `JOB_UNKNOWN`, `REPORT_MISSING`, `STATE_ID_UNKNOWN`. */
export async function explainOutcome(jid: string, id: string, session: Session): Promise<readonly Explained[]> {
  const { returns } = await storedJob(parseJid(jid), session);
  const reports = returns.flatMap(({ peel, report }) => (report ? [{ peel, report }] : []));
  if (reports.length === 0) throw noReport(jid);
  const found = reports.flatMap(({ peel, report: { outcomes, test } }) =>
    outcomes
      .filter((each) => each.id === id || (each.name === id && each.name !== ''))
      .map((each) => explain(each, { peel: toHuman(peel), outcomes, test, depth: 0 })),
  );
  if (found.length > 0) return found.toSorted((a, b) => (a.peel < b.peel ? -1 : 1));
  const ids = new Set(reports.flatMap(({ report }) => report.outcomes.map((each) => each.id)));
  throw new ZesterError('usage', 'STATE_ID_UNKNOWN', `Cannot explain "${id}": job ${jid} had no state of that id`, {
    hint: didYouMean(id, ids) ?? `See its states with: zester job show ${jid}`,
  });
}

interface Surroundings {
  readonly peel: string;
  readonly outcomes: readonly Outcome[];
  readonly test: boolean;
  readonly depth: number;
}

function explain(outcome: Outcome, within: Surroundings): Explained {
  const { peel, outcomes, depth } = within;
  const { id, state, name, result, at, diff, error, because = [], startedAt, ms } = outcome;
  const hint = hintOf(outcome);
  const deeper = { ...within, depth: depth + 1 };
  const deciders = outcomes.filter((each) => because.includes(each.id) && each !== outcome);
  return {
    peel,
    state,
    id,
    name,
    result,
    ...(at ? { declared: placeText(at) } : {}),
    turn: outcomes.indexOf(outcome) + 1,
    of: outcomes.length,
    why: why(outcome, within),
    because: depth < chainAtMost ? deciders.map((each) => explain(each, deeper)) : [],
    causes: outcomes.filter((each) => each.because?.includes(id) && each !== outcome).map((each) => each.id),
    ...(diff ? { diff } : {}),
    ...(error ? { error } : {}),
    ...(hint ? { hint } : {}),
    startedAt,
    ms,
  };
}

function why(outcome: Outcome, { test }: Surroundings): string {
  const { result, refreshed, skipReason, because = [], error, comment, details } = outcome;
  const names = because.map((id) => `"${id}"`).join(', ') || 'others';
  // Behind what failed stands where a requisite comes from that nobody wrote.
  const notes = skipReason === 'require_failed' ? (comment ?? '').split('\n').slice(1) : [];
  if (skipReason) return [skipped[skipReason](names, details?.condition ?? ''), ...notes].join('. ');
  switch (result) {
    case 'unchanged':
      return 'It ran, and the machine was already as it is declared';
    case 'failed':
      return `It failed: ${error?.message ?? comment ?? 'it gave no reason'}`;
    case 'cannot-tell':
      return comment ?? `A plan cannot tell what it would do until ${names} is applied`;
    default: {
      const would = test ? 'would be' : 'was';
      if (!refreshed) return `The machine ${test ? 'is' : 'was'} not as it is declared: this ${would} changed`;
      return `Nothing differed here; it ${would} refreshed because what it watches changed: ${names}`;
    }
  }
}

const skipped: Readonly<Record<SkipReason, (names: string, condition: string) => string>> = {
  require_failed: (names) => `It did not run: what it requires failed, or was itself held back: ${names}`,
  onchanges_not_met: (names) => `It runs only on changes of ${names}, and there were none`,
  onfail_not_met: (names) => `It runs only when ${names} fails, and that did not`,
  prereq_not_met: (names) => `It runs only before a change of ${names}, and none was to be made`,
  onlyif_not_met: (_, condition) => `Its "onlyif" said no${told(condition)}`,
  unless_met: (_, condition) => `Its "unless" said that there is nothing to do${told(condition)}`,
  creates_met: (_, condition) => `What its "creates" names was there already${told(condition)}`,
  failhard_abort: () => 'It did not run: a state that failed before it ended the run ("failhard")',
  canceled: () => 'It did not run: the run was stopped, by its deadline or by an operator',
};

/** Returns of older peels say none. */
function told(condition: string): string {
  return condition === '' ? '' : `: ${condition}`;
}

function hintOf({ skipReason, error, result }: Outcome): string | undefined {
  if (error?.hint) return error.hint;
  if (skipReason === 'require_failed') return 'Mend what failed first: the rest follows';
  return result === 'cannot-tell' ? 'Apply it in steps, or accept that this one is decided on the way' : undefined;
}

export function showExplained(found: readonly Explained[], style: Style): string {
  return found.map((each) => `${paint(style, 'bold', visible(each.peel))}\n${lines(each, style, 1)}`).join('\n');
}

function lines(explained: Explained, style: Style, depth: number): string {
  const {
    state,
    id,
    name,
    result,
    declared,
    turn,
    of,
    why: reason,
    because,
    causes,
    diff,
    error,
    hint,
    ms,
  } = explained;
  const called = name !== '' && name !== id ? ` (${name})` : '';
  const isFirst = depth === 1;
  const own = [
    paint(style, 'cyan', visible(`${state} ${id}${called}: ${result}`)),
    visible(reason),
    ...(error && isFirst ? [`code: ${visible(error.code)}`, ...(error.at ? placeLines(error.at) : [])] : []),
    ...(declared === undefined ? [] : [paint(style, 'dim', `declared at ${visible(declared)}`)]),
    ...(isFirst ? [paint(style, 'dim', `number ${turn} of ${of}, took ${durationText(ms)}`)] : []),
    ...(diff && isFirst ? visible(diff.trimEnd()).split('\n') : []),
    ...(causes.length > 0 && isFirst ? [`It decided: ${visible(causes.join(', '))}`] : []),
    ...(hint && isFirst ? [`hint: ${visible(hint)}`] : []),
  ];
  const indent = '  '.repeat(depth);
  const [head = '', ...rest] = own;
  const text = [`${indent}${head}`, ...rest.map((line) => `${indent}  ${line}`)].join('\n');
  return `${text}\n${because.map((each) => lines(each, style, depth + 1)).join('')}`;
}

function noReport(jid: string): ZesterError {
  return new ZesterError('usage', 'REPORT_MISSING', `Cannot explain job ${jid}: it has no report of states`, {
    hint: 'It applied none, or nothing has returned yet: see "zester job show"',
  });
}
