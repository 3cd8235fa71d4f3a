import { placeText } from '#base/errors.ts';
import { visibleLine } from '#base/visible.ts';
import type { Finding } from '#lint/finding.ts';
import type { LintReport } from '#lint/folders.ts';
import { type Paint, paint, type Style } from './style.ts';
import { count } from './table.ts';

const colours: Readonly<Record<Finding['severity'], Paint>> = { error: 'red', warning: 'yellow', note: 'cyan' };

/** `file:line:column: error CODE: message`, with the machines it is about and what to do below it; a summary last. */
export function showFindings({ findings, files, machines }: LintReport, style: Style): string {
  const lines = findings.map(({ at, severity, code, message, hint, profiles }) => {
    const where = `${paint(style, 'bold', visibleLine(placeText(at)))}:`;
    const on = profiles ? paint(style, 'dim', ` [${profiles.join(', ')}]`) : '';
    const more = hint === undefined ? '' : `    ${visibleLine(hint)}\n`;
    return `${where} ${paint(style, colours[severity], severity)} ${code}: ${visibleLine(message)}${on}\n${more}`;
  });
  const amount = (severity: Finding['severity']) => findings.filter((each) => each.severity === severity).length;
  const found = [count(amount('error'), 'error'), count(amount('warning'), 'warning'), count(amount('note'), 'note')];
  return `${lines.join('')}${count(files, 'file')}, ${count(machines.length, 'machine')}: ${found.join(', ')}\n`;
}
