import { compile, type Subject } from './match.ts';
import { print } from './print.ts';
import type { FactTarget, Target } from './syntax.ts';

/** The target in words, one condition a line, so that a person sees what precedence and quoting made of it. */
export function explain(target: Target): string {
  return lines(target, 0, () => '').join('\n');
}

/** The same with yes or no before each condition, for one peel. */
export function explainFor(target: Target, subject: Subject): string {
  return lines(target, 0, (each) => (compile(each)(subject) ? 'yes  ' : 'no   ')).join('\n');
}

function lines(target: Target, depth: number, mark: (target: Target) => string): string[] {
  const line = (text: string) => `${mark(target)}${'  '.repeat(depth)}${text}`;
  switch (target.kind) {
    case 'and':
      return [line('all of'), ...target.items.flatMap((item) => lines(item, depth + 1, mark))];
    case 'or':
      return [line('any of'), ...target.items.flatMap((item) => lines(item, depth + 1, mark))];
    case 'not':
      return [line('not'), ...lines(target.item, depth + 1, mark)];
    case 'group':
      return [line(`the nodegroup ${target.name}, which is`), ...lines(target.target, depth + 1, mark)];
    default:
      return [line(condition(target))];
  }
}

function condition(target: Exclude<Target, { kind: 'and' | 'or' | 'not' | 'group' }>): string {
  switch (target.kind) {
    case 'all':
      return 'every peel';
    case 'none':
      return 'no peel';
    case 'glob':
      return `the id matches ${target.pattern}`;
    case 'list':
      return target.ids.length === 1 ? `the id is ${target.ids[0]}` : `the id is one of ${target.ids.join(', ')}`;
    case 'regex':
      return `the id has a match of /${target.pattern}/`;
    case 'address':
      return `an address is in ${target.network}`;
    case 'fact':
      return `the ${target.of === 'facts' ? 'fact' : 'setting'} ${factCondition(target)}`;
  }
}

function factCondition(target: FactTarget): string {
  const { how, text, valueAt, delimiter } = target;
  const at = valueAt ?? text.lastIndexOf(delimiter) + 1;
  const [path, value] = [text.slice(0, at - 1), text.slice(at)];
  if (how === 'regex' || how === 'match') return `matches ${print(target)}`;
  if (how === 'glob') return value === '*' ? `${path} exists` : `${path} is ${value}`;
  return how === 'exact' ? `${path} is exactly ${value}` : `${path} ${how} ${value}`;
}
