import { typeError, valueError } from '../errors.ts';
import { str } from '../print.ts';
import { escapeHtml } from '../text.ts';
import { Dict, Markup, Undefined, type Value } from '../values.ts';

/** Web and mail addresses in a text as HTML links. */
export function urlize(text: string, limit: number | undefined): string {
  return text
    .split(/(\s+)/)
    .map((word) => {
      const escaped = escapeHtml(word);
      const shown = limit !== undefined && escaped.length > limit ? `${escaped.slice(0, limit)}...` : escaped;
      if (/^https?:\/\/\S+$/.test(word)) return `<a href="${escaped}" rel="noopener">${shown}</a>`;
      if (/^(?:www\.\S+|[\w.-]+\.(?:com|net|org)\S*)$/.test(word) && !word.includes('@'))
        return `<a href="https://${escaped}" rel="noopener">${shown}</a>`;
      if (/^\S+@\w[\w.-]*\.\w+$/.test(word)) return `<a href="mailto:${escaped}">${escaped}</a>`;
      return escaped;
    })
    .join('');
}

/** A map as attributes of an HTML element; None and undefined ones are left out. */
export function xmlAttributes(map: Value, autospace: boolean): Value {
  if (!(map instanceof Dict)) throw typeError('xmlattr needs a map');
  const attributes = [...map.entries()]
    .filter(({ value }) => value !== null && !(value instanceof Undefined))
    .map(({ key, value }) => {
      if (/[\s/>=]/.test(str(key))) throw typeError(`Invalid character in attribute name: '${str(key)}'`);
      const text = value instanceof Markup ? value.text : escapeHtml(str(value));
      return `${escapeHtml(str(key))}="${text}"`;
    });
  const joined = attributes.join(' ');
  return joined !== '' && autospace ? ` ${joined}` : joined;
}

interface Wrap {
  readonly width: number;
  readonly breakLong: boolean;
  readonly wrap: string;
  readonly hyphens: boolean;
}

/** Python's `textwrap.wrap`, line by line. */
export function wordWrap(text: string, options: Wrap): string {
  if (options.width <= 0) throw valueError(`invalid width ${options.width} (must be > 0)`);
  return text
    .split(/\r\n|[\n\r]/)
    .map((line) => wrapLine(line, options).join(options.wrap))
    .join(options.wrap);
}

function wrapLine(line: string, { width, breakLong, hyphens }: Wrap): string[] {
  const splitter = hyphens ? /(\s+|[^\s-]*\w-(?=\w))/ : /(\s+)/;
  const chunks = line.split(splitter).filter((chunk) => chunk !== '');
  const lines: string[] = [];
  let current = '';
  for (const chunk of chunks) {
    let rest = chunk;
    if (current.length + rest.length > width) {
      if (current.trim() !== '') lines.push(current.trimEnd());
      current = '';
      while (breakLong && rest.length > width) {
        lines.push(rest.slice(0, width));
        rest = rest.slice(width);
      }
      if (lines.length > 0 && /^\s+$/.test(rest)) rest = '';
    }
    current += rest;
  }
  return current.trim() === '' ? lines : [...lines, current.trimEnd()];
}
