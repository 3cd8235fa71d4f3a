import { syntaxError } from './syntax.ts';

export type Token =
  | { readonly kind: '(' | ')' | 'and' | 'or' | 'not' | 'end'; readonly at: number }
  | { readonly kind: 'word'; readonly text: string; readonly at: number };

const operators: ReadonlySet<string> = new Set(['and', 'or', 'not']);

/**
 * Words, operators in any case, and parentheses with or without space around them. A parenthesis inside a word belongs
 * to it (`E@(a|b)`), as do spaces and parentheses between quotes (`G@os.name:"Debian GNU/Linux"`).
 */
export function tokenize(text: string): Token[] {
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
      const word = readWord(text, at);
      const operator = word.quoted ? '' : word.value.toLowerCase();
      if (operators.has(operator)) tokens.push({ kind: operator as 'and' | 'or' | 'not', at });
      else tokens.push({ kind: 'word', text: word.value, at });
      at = word.end;
    }
  }
  return [...tokens, { kind: 'end', at: text.length }];
}

function readWord(text: string, start: number): { value: string; end: number; quoted: boolean } {
  const isRegex = /^[EPJ]\S?@/.test(text.slice(start));
  let [value, at, depth, quoted] = ['', start, 0, false];
  while (at < text.length) {
    const character = text[at] as string;
    if (/\s/.test(character)) break;
    if (character === ')' && depth === 0) break;
    // `not(…)` is an operator, whatever stands next to it.
    if (character === '(' && !quoted && operators.has(value.toLowerCase())) break;
    if (character === '"' || character === "'") {
      const end = quoteEnd(text, at);
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

function quoteEnd(text: string, start: number): number {
  const quote = text[start];
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\' && text[at + 1] === quote) at++;
    else if (text[at] === quote) return at;
  }
  throw syntaxError({
    text,
    offset: start,
    reason: `the quote (${quote}) is not closed`,
    hint: `Close it, or put the whole value between ${quote === '"' ? "'" : '"'} when it holds one`,
  });
}
