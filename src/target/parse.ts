import { didYouMean, type Place, ZesterError } from '#base/errors.ts';
import { isGlob, unclosedBracket } from '#pattern/glob.ts';
import { compileNetwork } from './address.ts';
import { readPattern } from './regex.ts';
import { parseSalt } from './salt.ts';
import {
  type Comparison,
  dotted,
  type FactTarget,
  groupExpression,
  letters,
  type ParseOptions,
  type Position,
  placeOf,
  syntaxError,
  type Target,
} from './syntax.ts';
import { type Token, tokenize } from './tokens.ts';

type Groups = NonNullable<ParseOptions['groups']>;

const maxLength = 16_384;
const maxDepth = 64;

/**
 * Reads a target expression. Native: errors are loud (`TARGET_SYNTAX` with the place and a hint, `TARGET_GROUP_UNKNOWN`,
 * `TARGET_GROUP_CYCLE`). Salt: what Salt cannot read chooses nothing.
 */
export function parse(text: string, options: ParseOptions = {}): Target {
  if (options.dialect === 'salt') return parseSalt(text, options);
  return parseNative(text, options.groups ?? {}, []);
}

function parseNative(text: string, groups: Groups, path: readonly string[]): Target {
  if (text.length > maxLength) {
    const [shown, reason] = [`${text.slice(0, 40)}…`, `it has more than ${maxLength} characters`];
    throw syntaxError({
      text: shown,
      offset: 0,
      group: path.at(-1),
      reason,
      hint: 'Name the peels in a nodegroup and use N@name',
    });
  }
  const group = path.at(-1);
  const tokens = tokenize(text, group);
  let position = 0;
  const peek = () => tokens[position] as Token;
  const fail = (token: Token, reason: string, hint?: string) =>
    syntaxError({ text, offset: token.at, group, reason, hint });

  const either = (depth: number): Target => {
    const items = [both(depth)];
    while (peek().kind === 'or') {
      position++;
      items.push(both(depth));
    }
    return items.length === 1 ? (items[0] as Target) : { kind: 'or', items };
  };

  const both = (depth: number): Target => {
    const items = [single(depth)];
    // `web* not db*` is `web* and not db*`, as in Salt.
    for (let next = peek().kind; next === 'and' || next === 'not'; next = peek().kind) {
      if (next === 'and') position++;
      items.push(single(depth));
    }
    return items.length === 1 ? (items[0] as Target) : { kind: 'and', items };
  };

  const single = (depth: number): Target => {
    const token = peek();
    if (depth > maxDepth) throw fail(token, `it is nested more than ${maxDepth} deep`, 'Split it into nodegroups');
    position++;
    if (token.kind === 'not') return { kind: 'not', item: single(depth + 1) };
    if (token.kind === 'word') return matcher(token.text, { text, offset: token.at, group }, groups, path);
    if (token.kind === '(') return inParentheses(token, depth);
    if (token.kind === 'end') throw fail(token, 'it ends where a target is expected', endHint(tokens));
    throw fail(token, `"${token.kind}" stands where a target is expected`, 'Put a target on both sides');
  };

  const inParentheses = (opening: Token, depth: number): Target => {
    if (peek().kind === ')') throw fail(opening, 'the parentheses are empty', 'Put a target between them');
    const inner = either(depth + 1);
    const closing = peek();
    position++;
    if (closing.kind === ')') return inner;
    if (closing.kind === 'end') throw fail(opening, 'the parenthesis is not closed', 'Add ")"');
    throw fail(closing, 'an operator is missing here', 'Put "and" or "or" between two targets');
  };

  const target = either(0);
  const extra = peek();
  if (extra.kind === 'end') return target;
  if (extra.kind === ')') throw fail(extra, 'this parenthesis closes nothing', 'Remove it, or add "("');
  throw fail(extra, 'an operator is missing here', 'Put "and" or "or" between two targets');
}

function endHint(tokens: readonly Token[]): string {
  return tokens.length === 1 ? 'Write "*" for every peel' : 'Add a target, or remove the last operator';
}

function matcher(word: string, source: Position, groups: Groups, path: readonly string[]): Target {
  const fail = (reason: string, hint?: string, within = 0) =>
    syntaxError({ ...source, offset: source.offset + within, reason, hint });
  const [, letter, delimiter, value = ''] = word.match(/^([A-Za-z])([^\w\s@*])?@(.*)$/s) ?? [];
  if (letter === undefined) return idTarget(word, fail);

  if (!(letter in letters)) {
    const known = Object.entries(letters).map(([each, what]) => `${each}@ ${what}`);
    throw fail(`"${letter}@" is no kind of target`, didYouMeanLetter(letter) ?? `There are ${known.join(', ')}`);
  }
  if (delimiter !== undefined && !'GPIJ'.includes(letter)) {
    throw fail(`"${letter}@" has no path, so it takes no delimiter`, `Write ${letter}@${value}`, 1);
  }
  if (value === '') throw fail(`"${letter}@" has no value`, `Write ${letter}@ and ${letters[letter]}`);

  switch (letter) {
    case 'E':
      return { kind: 'regex', pattern: validRegex(value, fail) };
    case 'L':
      return { kind: 'list', ids: value.split(',').map((id) => listId(id.trim(), fail)) };
    case 'S':
      if (compileNetwork(value)) return { kind: 'address', network: value };
      throw fail(
        `"${value}" is no address and no network`,
        'Write S@10.0.0.7 or S@10.0.0.0/24 with its host bits zero',
        2,
      );
    case 'N':
      return groupTarget(value, placeOf(source), groups, path);
    default:
      return factTarget(letter, value, delimiter ?? ':', fail);
  }
}

type Fail = (reason: string, hint?: string, within?: number) => ZesterError;

function idTarget(word: string, fail: Fail): Target {
  if (word === '*') return { kind: 'all' };
  if (word === '') throw fail('there is nothing between the quotes', 'Write "*" for every peel');
  if (word.includes(',')) throw fail('an id holds no comma', `Write L@${word} for a list of ids`, word.indexOf(','));
  if (word.includes(':')) {
    throw fail('an id holds no colon', `Write G@${word} for a fact, I@${word} for a setting`, word.indexOf(':'));
  }
  const open = unclosedBracket(word);
  if (open !== undefined) throw fail('the bracket is not closed', 'Add "]"', open);
  const odd = word.replaceAll(/\[[^\]]+\]/g, (part) => '*'.repeat(part.length)).search(/[^\w.*?-]/);
  if (odd >= 0) {
    throw fail(`an id holds no "${word[odd]}"`, 'Ids have letters, digits, dots and hyphens; E@ begins a regex', odd);
  }
  return isGlob(word) ? { kind: 'glob', pattern: dotted(word) } : { kind: 'list', ids: [dotted(word)] };
}

function listId(id: string, fail: Fail): string {
  if (id === '') throw fail('the list has an empty id', 'Remove the extra comma', 2);
  if (isGlob(id)) throw fail(`L@ takes exact ids, and "${id}" is a glob`, 'Join globs with "or"', 2);
  if (/[^\w.-]/.test(id)) throw fail(`"${id}" cannot be an id`, 'Ids have letters, digits, dots and hyphens', 2);
  return dotted(id);
}

function validRegex(pattern: string, fail: Fail): string {
  const read = readPattern(pattern);
  if ('test' in read) return pattern;
  throw fail(read.trouble, 'Quote the value when it holds spaces or single parentheses', 2);
}

const operator = /^(>=|<=|!=|>|<)/;

function factTarget(letter: string, value: string, delimiter: string, fail: Fail): FactTarget {
  const of = letter === 'G' || letter === 'P' ? 'facts' : 'settings';
  const at = value.indexOf(delimiter);
  const compared = letter === 'G' || letter === 'I' ? comparison(value, delimiter) : undefined;
  if (compared && compared.text.length === compared.valueAt) {
    throw fail(`"${value}" compares with nothing`, `Write the value behind "${compared.how}"`, 2);
  }
  if (compared) return { kind: 'fact', of, delimiter, ...compared };
  if (at < 0) {
    throw fail(
      `"${value}" has no value: a "${delimiter}" goes between path and value`,
      `Write ${letter}@${value}:* when any value will do`,
      2,
    );
  }
  if (at === 0) throw fail('the path before the colon is empty', `Write ${letter}@path${value}`, 2);
  if (letter === 'G' || letter === 'I') return { kind: 'fact', of, how: 'glob', text: value, delimiter };
  validRegex(value.slice(at + 1), fail);
  return { kind: 'fact', of, how: 'regex', text: value, delimiter };
}

/** `cpu.count:>=4`, `cpu:count:>=4` and `cpu.count>=4` alike. */
function comparison(value: string, delimiter: string): { how: Comparison; text: string; valueAt: number } | undefined {
  for (let at = value.indexOf(delimiter); at > 0; at = value.indexOf(delimiter, at + 1)) {
    const how = value.slice(at + 1).match(operator)?.[0] as Comparison | undefined;
    if (how) return { how, text: value.slice(0, at + 1) + value.slice(at + 1 + how.length), valueAt: at + 1 };
  }
  const [, path, how, wanted] = value.match(/^([^<>=!]+?)(>=|<=|!=|>|<)(.*)$/s) ?? [];
  if (path === undefined || how === undefined || path.includes(delimiter)) return undefined;
  return { how: how as Comparison, text: `${path}${delimiter}${wanted}`, valueAt: path.length + 1 };
}

function groupTarget(name: string, at: Place, groups: Groups, path: readonly string[]): Target {
  const body = Object.hasOwn(groups, name) ? groups[name] : undefined;
  if (body === undefined) {
    const known = Object.keys(groups);
    throw new ZesterError('usage', 'TARGET_GROUP_UNKNOWN', `Cannot use the nodegroup "${name}": it is not defined`, {
      at,
      hint:
        didYouMean(name, known) ??
        (known.length === 0 ? 'Define it under "nodegroups" on the master' : `There are ${known.join(', ')}`),
    });
  }
  if (path.includes(name)) {
    const cycle = [...path, name].join(' → ');
    throw new ZesterError('usage', 'TARGET_GROUP_CYCLE', `Cannot use the nodegroup "${name}": it contains itself`, {
      at,
      hint: `Break the circle ${cycle}`,
    });
  }
  return { kind: 'group', name, target: parseNative(groupExpression(body), groups, [...path, name]) };
}

function didYouMeanLetter(letter: string): string | undefined {
  const upper = letter.toUpperCase();
  if (upper in letters) return `Did you mean "${upper}@"?`;
  return letter === 'R' ? 'Ranges are not supported: write globs such as web[0-9]*' : undefined;
}
