import { toHuman } from '#base/ids.ts';
import { durationText } from '#base/time.ts';
import { visible } from '#base/visible.ts';
import type { ErrorBody } from '#wire/error.ts';
import type { Refusal, Return } from '#wire/job.ts';
import type { Outcome } from '#wire/outcome.ts';
import { exitOf, interrupted } from './exit.ts';
import { showReport } from './outcome.ts';
import { paint, type Style } from './style.ts';
import { count, timeText } from './table.ts';
import { valueText } from './value.ts';

const mostNames = 5;

/** What became of one peel in a job. */
export interface PeelResult {
  /** As people write it. */
  readonly peel: string;
  readonly status: 'success' | 'failed' | 'unreachable';
  readonly return?: Return;
  /** Why there is no return. */
  readonly reason?: string;
  /** What it said instead of one. */
  readonly refusal?: Refusal;
}

export interface JobReport {
  readonly jid: string;
  readonly function: string;
  readonly test: boolean;
  readonly results: readonly PeelResult[];
  readonly ms: number;
  /** How it ended here: `open` waits for who is silent, `detached` by `--async`, `left` or `killed` by Ctrl-C. */
  readonly ended: 'done' | 'open' | 'deadline' | 'detached' | 'left' | 'killed';
  /** When the job itself ends, while it is open. */
  readonly openUntil?: number;
}

export function resultOf(returned: Return): PeelResult {
  return {
    peel: toHuman(returned.peel),
    status: returned.success && returned.status === 'done' ? 'success' : 'failed',
    return: returned,
  };
}

/** A peel that is there, and will not run the job. */
export function refusedOf(refusal: Refusal): PeelResult {
  return { peel: toHuman(refusal.peel), status: 'failed', refusal };
}

export interface Counts {
  readonly succeeded: number;
  readonly changed: number;
  readonly failed: number;
  readonly unreachable: number;
}

export function countsOf(results: readonly PeelResult[]): Counts {
  const having = (status: PeelResult['status']) => results.filter((each) => each.status === status).length;
  const changed = results.filter((each) => each.return?.report?.outcomes.some(hasChanged)).length;
  return { succeeded: having('success'), changed, failed: having('failed'), unreachable: having('unreachable') };
}

function hasChanged({ result }: Outcome): boolean {
  return result === 'changed' || result === 'would-change';
}

export function exitOfJob({ results, ended }: JobReport): number {
  if (ended === 'detached') return 0;
  return ended === 'left' || ended === 'killed' ? interrupted : exitOf(countsOf(results));
}

/** One peel's part, as soon as it is there. */
export function showResult({ peel, status, return: returned, reason = '', refusal }: PeelResult, style: Style): string {
  if (refusal !== undefined) {
    return `${paint(style, 'red', `${visible(peel)}: REFUSED`)}\n${indent(errorText({ family: 'machine', ...refusal }, style))}`;
  }
  if (status === 'unreachable' || returned === undefined) {
    return `${paint(style, 'red', `${visible(peel)}: UNREACHABLE`)}\n${indent(visible(reason))}`;
  }
  const header = paint(style, status === 'success' ? 'green' : 'red', `${visible(peel)}:`);
  return `${header}\n${indent(bodyOf(returned, style))}`;
}

function bodyOf({ status, success, value, report, error, late }: Return, style: Style): string {
  const parts = [
    report ? showReport(report, style) : valueText(value),
    error ? errorText(error, style) : status === 'done' ? '' : `${status}`,
    late ? 'This return came after the deadline' : '',
  ].filter((part) => part !== '');
  if (parts.length > 0) return parts.join('\n');
  return success ? 'OK' : 'ERROR: it failed, and gave no reason';
}

function errorText({ message, code, hint, details = {} }: ErrorBody, style: Style): string {
  const said = Object.entries(details).filter(([, text]) => text.trim() !== '');
  return [
    `${paint(style, 'red', 'ERROR:')} ${visible(message)} ${paint(style, 'dim', `[${code}]`)}`,
    ...said.map(([name, text]) => `${name}: ${visible(text.trimEnd())}`),
    ...(hint ? [`hint: ${visible(hint)}`] : []),
  ].join('\n');
}

export function showFooter({ jid, results, ms, ended, test, openUntil }: JobReport, style: Style): string {
  if (ended === 'detached') return `${jid}\n`;
  const { succeeded, changed, failed, unreachable } = countsOf(results);
  const isPlan = test || results.some((each) => each.return?.report?.test);
  const parts = [
    paint(style, 'green', `${succeeded} succeeded`),
    paint(style, 'cyan', `${changed} ${isPlan ? 'would change' : 'changed'}`),
    paint(style, failed > 0 ? 'red' : 'dim', `${failed} failed`),
    paint(style, unreachable > 0 ? 'red' : 'dim', `${unreachable} unreachable`),
  ];
  const left = ended === 'left' ? `\nJob ${jid} is still running: zester job show ${jid}, zester job kill ${jid}` : '';
  const open = ended === 'open' ? openText(jid, results, openUntil) : '';
  const killed = ended === 'killed' ? `\nJob ${jid} was killed` : '';
  return `\n${count(results.length, 'peel')}: ${parts.join(', ')} in ${durationText(ms)}${open}${left}${killed}\n`;
}

/** Who is not reached may still run it: that is no end, and must not look like one. */
function openText(jid: string, results: readonly PeelResult[], openUntil: number | undefined): string {
  const silent = results.filter(({ status }) => status === 'unreachable').map(({ peel }) => visible(peel));
  const names =
    silent.length > mostNames
      ? `${silent.slice(0, mostNames).join(', ')} and ${silent.length - mostNames} more`
      : silent.join(', ');
  const until = openUntil === undefined ? 'its deadline' : timeText(openUntil);
  return `\nJob ${jid} stays open until ${until}: ${names} may still run it\nLook again: zester job show ${jid}\nStop it:    zester job kill ${jid}`;
}

export function showJob(report: JobReport, style: Style): string {
  return report.results.map((each) => showResult(each, style)).join('') + showFooter(report, style);
}

/** For programs: one record for each peel, times in milliseconds. */
export function plainJob({ jid, results, ended }: JobReport): unknown {
  if (ended === 'detached') return { jid };
  return results.map((result) => plainResult(jid, result));
}

export function plainResult(jid: string, { peel, status, return: returned, reason, refusal }: PeelResult): unknown {
  const silence = reason === undefined ? undefined : { code: 'PEEL_SILENT', message: reason };
  const error = returned?.error ?? refusedError(refusal) ?? silence;
  return {
    jid,
    peel_id: peel,
    status,
    success: status === 'success',
    ...(returned === undefined ? {} : { state: returned.status, duration: returned.ms }),
    ...(returned?.late ? { late: true } : {}),
    ...(returned?.value === undefined ? {} : { value: returned.value }),
    results: returned?.report ? returned.report.outcomes.map(plainOutcome) : null,
    ...(error === undefined ? {} : { error }),
  };
}

function refusedError(refusal: Refusal | undefined) {
  if (refusal === undefined) return undefined;
  const { peel: _peel, ...error } = refusal;
  return error;
}

function plainOutcome(outcome: Outcome): unknown {
  const { id, state, name, ref, result, changes, diff, details, comment, skipReason, because, error, ms } = outcome;
  const optional = { ref, changes, diff, details, comment, because, error };
  return {
    id,
    state,
    name: name === '' ? id : name,
    result,
    changed: hasChanged(outcome),
    duration: ms,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined)),
    ...(skipReason === undefined ? {} : { skipped: true, skip_reason: skipReason }),
  };
}

function indent(text: string): string {
  if (text === '') return '';
  return `${text
    .split('\n')
    .map((line) => (line === '' ? '' : `    ${line}`))
    .join('\n')}\n`;
}
