import { typeError, valueError } from '../errors.ts';
import { formatPercent } from '../format/percent.ts';
import { pairsOf } from '../methods/dict.ts';
import { boundedWidth, center, replaceText } from '../methods/text.ts';
import { toIndex } from '../numbers.ts';
import { truthy } from '../operators.ts';
import { str } from '../print.ts';
import { boundText } from '../sizes.ts';
import { capitalize, characterCount, characterSlice, escapeHtml, splitLines, strip, textArgument } from '../text.ts';
import { Dict, isText, like, Markup, Tuple, typeName, Undefined, type Value } from '../values.ts';
import { filterTable } from './table.ts';
import { urlize, wordWrap, xmlAttributes } from './web.ts';

type Text = string | Markup;

export const textFilters = filterTable({
  upper: ['s', (s = null) => keep(s, (text) => text.toUpperCase())],
  lower: ['s', (s = null) => keep(s, (text) => text.toLowerCase())],
  capitalize: ['s', (s = null) => keep(s, capitalize)],
  title: ['s', (s = null) => keep(s, titleWords)],
  trim: [
    'value, chars=None',
    (value = null, chars = null) => keep(value, (text) => strip(text, chars === null ? undefined : str(chars))),
  ],
  center: ['value, width=80', (value = null, width = 80) => keep(value, (text) => center(text, boundedWidth(width)))],
  string: ['value', (value = null) => soft(value)],
  escape: ['s', (s = null) => toMarkup(s)],
  e: ['s', (s = null) => toMarkup(s)],
  forceescape: ['value', (value = null) => new Markup(escapeHtml(str(value)))],
  safe: ['value', (value = null) => new Markup(str(value))],
  striptags: ['value', (value = null) => stripTags(str(value))],
  replace: [
    's, old, new, count=None',
    (s = null, old = null, by = null, count = null) =>
      replaceText(str(s), str(old), str(by), count === null ? -1 : toIndex(count)),
  ],
  indent: [
    's, width=4, first=False, blank=False',
    (s = null, width = 4, first = false, blank = false) =>
      indent(s instanceof Markup ? s : textArgument(s), { width, first: truthy(first), blank: truthy(blank) }),
  ],
  truncate: [
    "s, length=255, killwords=False, end='...', leeway=None",
    (s = null, length = 255, kill = false, end = '...', leeway = null) =>
      truncate(textFor('truncate', s), {
        length: toIndex(length),
        kill: truthy(kill),
        end: str(end),
        leeway: leeway === null ? 5 : toIndex(leeway),
      }),
  ],
  wordcount: ['s', (s = null) => str(s).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0],
  wordwrap: [
    's, width=79, break_long_words=True, wrapstring=None, break_on_hyphens=True',
    (s = null, width = 79, breakLong = true, wrap = null, hyphens = true) =>
      wordWrap(textFor('wordwrap', s), {
        width: toIndex(width),
        breakLong: truthy(breakLong),
        wrap: wrap === null ? '\n' : str(wrap),
        hyphens: truthy(hyphens),
      }),
  ],
  format: ['value, *rest, **named', (value = null, rest = null, named = null) => format(value, rest, named)],
  urlencode: ['value', (value = null) => urlEncode(value)],
  urlize: [
    'value, trim_url_limit=None, nofollow=False, target=None, rel=None, extra_schemes=None',
    (value = null, limit = null) => urlize(str(value), limit === null ? undefined : toIndex(limit)),
  ],
  xmlattr: ['d, autospace=True', (d = null, autospace = true) => xmlAttributes(d, truthy(autospace))],
  quote: ['text', (text = null) => shellQuote(str(text))],
  to_snake_case: [
    'camel_input',
    (text = null) =>
      str(text)
        .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
        .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
        .toLowerCase(),
  ],
  to_camelcase: ['snake_input, uppercamel=False', (text = null, upper = false) => camelCase(str(text), truthy(upper))],
  contains_whitespace: ['text', (text = null) => /\s/.test(textFor('contains_whitespace', text))],
  to_bytes: ["s, encoding='utf-8', errors='strict'", (s = null) => soft(s)],
  mask: [
    "text, char='*', keep=0",
    (text = null, character = '*', kept = 0) => mask(str(text), str(character), toIndex(kept)),
  ],
  skip: ['data', () => ''],
});

/** Markup as it is, anything else as text. */
function soft(value: Value): Text {
  return value instanceof Markup ? value : str(value);
}

function keep(value: Value, change: (text: string) => string): Value {
  const text = soft(value);
  return like(text, change(str(text)));
}

function toMarkup(value: Value): Markup {
  return value instanceof Markup ? value : new Markup(escapeHtml(str(value)));
}

// Jinja's rule: a word begins after white space, a hyphen or an opening bracket.
function titleWords(text: string): string {
  return text
    .split(/([-\s({[<]+)/)
    .map((part) => (part === '' ? '' : part.charAt(0).toUpperCase() + part.slice(1).toLowerCase()))
    .join('');
}

function stripTags(text: string): string {
  const bare = text.replace(/<!--[\s\S]*?-->/g, '').replace(/<[^>]*>/g, '');
  return bare
    .split(/\s+/)
    .filter((word) => word !== '')
    .join(' ')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&#34;', '"')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
}

function indent(value: Text, { width, first, blank }: { width: Value; first: boolean; blank: boolean }): Value {
  const indentation = isText(width) ? str(width) : ' '.repeat(Math.max(0, boundedWidth(width)));
  const lines = splitLines(`${str(value)}\n`);
  boundText(str(value).length + lines.length * indentation.length);
  const [head = '', ...rest] = lines;
  const indented = rest.map((line) => (line !== '' || blank ? indentation + line : line));
  return like(value, (first ? indentation : '') + [head, ...indented].join('\n'));
}

/** A text; anything else is refused, as Python refuses to cut a number into lines. */
function textFor(filter: string, value: Value): string {
  if (value instanceof Undefined) throw value.error();
  if (isText(value)) return str(value);
  throw typeError(`the filter "${filter}" takes a text, not '${typeName(value)}'`);
}

function truncate(
  text: string,
  { length, kill, end, leeway }: { length: number; kill: boolean; end: string; leeway: number },
): string {
  if (length < characterCount(end)) throw valueError(`expected length >= ${characterCount(end)}, got ${length}`);
  if (characterCount(text) <= length + leeway) return text;
  const cut = characterSlice(text, 0, length - characterCount(end));
  const space = cut.lastIndexOf(' ');
  return (kill || space < 0 ? cut : cut.slice(0, space)) + end;
}

function format(value: Value, rest: Value, named: Value): Value {
  const hasNames = named instanceof Dict && named.size > 0;
  const hasItems = rest instanceof Tuple && rest.items.length > 0;
  if (hasNames && hasItems) throw valueError("can't handle positional and keyword arguments at the same time");
  return formatPercent(soft(value), hasNames ? named : rest);
}

function urlEncode(value: Value): string {
  if (isText(value) || !(value instanceof Dict || Array.isArray(value) || value instanceof Tuple))
    return percent(str(value), '/');
  return [...pairsOf(value)].map(([key, each]) => `${percent(str(key), '')}=${percent(str(each), '')}`).join('&');
}

function percent(text: string, safe: string): string {
  const encoded = encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return safe === '/' ? encoded.replaceAll('%2F', '/') : encoded.replaceAll('%20', '+');
}

/** Python's `shlex.quote`. */
export function shellQuote(text: string): string {
  if (text === '') return "''";
  return /[^\w@%+=:,./-]/.test(text) || /[^\0-\x7f]/.test(text) ? `'${text.replaceAll("'", `'"'"'`)}'` : text;
}

function camelCase(text: string, upper: boolean): string {
  const [first = '', ...rest] = text.split('_');
  const joined = first + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return upper ? joined.charAt(0).toUpperCase() + joined.slice(1) : joined;
}

function mask(text: string, character: string, kept: number): string {
  const hidden = Math.max(0, characterCount(text) - kept);
  return character.repeat(hidden) + characterSlice(text, hidden);
}
