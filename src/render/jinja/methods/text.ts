import { encodeText } from '../bytes.ts';
import { typeError, valueError } from '../errors.ts';
import { formatBraces } from '../format/braces.ts';
import { toIndex } from '../numbers.ts';
import { iterate } from '../operators.ts';
import { str, unprintable } from '../print.ts';
import { boundText } from '../sizes.ts';
import {
  capitalize,
  characterCount,
  characterSlice,
  characters,
  escaped,
  isCased,
  isLower,
  isUpper,
  splitLines,
  strip,
  stripTags,
  textArgument,
  titleCase,
  unescapeHtml,
  whitespace,
} from '../text.ts';
import { Dict, isText, like, Markup, Tuple, typeName, Undefined, type Value } from '../values.ts';
import { methodTable } from './table.ts';

type Text = string | Markup;
const where = 'sub, start=None, end=None, /';
const padded = "width, fillchar=' ', /";

type TextMethod = readonly [signature: string, run: (self: Text, ...values: Value[]) => Value];

export const textMethods = methodTable<Text>(
  {
    ...changes({
      upper: (text) => text.toUpperCase(),
      lower: (text) => text.toLowerCase(),
      casefold: (text) => [...text].map(foldCharacter).join(''),
      capitalize,
      title,
      swapcase: (text) => [...text].map(swapCase).join(''),
    }),
    ...questions({
      isdigit: (text) => /^[\p{Nd}²³¹\u2070\u2074-\u2079\u2080-\u2089]+$/u.test(text),
      isdecimal: (text) => /^\p{Nd}+$/u.test(text),
      isnumeric: (text) => /^\p{N}+$/u.test(text),
      isalpha: (text) => /^\p{L}+$/u.test(text),
      isalnum: (text) => /^[\p{L}\p{N}]+$/u.test(text),
      isspace: (text) => text !== '' && strip(text, undefined) === '',
      islower: isLower,
      isupper: isUpper,
      istitle: isTitle,
      isidentifier: (text) => /^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(text),
      isprintable: (text) => !unprintable.test(text),
      isascii: (text) => !/[^\0-\x7f]/.test(text),
    }),
    strip: ['chars=None, /', (self, chars = null) => like(self, strip(str(self), optional(chars)))],
    lstrip: ['chars=None, /', (self, chars = null) => like(self, strip(str(self), optional(chars), 'left'))],
    rstrip: ['chars=None, /', (self, chars = null) => like(self, strip(str(self), optional(chars), 'right'))],
    removeprefix: ['prefix, /', (self, prefix = null) => like(self, removePrefix(str(self), textArgument(prefix)))],
    removesuffix: ['suffix, /', (self, suffix = null) => like(self, removeSuffix(str(self), textArgument(suffix)))],
    split: [
      'sep=None, maxsplit=-1',
      (self, sep = null, most = -1) => parts(self, split(str(self), optional(sep), toIndex(most))),
    ],
    rsplit: [
      'sep=None, maxsplit=-1',
      (self, sep = null, most = -1) => parts(self, rsplit(str(self), optional(sep), toIndex(most))),
    ],
    splitlines: [
      'keepends=False',
      (self, keepEnds = false) => parts(self, splitLines(str(self), toIndex(keepEnds) !== 0)),
    ],
    partition: ['sep, /', (self, sep = null) => new Tuple(parts(self, partition(str(self), separator(sep))))],
    rpartition: ['sep, /', (self, sep = null) => new Tuple(parts(self, rpartition(str(self), separator(sep))))],
    join: ['iterable, /', (self, items = []) => join(self, items)],
    replace: [
      'old, new, count=-1, /',
      (self, old = null, by = null, most = -1) => replace(self, old, by, toIndex(most)),
    ],
    startswith: [
      'prefix, start=None, end=None, /',
      (self, prefix = null, start = null, end = null) => anyAffix(part(self, start, end), prefix, 'startsWith'),
    ],
    endswith: [
      'suffix, start=None, end=None, /',
      (self, suffix = null, start = null, end = null) => anyAffix(part(self, start, end), suffix, 'endsWith'),
    ],
    find: [where, (self, sub = null, start = null, end = null) => find(self, sub, start, end)],
    rfind: [where, (self, sub = null, start = null, end = null) => find(self, sub, start, end, 'last')],
    index: [where, (self, sub = null, start = null, end = null) => found(find(self, sub, start, end))],
    rindex: [where, (self, sub = null, start = null, end = null) => found(find(self, sub, start, end, 'last'))],
    count: [where, (self, sub = null, start = null, end = null) => count(part(self, start, end), textArgument(sub))],
    center: [padded, (self, width = 0, fill = ' ') => like(self, center(str(self), boundedWidth(width), filler(fill)))],
    ljust: [padded, (self, width = 0, fill = ' ') => like(self, str(self) + padding(self, width, fill))],
    rjust: [padded, (self, width = 0, fill = ' ') => like(self, padding(self, width, fill) + str(self))],
    zfill: ['width, /', (self, width = 0) => like(self, zeroFill(self, width))],
    expandtabs: ['tabsize=8', (self, size = 8) => like(self, expandTabs(str(self), toIndex(size)))],
    format: [
      '*rest, **named',
      (self, rest = null, named = null) => like(self, formatBraces(self, itemsOf(rest), named)),
    ],
    format_map: ['mapping, /', (self, mapping = null) => like(self, formatBraces(self, [], mapping))],
    encode: [
      "encoding='utf-8', errors='strict'",
      (self, encoding = null, errors = null) => encodeText(str(self), textArgument(encoding), textArgument(errors)),
    ],
    translate: ['table, /', (self, table = null) => like(self, translate(str(self), table))],
    maketrans: ['x, *others', (_self, from = null, others = null) => translationTable(from, itemsOf(others))],
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

function optional(value: Value): string | undefined {
  return value === null ? undefined : textArgument(value);
}

function separator(value: Value): string {
  const text = textArgument(value);
  if (text === '') throw valueError('empty separator');
  return text;
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
      const changed = afterLetter ? character.toLowerCase() : titleCase(character);
      afterLetter = isCased(character);
      return changed;
    })
    .join('');
}

function swapCase(character: string): string {
  const upper = character.toUpperCase();
  return character === upper ? character.toLowerCase() : upper;
}

// JavaScript cannot fold case: a capital letter in lower case comes close, but for the i without a dot.
function foldCharacter(character: string): string {
  return character === 'ı' ? character : character.toUpperCase().toLowerCase();
}

/** Whether every word begins with a capital letter and has no other. */
function isTitle(text: string): boolean {
  if (!/\p{Cased}/u.test(text)) return false;
  return !/\p{Cased}[\p{Uppercase}\p{Lt}]|(?<!\p{Cased})\p{Lowercase}/u.test(text);
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
    const gap = whitespace.exec(rest);
    if (gap === null) break;
    words.push(rest.slice(0, gap.index));
    rest = rest.slice(gap.index + gap[0].length);
  }
  return rest === '' ? words : [...words, rest];
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
  return like(self, pieces.join(str(self)));
}

function replace(self: Text, old: Value, by: Value, most: number): Value {
  const [pattern, replacement] = self instanceof Markup && isText(by) ? [old, escaped(by)] : [old, textArgument(by)];
  return like(self, replaceText(str(self), textArgument(pattern), replacement, most));
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

/** The characters between two indices; undefined when they are the wrong way round, where not even "" is found. */
function part(self: Text, start: Value, end: Value): string | undefined {
  const text = str(self);
  if (start === null && end === null) return text;
  const length = characterCount(text);
  const at = (value: Value, fallback: number): number => {
    const index = value === null ? fallback : toIndex(value);
    return index < 0 ? Math.max(0, index + length) : index;
  };
  const [from, to] = [at(start, 0), Math.min(at(end, length), length)];
  return from > to ? undefined : characterSlice(text, from, to);
}

function anyAffix(text: string | undefined, affix: Value, test: 'startsWith' | 'endsWith'): boolean {
  if (affix instanceof Tuple) return affix.items.some((each) => text?.[test](textArgument(each)));
  if (isText(affix)) return text?.[test](str(affix)) ?? false;
  if (affix instanceof Undefined) throw affix.error();
  const name = test.toLowerCase();
  throw typeError(`${name} first arg must be str or a tuple of str, not ${typeName(affix)}`);
}

function find(self: Text, sub: Value, start: Value, end: Value, which: 'first' | 'last' = 'first'): number {
  const [text, wanted] = [part(self, start, end), textArgument(sub)];
  if (text === undefined) return -1;
  const at = which === 'first' ? text.indexOf(wanted) : text.lastIndexOf(wanted);
  if (at < 0) return -1;
  const skipped = characterCount(str(self)) - characterCount(part(self, start, null) ?? '');
  return characterCount(text.slice(0, at)) + skipped;
}

function found(index: number): number {
  if (index < 0) throw valueError('substring not found');
  return index;
}

function count(text: string | undefined, sub: string): number {
  if (text === undefined) return 0;
  return sub === '' ? characterCount(text) + 1 : text.split(sub).length - 1;
}

export function center(text: string, width: number, fill = ' '): string {
  const missing = Math.max(0, width - characterCount(text));
  // CPython puts the odd space on the left when both the gap and the width are odd.
  const left = Math.floor(missing / 2) + (missing & width & 1);
  return fill.repeat(left) + text + fill.repeat(missing - left);
}

function filler(value: Value): string {
  const character = textArgument(value);
  if (characterCount(character) !== 1) throw typeError('The fill character must be exactly one character long');
  return character;
}

function padding(self: Text, width: Value, fill: Value): string {
  return filler(fill).repeat(Math.max(0, boundedWidth(width) - characterCount(str(self))));
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

/** Python's `str.maketrans`: a map of characters, or two texts of the same length and one of what goes. */
function translationTable(from: Value, [to, gone]: readonly Value[]): Dict {
  if (to === undefined) {
    if (!(from instanceof Dict)) throw typeError('if you give only one argument to maketrans it must be a dict');
    return new Dict([...from.entries()].map(({ key, value }) => [isText(key) ? codeOf(str(key)) : key, value]));
  }
  const [before, after] = [characters(textArgument(from)), characters(textArgument(to))];
  if (before.length !== after.length) throw valueError('the first two maketrans arguments must have equal length');
  return new Dict([
    ...before.map((character, index): [Value, Value] => [codeOf(character), codeOf(after[index] ?? '')]),
    ...characters(gone === undefined ? '' : textArgument(gone)).map((each): [Value, Value] => [codeOf(each), null]),
  ]);
}

function codeOf(character: string): number {
  if (characterCount(character) !== 1) throw valueError('string keys in translate table must be of length 1');
  return character.codePointAt(0) ?? 0;
}

/** What only Markup has. */
export const markupMethods = methodTable<Markup>(
  {
    unescape: ['', (self) => unescapeHtml(self.text)],
    striptags: ['', (self) => stripTags(self.text)],
  },
  (value) => value instanceof Markup,
);
