import { visible } from '#base/visible.ts';
import type { ErrorBody } from '#wire/error.ts';
import type { Return } from '#wire/job.ts';
import { placeLines } from './error.ts';
import { showReport } from './outcome.ts';
import type { PeelResult } from './result.ts';
import { paint, type Style } from './style.ts';
import { valueText } from './value.ts';

/** One peel's part, as soon as it is there. */
export function showResult({ peel, status, return: returned, reason = '', refusal }: PeelResult, style: Style): string {
  if (refusal !== undefined) {
    return `${paint(style, 'red', `${visible(peel)}: REFUSED`)}\n${indent(errorText({ family: 'machine', ...refusal }, style))}`;
  }
  if (status === 'pending') return `${paint(style, 'yellow', `${visible(peel)}: PENDING`)}\n${indent(visible(reason))}`;
  if (status === 'unreachable' || returned === undefined) {
    return `${paint(style, 'red', `${visible(peel)}: UNREACHABLE`)}\n${indent(visible(reason))}`;
  }
  const header = paint(style, status === 'success' ? 'green' : 'red', `${visible(peel)}:`);
  return `${header}\n${indent(bodyOf(returned, style))}`;
}

/** What a peel gave back: its report or value, and its error. */
export function bodyOf({ status, success, value, report, error, late }: Return, style: Style): string {
  const parts = [
    report ? showReport(report, style) : valueText(value),
    error ? errorText(error, style) : status === 'done' ? '' : `${status}`,
    late ? 'This return came after the deadline' : '',
  ].filter((part) => part !== '');
  if (parts.length > 0) return parts.join('\n');
  return success ? 'OK' : 'ERROR: it failed, and gave no reason';
}

export function errorText({ message, code, at, hint, details = {} }: ErrorBody, style: Style): string {
  const said = Object.entries(details).filter(([, text]) => text.trim() !== '');
  return [
    `${paint(style, 'red', 'ERROR:')} ${visible(message)} ${paint(style, 'dim', `[${code}]`)}`,
    ...(at ? placeLines(at) : []),
    ...said.map(([name, text]) => `${name}: ${visible(text.trimEnd())}`),
    ...(hint ? [`hint: ${visible(hint)}`] : []),
  ].join('\n');
}

/** Below the line that says whose it is. */
export function indent(text: string): string {
  if (text === '') return '';
  return `${text
    .split('\n')
    .map((line) => (line === '' ? '' : `    ${line}`))
    .join('\n')}\n`;
}
