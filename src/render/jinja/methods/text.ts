import { typeError, valueError } from '../errors.ts';
import { formatBraces } from '../format/braces.ts';
import { toIndex } from '../numbers.ts';
import { iterate } from '../operators.ts';
import { str } from '../print.ts';
import { boundText, joined } from '../sizes.ts';
import {
  capitalize,
  characterCount,
  characterSlice,
  characters,
  escaped,
  isCased,
  splitLines,
  strip,
} from '../text.ts';
import { Dict, isText, like, Markup, Tuple, typeName, type Value } from '../values.ts';
import { methodTable } from './table.ts';

type Text = string | Markup;
type TextMethod = readonly [signature: string, run: (self: Text, ...values: Value[]) => Value];

export const textMethods = methodTable<Text>(
  {
    ...changes({
      upper: (text) => text.toUpperCase(),
      lower: (text) => text.toLowerCase(),
      casefold: (text) => text.toLowerCase().replaceAll('ß', 'ss'),
      capitalize,
      title,
      swapcase: (text) => [...text].map(swapCase).join(''),
    }),
    ...questions({
      isdigit: (text) => /^\p{Nd}+$/u.test(text) || /^[\p{Nd}²³¹]+$/u.test(text),
      isdecimal: (text) => /^\p{Nd}+$/u.test(text),
      isnumeric: (text) => /^\p{N}+$/u.test(text),
      isalpha: (text) => /^\p{L}+$/u.test(text),
      isalnum: (text) => /^[\p{L}\p{N}]+$/u.test(text),
      isspace: (text) => /^[\s\x85]+$/.test(text),
      islower: (text) => hasCase(text) && text === text.toLowerCase(),
      isupper: (text) => hasCase(text) && text === text.toUpperCase(),
      istitle: (text) => hasCase(text) && text === title(text),
      isidentifier: (text) => /^[\p{L}_][\p{L}\p{N}_]*$/u.test(text),
      isprintable: (text) => !/\p{C}/u.test(text),
      isascii: (text) => !/[^\0-\x7f]/.test(text),
    }),
    strip: ['chars=None', (self, chars = null) => like(self, strip(str(self), optional(chars)))],
    lstrip: ['chars=None', (self, chars = null) => like(self, strip(str(self), optional(chars), 'left'))],
    rstrip: ['chars=None', (self, chars = null) => like(self, strip(str(self), optional(chars), 'right'))],
    removeprefix: ['prefix', (self, prefix = null) => like(self, removePrefix(str(self), textOf(prefix)))],
    removesuffix: ['suffix', (self, suffix = null) => like(self, removeSuffix(str(self), textOf(suffix)))],
    split: [
      'sep=None, maxsplit=-1',
      (self, sep = null, most = -1) => parts(self, split(str(self), optional(sep), toIndex(most))),
    ],
    rsplit: [
      'sep=None, maxsplit=-1',
      (self, sep = null, most = -1) => parts(self, rsplit(str(self), optional(sep), toIndex(most))),
    ],
    splitlines: ['keepends=False', (self, keepEnds = false) => parts(self, splitLines(str(self), keepEnds === true))],
    partition: ['sep', (self, sep = null) => new Tuple(parts(self, partition(str(self), textOf(sep))))],
    rpartition: ['sep', (self, sep = null) => new Tuple(parts(self, rpartition(str(self), textOf(sep))))],
    join: ['items', (self, items = []) => join(self, items)],
    replace: ['old, new, count=-1', (self, old = null, by = null, most = -1) => replace(self, old, by, toIndex(most))],
    startswith: [
      'prefix, start=0, end=None',
      (self, prefix = null, start = 0, end = null) => anyAffix(part(self, start, end), prefix, 'startsWith'),
    ],
    endswith: [
      'suffix, start=0, end=None',
      (self, suffix = null, start = 0, end = null) => anyAffix(part(self, start, end), suffix, 'endsWith'),
    ],
    find: ['sub, start=0, end=None', (self, sub = null, start = 0, end = null) => find(self, sub, start, end)],
    rfind: ['sub, start=0, end=None', (self, sub = null, start = 0, end = null) => find(self, sub, start, end, 'last')],
    index: ['sub, start=0, end=None', (self, sub = null, start = 0, end = null) => found(find(self, sub, start, end))],
    rindex: [
      'sub, start=0, end=None',
      (self, sub = null, start = 0, end = null) => found(find(self, sub, start, end, 'last')),
    ],
    count: [
      'sub, start=0, end=None',
      (self, sub = null, start = 0, end = null) => count(part(self, start, end), textOf(sub)),
    ],
    center: [
      "width, fill=' '",
      (self, width = 0, fill = ' ') => like(self, center(str(self), boundedWidth(width), textOf(fill))),
    ],
    ljust: ["width, fill=' '", (self, width = 0, fill = ' ') => like(self, str(self) + padding(self, width, fill))],
    rjust: ["width, fill=' '", (self, width = 0, fill = ' ') => like(self, padding(self, width, fill) + str(self))],
    zfill: ['width', (self, width = 0) => like(self, zeroFill(self, width))],
    expandtabs: ['tabsize=8', (self, size = 8) => like(self, expandTabs(str(self), boundedWidth(size)))],
    format: [
      '*rest, **named',
      (self, rest = null, named = null) => like(self, formatBraces(self, itemsOf(rest), named)),
    ],
    format_map: ['mapping', (self, mapping = null) => like(self, formatBraces(self, [], mapping))],
    encode: ["encoding='utf-8', errors='strict'", (self) => str(self)],
    translate: ['table', (self, table = null) => like(self, translate(str(self), table))],
  },
  isText,
);

function changes(table: Readonly<Record<string, (text: string) => string>>): Record<string, TextMethod> {
  const methods = Object.entries(table).map(([name, change]): [string, TextMethod] => [
    name,
    ['', (self) => like(self, change(str(self)))],
  ]);
  return Object.fromEntries(methods);
}

function questions(table: Readonly<Record<string, (text: string) => boolean>>): Record<string, TextMethod> {
  const methods = Object.entries(table).map(([name, ask]): [string, TextMethod] => [
    name,
    ['', (self) => ask(str(self))],
  ]);
  return Object.fromEntries(methods);
}

function textOf(value: Value): string {
  if (isText(value)) return str(value);
  throw typeError(`must be str, not ${typeName(value)}`);
}

function optional(value: Value): string | undefined {
  return value === null ? undefined : textOf(value);
}

function parts(self: Text, texts: readonly string[]): (string | Markup)[] {
  return texts.map((text) => like(self, text));
}

function itemsOf(tuple: Value): readonly Value[] {
  return tuple instanceof Tuple ? tuple.items : [];
}

export function title(text: string): string {
  let afterLetter = false;
  return [...text]
    .map((character) => {
      const changed = afterLetter ? character.toLowerCase() : character.toUpperCase();
      afterLetter = isCased(character);
      return changed;
    })
    .join('');
}

function swapCase(character: string): string {
  const upper = character.toUpperCase();
  return character === upper ? character.toLowerCase() : upper;
}

function hasCase(text: string): boolean {
  return text.toLowerCase() !== text.toUpperCase();
}

function removePrefix(text: string, prefix: string): string {
  return text.startsWith(prefix) ? text.slice(prefix.length) : text;
}

function removeSuffix(text: string, suffix: string): string {
  return suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
}

function split(text: string, separator: string | undefined, most: number): string[] {
  if (separator === undefined) return splitWords(text, most);
  if (separator === '') throw valueError('empty separator');
  const all = text.split(separator);
  if (most < 0 || all.length <= most + 1) return all;
  return [...all.slice(0, most), all.slice(most).join(separator)];
}

function splitWords(text: string, most: number): string[] {
  const words: string[] = [];
  let rest = strip(text, undefined, 'left');
  while (rest !== '' && (most < 0 || words.length < most)) {
    const gap = /[\s\x85]+/.exec(rest);
    if (gap === null) break;
    words.push(rest.slice(0, gap.index));
    rest = rest.slice(gap.index + gap[0].length);
  }
  return rest === '' ? words : [...words, words.length === most ? strip(rest, undefined, 'right') : rest];
}

function rsplit(text: string, separator: string | undefined, most: number): string[] {
  if (separator === '') throw valueError('empty separator');
  const all = split(text, separator, -1);
  if (most < 0 || all.length <= most + 1) return all;
  const kept = all.slice(all.length - most);
  if (separator !== undefined) return [all.slice(0, all.length - most).join(separator), ...kept];
  let head = strip(text, undefined, 'right');
  for (const word of kept.toReversed()) head = strip(head.slice(0, head.length - word.length), undefined, 'right');
  return [strip(head, undefined, 'left'), ...kept];
}

function partition(text: string, separator: string): [string, string, string] {
  const at = text.indexOf(separator);
  if (at < 0) return [text, '', ''];
  return [text.slice(0, at), separator, text.slice(at + separator.length)];
}

function rpartition(text: string, separator: string): [string, string, string] {
  const at = text.lastIndexOf(separator);
  if (at < 0) return ['', '', text];
  return [text.slice(0, at), separator, text.slice(at + separator.length)];
}

function join(self: Text, items: Value): Value {
  const pieces = Array.from(iterate(items), (item, index) => {
    if (self instanceof Markup) return isText(item) ? escaped(item) : escaped(str(item));
    if (!isText(item)) throw typeError(`sequence item ${index}: expected str instance, ${typeName(item)} found`);
    return str(item);
  });
  return like(self, joined(pieces, str(self)));
}

function replace(self: Text, old: Value, by: Value, most: number): Value {
  const [pattern, replacement] = self instanceof Markup && isText(by) ? [old, escaped(by)] : [old, textOf(by)];
  return like(self, replaceText(str(self), textOf(pattern), replacement, most));
}

/** Replaces the first `most` occurrences, or all when it is negative. */
export function replaceText(text: string, old: string, by: string, most: number): string {
  boundText(text.length + occurrences(text, old, most) * Math.max(0, by.length - old.length));
  if (most < 0)
    return old === '' ? [by, ...characters(text).map((each) => each + by)].join('') : text.replaceAll(old, () => by);
  if (old === '')
    return (
      characters(text)
        .map((each, index) => (index < most ? by + each : each))
        .join('') + (most > characterCount(text) ? by : '')
    );
  const all = text.split(old);
  const replaced = all.slice(0, most + 1).join(by);
  return all.length > most + 1 ? [replaced, ...all.slice(most + 1)].join(old) : replaced;
}

/** At most, without making anything of them. */
function occurrences(text: string, old: string, most: number): number {
  const all = old === '' ? text.length + 1 : text.split(old).length - 1;
  return most < 0 ? all : Math.min(all, most);
}

function part(self: Text, start: Value, end: Value): string {
  const text = str(self);
  if (start === 0 && end === null) return text;
  const length = characterCount(text);
  const at = (value: Value, fallback: number): number => {
    const index = value === null ? fallback : toIndex(value);
    return index < 0 ? Math.max(0, index + length) : Math.min(index, length);
  };
  return characterSlice(text, at(start, 0), at(end, length));
}

function anyAffix(text: string, affix: Value, test: 'startsWith' | 'endsWith'): boolean {
  if (affix instanceof Tuple) return affix.items.some((each) => text[test](textOf(each)));
  if (isText(affix)) return text[test](str(affix));
  const name = test.toLowerCase();
  throw typeError(`${name} first arg must be str or a tuple of str, not ${typeName(affix)}`);
}

function find(self: Text, sub: Value, start: Value, end: Value, which: 'first' | 'last' = 'first'): number {
  const text = part(self, start, end);
  const at = which === 'first' ? text.indexOf(textOf(sub)) : text.lastIndexOf(textOf(sub));
  if (at < 0) return -1;
  const skipped = characterCount(str(self)) - characterCount(part(self, start, null));
  return characterCount(text.slice(0, at)) + skipped;
}

function found(index: number): number {
  if (index < 0) throw valueError('substring not found');
  return index;
}

function count(text: string, sub: string): number {
  return sub === '' ? characterCount(text) + 1 : text.split(sub).length - 1;
}

export function center(text: string, width: number, fill = ' '): string {
  const missing = Math.max(0, width - characterCount(text));
  // CPython puts the odd space on the left when both the gap and the width are odd.
  const left = Math.floor(missing / 2) + (missing & width & 1);
  return fill.repeat(left) + text + fill.repeat(missing - left);
}

function padding(self: Text, width: Value, fill: Value): string {
  const character = textOf(fill);
  if (characterCount(character) !== 1) throw typeError('The fill character must be exactly one character long');
  return character.repeat(Math.max(0, boundedWidth(width) - characterCount(str(self))));
}

function zeroFill(self: Text, width: Value): string {
  const text = str(self);
  const zeros = '0'.repeat(Math.max(0, boundedWidth(width) - characterCount(text)));
  return /^[+-]/.test(text) ? text.charAt(0) + zeros + text.slice(1) : zeros + text;
}

// A width in a template is for columns, not for filling memory.
export function boundedWidth(width: Value): number {
  const columns = toIndex(width);
  if (columns > 1_000_000) throw valueError('the width is too large');
  return columns;
}

function expandTabs(text: string, size: number): string {
  boundText(text.length + (text.split('\t').length - 1) * Math.max(0, size));
  let column = 0;
  return [...text]
    .map((character) => {
      if (character === '\t') {
        const spaces = size > 0 ? size - (column % size) : 0;
        column += spaces;
        return ' '.repeat(spaces);
      }
      column = character === '\n' || character === '\r' ? 0 : column + 1;
      return character;
    })
    .join('');
}

function translate(text: string, table: Value): string {
  if (!(table instanceof Dict)) throw typeError('translate needs a map from character codes');
  return [...text]
    .map((character) => {
      const by = table.get(character.codePointAt(0) ?? 0);
      if (by === undefined) return character;
      if (by === null) return '';
      return isText(by) ? str(by) : String.fromCodePoint(toIndex(by));
    })
    .join('');
}
