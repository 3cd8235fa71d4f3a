import { type Position, syntaxError } from './syntax.ts';

export type Token =
  | { readonly kind: '(' | ')' | 'and' | 'or' | 'not' | 'end'; readonly at: number }
  | { readonly kind: 'word'; readonly text: string; readonly at: number };

const operators: ReadonlySet<string> = new Set(['and', 'or', 'not']);

/**
 * Words, operators in any case, and parentheses with or without space around them. A parenthesis inside a word belongs
 * to it (`E@(a|b)`), as do spaces and parentheses between quotes (`G@os.name:"Debian GNU/Linux"`).
 */
export function tokenize(text: string, group?: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    const character = text[at] as string;
    if (/\s/.test(character)) {
      at++;
    } else if (character === '(' || character === ')') {
      tokens.push({ kind: character, at });
      at++;
    } else {
      const word = readWord({ text, offset: at, group });
      const operator = word.quoted ? '' : word.value.toLowerCase();
      if (operators.has(operator)) tokens.push({ kind: operator as 'and' | 'or' | 'not', at });
      else tokens.push({ kind: 'word', text: word.value, at });
      at = word.end;
    }
  }
  return [...tokens, { kind: 'end', at: text.length }];
}

function readWord(start: Position): { value: string; end: number; quoted: boolean } {
  const { text } = start;
  const isRegex = /^[EPJ]\S?@/.test(text.slice(start.offset));
  let [value, at, depth, quoted] = ['', start.offset, 0, false];
  while (at < text.length) {
    const character = text[at] as string;
    if (/\s/.test(character)) break;
    if (character === ')' && depth === 0) break;
    // `not(…)` is an operator, whatever stands next to it.
    if (character === '(' && !quoted && operators.has(value.toLowerCase())) break;
    if (character === '"' || character === "'") {
      const end = quoteEnd({ ...start, offset: at });
      value += text.slice(at + 1, end).replaceAll(`\\${character}`, character);
      at = end + 1;
      quoted = true;
      continue;
    }
    const length = isRegex ? opaqueLength(text, at) : 1;
    if (length === 1 && character === '(') depth++;
    if (length === 1 && character === ')') depth--;
    value += text.slice(at, at + length);
    at += length;
  }
  return { value, end: at, quoted };
}

/** Characters of a regex whose parentheses do not count: an escape, a class. */
function opaqueLength(text: string, at: number): number {
  if (text[at] === '\\') return 2;
  if (text[at] !== '[') return 1;
  return text.slice(at).match(/^\[\^?\]?(\\.|[^\]\\\s])*\]/)?.[0].length ?? 1;
}

function quoteEnd(start: Position): number {
  const { text, offset } = start;
  const quote = text[offset];
  for (let at = offset + 1; at < text.length; at++) {
    if (text[at] === '\\' && text[at + 1] === quote) at++;
    else if (text[at] === quote) return at;
  }
  throw syntaxError({
    ...start,
    reason: `the quote (${quote}) is not closed`,
    hint: `Close it, or put the whole value between ${quote === '"' ? "'" : '"'} when it holds one`,
  });
}
