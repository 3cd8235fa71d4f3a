import { typeError } from './errors.ts';
import { Markup, typeName, Undefined, type Value } from './values.ts';

// Python counts characters, JavaScript UTF-16 units: they differ only in texts with characters beyond U+FFFF.
const surrogate = /[\ud800-\udfff]/;

/** The characters of a text, each as Python's `list(text)` gives it. */
export function characters(text: string): readonly string[] {
  return surrogate.test(text) ? Array.from(text) : text.split('');
}

/** An argument that must be text. Throws TEMPLATE_TYPE, as Python does where it converts nothing by itself. */
export function textArgument(value: Value): string {
  if (typeof value === 'string') return value;
  if (value instanceof Markup) return value.text;
  if (value instanceof Undefined) throw value.error();
  throw typeError(`expected str, not ${typeName(value)}`);
}

export function characterCount(text: string): number {
  return surrogate.test(text) ? Array.from(text).length : text.length;
}

/** Characters `[start, end)`. */
export function characterSlice(text: string, start: number, end?: number): string {
  return surrogate.test(text) ? Array.from(text).slice(start, end).join('') : text.slice(start, end);
}

/** Lines as Python's `splitlines` finds them; a break at the end begins no further line. */
export function splitLines(text: string, keepEnds = false): string[] {
  const lines: string[] = [];
  const pattern = /\r\n|[\n\r\v\f\x85\u2028\u2029]/g;
  let start = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    lines.push(text.slice(start, keepEnds ? pattern.lastIndex : match.index));
    start = pattern.lastIndex;
  }
  if (start < text.length) lines.push(text.slice(start));
  return lines;
}

const htmlEntities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  "'": '&#39;',
  '"': '&#34;',
};

export function escapeHtml(text: string): string {
  return text.replace(/[&<>'"]/g, (character) => htmlEntities[character] ?? character);
}

/** Text as it goes into Markup. */
export function escaped(value: string | Markup): string {
  return value instanceof Markup ? value.text : escapeHtml(value);
}

/** Python's `title`, `capitalize` and `swapcase` know a letter by its case. */
export function isCased(character: string): boolean {
  return character.toLowerCase() !== character.toUpperCase();
}

export function capitalize(text: string): string {
  const [first = '', ...rest] = characters(text);
  return first.toUpperCase() + rest.join('').toLowerCase();
}

const whitespaceStart = /^[\s\x85]+/;
const whitespaceEnd = /[\s\x85]+$/;

/** Removes whitespace, or any of `set`'s characters, from the ends Python's `strip`, `lstrip`, `rstrip` name. */
export function strip(text: string, set: string | undefined, side: 'both' | 'left' | 'right' = 'both'): string {
  if (set === undefined) {
    const left = side === 'right' ? text : text.replace(whitespaceStart, '');
    return side === 'left' ? left : stripEnd(left);
  }
  const all = characters(text);
  let start = 0;
  let end = all.length;
  if (side !== 'right') while (start < end && set.includes(all[start] ?? '')) start++;
  if (side !== 'left') while (end > start && set.includes(all[end - 1] ?? '')) end--;
  return all.slice(start, end).join('');
}

// A regular expression would try every run of spaces in the text; the end is found from the end.
export function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && whitespaceEnd.test(text.charAt(end - 1))) end--;
  return text.slice(0, end);
}
