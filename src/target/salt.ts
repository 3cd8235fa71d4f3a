import { compileNetwork } from './address.ts';
import { compileRegex, fromStart } from './regex.ts';
import { dotted, type ParseOptions, type Target } from './syntax.ts';

type Groups = NonNullable<ParseOptions['groups']>;

const none: Target = { kind: 'none' };

/** A pattern whose one bracket negates by `!` only, as in Python: the caret is moved from the front. */
const glob = (pattern: string): Target =>
  pattern === '*' ? { kind: 'all' } : { kind: 'glob', pattern: dotted(pattern.replaceAll(/\[\^([^\]]+)\]/g, '[$1^]')) };

/** Reads an expression as Salt's minion does: what it logs an error about chooses nothing. */
export function parseSalt(text: string, { type = 'compound', delimiter = ':', groups = {} }: ParseOptions): Target {
  switch (type) {
    case 'compound':
      return compound(text, groups);
    case 'glob':
      return glob(text);
    case 'list':
      return list(text);
    case 'nodegroup':
      return compound(`N@${text}`, groups);
    default:
      return Object.hasOwn(lettersOfType, type) ? leaf(lettersOfType[type], text, delimiter) : none;
  }
}

const lettersOfType = {
  pcre: 'E',
  grain: 'G',
  grain_pcre: 'P',
  pillar: 'I',
  pillar_pcre: 'J',
  pillar_exact: 'X',
  ipcidr: 'S',
};

const words: ReadonlySet<string> = new Set(['and', 'or', 'not', '(', ')']);

/** Raised while reading, never outside: the whole expression chooses nothing. */
const unreadable = new Error('unreadable');

function compound(text: string, groups: Groups): Target {
  try {
    const tokens = checked(expand(wordsOf(text), groups, []));
    let at = 0;
    const either = (): Target => {
      const items = [both()];
      while (tokens[at] === 'or' && ++at) items.push(both());
      return items.length === 1 ? (items[0] as Target) : { kind: 'or', items };
    };
    const both = (): Target => {
      const items = [single()];
      while (tokens[at] === 'and' && ++at) items.push(single());
      return items.length === 1 ? (items[0] as Target) : { kind: 'and', items };
    };
    const single = (): Target => {
      const token = tokens[at++];
      if (token === 'not') return { kind: 'not', item: single() };
      if (token === '(') {
        // Salt leaves the reading to Python, where empty parentheses are a thing, and false.
        if (tokens[at] === ')' && ++at) return none;
        const inner = either();
        if (tokens[at++] !== ')') throw unreadable;
        return inner;
      }
      if (token === undefined || typeof token === 'string') throw unreadable;
      return token;
    };
    const target = either();
    return at === tokens.length ? target : none;
  } catch (error) {
    if (error === unreadable) return none;
    throw error;
  }
}

type SaltToken = string | Target;

/** Operators as they are, everything else as a target; nodegroups in parentheses, in place. */
function expand(expression: readonly string[], groups: Groups, path: readonly string[]): SaltToken[] {
  return expression.flatMap((word): SaltToken[] => {
    if (words.has(word)) return [word];
    const [, letter = '', delimiter, value = ''] = word.match(/^([GPIJLNSER])(?:(?<=[GPIJ])(.))?@(.+)$/) ?? [];
    if (letter === '') return [glob(word)];
    if (letter === 'R') throw unreadable;
    if (letter === 'L') return [list(value)];
    if (letter !== 'N') return [leaf(letter, value, delimiter ?? ':')];
    const body = Object.hasOwn(groups, value) ? groups[value] : undefined;
    // Salt expands an unknown group, or one inside itself, to nothing at all, and what is left decides.
    if (body === undefined || path.includes(value)) return [];
    const inner = expand(wordsOfGroup(body), groups, [...path, value]);
    return inner.length === 0 ? [] : ['(', ...inner, ')'];
  });
}

function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '');
}

/** A group that is nothing but names, without a wildcard, is a list of ids; with characters of a regex it is one regex. */
function wordsOfGroup(body: string | readonly string[]): readonly string[] {
  const all = typeof body === 'string' ? wordsOf(body) : body.map(String);
  if (all.some((word) => words.has(word) || word.includes('*') || /^[A-Z]@/.test(word))) return all;
  return [`${all.some((word) => /[()[\]{}\\?]/.test(word)) ? 'E' : 'L'}@${all.join(',')}`];
}

/** Salt's own checks while it joins the words: a binary operator may not come first, and `A not B` gains an "and". */
function checked(tokens: readonly SaltToken[]): SaltToken[] {
  const joined: SaltToken[] = [];
  for (const token of tokens) {
    const before = joined.at(-1);
    const startsGroup = before === undefined || before === '(';
    if ((token === 'and' || token === 'or') && startsGroup) throw unreadable;
    if (token === ')' && before === undefined) throw unreadable;
    if (token === 'not' && before !== undefined && before !== 'and' && before !== 'or' && before !== '(')
      joined.push('and');
    joined.push(token);
  }
  return joined;
}

function list(text: string): Target {
  return { kind: 'list', ids: text.split(',').map(dotted) };
}

function leaf(letter: string, value: string, delimiter: string): Target {
  switch (letter) {
    case 'E':
      return compileRegex(value) ? { kind: 'regex', pattern: fromStart(value) } : none;
    case 'S':
      return compileNetwork(value) ? { kind: 'address', network: value } : none;
    case 'G':
    case 'I':
      return { kind: 'fact', of: letter === 'G' ? 'facts' : 'settings', how: 'glob', text: value, delimiter };
    case 'X':
      return { kind: 'fact', of: 'settings', how: 'exact', text: value, delimiter };
    default:
      return { kind: 'fact', of: letter === 'P' ? 'facts' : 'settings', how: 'match', text: value, delimiter };
  }
}
