import { durationText } from '#base/time.ts';
import { answerOf } from '#wire/json/answer-of.ts';
import { showResult } from './answer.ts';
import { exitOf, interrupted } from './exit.ts';
import { isFew } from './fleet.ts';
import { foldNames } from './names.ts';
import { statesText } from './outcome.ts';
import type { PeelResult } from './result.ts';
import { paint, type Style } from './style.ts';
import { count, timeText } from './table.ts';
import type { Tally } from './tally.ts';

export interface JobReport {
  readonly jid: string;
  readonly function: string;
  readonly test: boolean;
  /** As people write them. */
  readonly peels: readonly string[];
  readonly tally: Tally;
  /** Every answer, where somebody needs them when the job is over: there is no room for those of a large fleet. */
  readonly results: readonly PeelResult[];
  readonly ms: number;
  /** How it ended here: `open` waits for who is silent, `detached` by `--async`, `left` or `killed` by Ctrl-C. */
  readonly ended: 'done' | 'open' | 'deadline' | 'detached' | 'left' | 'killed';
  /** When the job itself ends, while it is open. */
  readonly openUntil?: number;
}

export function exitOfJob({ tally, ended }: JobReport): number {
  if (ended === 'detached') return 0;
  if (ended === 'left' || ended === 'killed') return interrupted;
  return exitOf({ failed: tally.peels('failed'), unreachable: tally.peels('unreachable') });
}

/** What it came to: who failed with what, how many did what, and where to look further. */
export function showFooter(report: JobReport, style: Style): string {
  const { jid, tally, ms, ended, test } = report;
  if (ended === 'detached') return `${jid}\n`;
  const counts = showCounts(tally, { isPlan: test, ms }, style);
  return `\n${showTroubles(tally, style)}${counts}${hints(report)
    .map((line) => `${line}\n`)
    .join('')}`;
}

/** `400 peels: 397 succeeded, 9 changed, 2 failed, 1 unreachable in 3.2s`, and a line for the states of many runs. */
export function showCounts(tally: Tally, { isPlan, ms }: { isPlan: boolean; ms?: number }, style: Style): string {
  const { changed, late } = tally;
  const [failed, unreachable, pending] = [tally.peels('failed'), tally.peels('unreachable'), tally.peels('pending')];
  const parts = [
    paint(style, 'green', `${tally.peels('success')} succeeded`),
    paint(style, 'cyan', `${changed} ${isPlan || tally.isPlan ? 'would change' : 'changed'}`),
    paint(style, failed > 0 ? 'red' : 'dim', `${failed} failed`),
    paint(style, unreachable > 0 ? 'red' : 'dim', `${unreachable} unreachable`),
    ...(pending > 0 ? [paint(style, 'yellow', `${pending} pending`)] : []),
    ...(late > 0 ? [paint(style, 'yellow', `${late} late`)] : []),
  ];
  const took = ms === undefined ? '' : ` in ${durationText(ms)}`;
  const states =
    tally.peels() > 1 && tally.states() > 0 ? `${statesText(tally.states(), (each) => tally.states(each))}\n` : '';
  return `${count(tally.peels(), 'peel')}: ${parts.join(', ')}${took}\n${states}`;
}

const troubleTitles = { failed: 'Failed:', unreachable: 'Unreachable:', pending: 'Pending:' } as const;

/** Who failed with what, a line each. Of few peels it was just said who is silent; of one, all. */
export function showTroubles(tally: Tally, style: Style): string {
  const peels = tally.peels();
  const statuses = isFew(peels) ? (['failed'] as const) : (['failed', 'unreachable', 'pending'] as const);
  if (peels <= 1) return '';
  return statuses
    .map((status) => {
      const lines = tally.troubles(status).map(({ text, peels }) => `  ${foldNames(peels)}: ${text}\n`);
      const unnamed = tally.unnamed(status);
      const more = unnamed === 0 ? '' : `  and ${unnamed} more, each with its own\n`;
      return lines.length === 0 ? '' : `${paint(style, 'red', troubleTitles[status])}\n${lines.join('')}${more}`;
    })
    .join('');
}

/** Who is not reached may still run it: that is no end, and must not look like one. */
function hints({ jid, tally, ended, openUntil }: JobReport): readonly string[] {
  const look = `Look again: zester job show ${jid}`;
  const stop = `Stop it:    zester job kill ${jid}`;
  switch (ended) {
    case 'left':
      return [`Job ${jid} is still running`, look, stop];
    case 'killed':
      return [`Job ${jid} was killed`, ...(tally.peels('pending') > 0 ? [look] : [])];
    case 'open': {
      const until = openUntil === undefined ? 'its deadline' : timeText(openUntil);
      const silent = tally.troubles('unreachable').flatMap(({ peels }) => peels);
      return [`Job ${jid} stays open until ${until}: ${foldNames(silent)} may still run it`, look, stop];
    }
    default:
      return tally.peels() > 1 && tally.peels('failed') > 0 ? [`Look further: zester job show ${jid} --failed`] : [];
  }
}

/** All of it, when all answers are there. */
export function showJob(report: JobReport, style: Style): string {
  return report.results.map((each) => showResult(each, style)).join('') + showFooter(report, style);
}

/** For programs: an answer for each peel. */
export function plainJob({ jid, results, ended }: JobReport): unknown {
  if (ended === 'detached') return { jid };
  return results.map((result) => plainResult(jid, result));
}

export function plainResult(jid: string, { peel, status, return: returned, reason, refusal }: PeelResult): object {
  if (returned !== undefined) return answerOf(returned);
  const hint = `Look again with: zester job show ${jid}`;
  const silence = { family: 'unreachable', code: 'PEEL_SILENT', message: reason ?? 'no return', hint };
  const error = refusal === undefined ? silence : { family: 'machine', ...refusal };
  return { jid, peel, status, success: false, results: null, error };
}

/** For programs that read events: how it ended, and what it came to. */
export function finishedEvent(
  { jid, ended, tally, ms, openUntil }: Pick<JobReport, 'jid' | 'ended' | 'tally' | 'ms' | 'openUntil'>,
  exitCode: number,
): object {
  return {
    jid,
    ended,
    succeeded: tally.peels('success'),
    changed: tally.changed,
    failed: tally.peels('failed'),
    unreachable: tally.peels('unreachable'),
    pending: tally.peels('pending'),
    openUntil,
    ms,
    exitCode,
  };
}
