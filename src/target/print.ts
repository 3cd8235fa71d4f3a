import { isComparison } from './fact.ts';
import type { FactTarget, Target } from './syntax.ts';

/** The target as one would write it: `parse(print(target))` gives the same tree. */
export function print(target: Target): string {
  switch (target.kind) {
    case 'all':
      return '*';
    case 'none':
      return 'not *';
    case 'glob':
      return quoted(target.pattern);
    case 'list':
      return target.ids.length === 1 && !isOperator(target.ids[0] as string)
        ? (target.ids[0] as string)
        : `L@${target.ids.join(',')}`;
    case 'regex':
      return `E@${quoted(target.pattern)}`;
    case 'address':
      return `S@${target.network}`;
    case 'group':
      return `N@${quoted(target.name)}`;
    case 'fact':
      return printFact(target);
    case 'not':
      return `not ${inner(target.item)}`;
    case 'and':
    case 'or':
      return target.items.map(inner).join(` ${target.kind} `);
  }
}

function inner(target: Target): string {
  const text = print(target);
  return target.kind === 'and' || target.kind === 'or' ? `(${text})` : text;
}

function printFact({ of, how, text, valueAt = 0, delimiter }: FactTarget): string {
  const isRegex = how === 'regex' || how === 'match';
  const letter = of === 'facts' ? (isRegex ? 'P' : 'G') : isRegex ? 'J' : 'I';
  const separator = delimiter === ':' ? '' : delimiter;
  const value = isComparison(how) ? `${text.slice(0, valueAt)}${how}${text.slice(valueAt)}` : text;
  return `${letter}${separator}@${quoted(value)}`;
}

function isOperator(id: string): boolean {
  return /^(and|or|not)$/i.test(id);
}

/** In quotes when the reader would otherwise see the end of the word in it. */
function quoted(value: string): string {
  if (!/[\s()"']/.test(value)) return value;
  const quote = value.includes('"') && !value.includes("'") ? "'" : '"';
  // A backslash before the closing quote would escape it.
  const end = value.length - (/\\+$/.exec(value)?.[0].length ?? 0);
  return `${quote}${value.slice(0, end).replaceAll(quote, `\\${quote}`)}${quote}${value.slice(end)}`;
}
