import { type Cursor, isBlankOrEnd, isBreakOrEnd } from './cursor.ts';
import type { Token } from './token.ts';

const quoteTag = 'Quote a text that begins with "!"';
const quoteDirective = 'Remove the line, or quote a text that begins with "%"';

const word = /[0-9A-Za-z_-]*/y;
const uri = /[0-9A-Za-z_;/?:@&=+$.!~*'()%-]*/y;
const versions = /^1\.[12]$/;
const tagHandle = /^!(?:[0-9A-Za-z_-]*!)?$/;
const tagPrefix = /^[0-9A-Za-z_;/?:@&=+$.!~*'()%,[\]-]+$/;
const verbatimUri = /[0-9A-Za-z_;/?:@&=+$.!~*'()%,[\]-]*/y;

/** The name after `&` or `*`. */
export function scanAnchorName(cursor: Cursor, kind: 'alias' | 'anchor'): string {
  const start = cursor.index;
  cursor.index++;
  const name = take(cursor, word);
  const next = cursor.text.charAt(cursor.index);
  if (name === '' || !(isBlankOrEnd(cursor.code()) || '?:,]}%@`'.includes(next))) {
    throw cursor.error(
      'did not find expected alphabetic or numeric character',
      kind === 'alias' ? 'Quote a text that begins with "*"' : 'Quote a text that begins with "&"',
      start,
    );
  }
  return name;
}

/** A tag: `!<uri>`, `!suffix`, `!!suffix` or `!handle!suffix`. */
export function scanTag(cursor: Cursor, flow: boolean): Token {
  const at = cursor.index;
  if (cursor.code(1) === 60) {
    cursor.index += 2;
    const suffix = take(cursor, verbatimUri);
    if (suffix === '' || cursor.code() !== 62) throw cursor.error("did not find the expected '>'", quoteTag, at);
    cursor.index++;
    return finished(cursor, { kind: 'tag', at, handle: undefined, suffix }, flow);
  }
  cursor.index++;
  const handle = take(cursor, word);
  if (cursor.code() === 33) {
    cursor.index++;
    const suffix = take(cursor, uri);
    if (suffix === '') throw cursor.error('did not find expected tag URI', quoteTag, at);
    return finished(cursor, { kind: 'tag', at, handle: `!${handle}!`, suffix: decode(suffix) }, flow);
  }
  const suffix = handle + take(cursor, uri);
  // A lone "!" has no handle: it says "text, whatever it looks like".
  const token: Token =
    suffix === ''
      ? { kind: 'tag', at, handle: undefined, suffix: '!' }
      : { kind: 'tag', at, handle: '!', suffix: decode(suffix) };
  return finished(cursor, token, flow);
}

function finished(cursor: Cursor, token: Token, flow: boolean): Token {
  if (!isBlankOrEnd(cursor.code()) && !(flow && cursor.code() === 44)) {
    throw cursor.error('did not find expected whitespace or line break', quoteTag, token.at);
  }
  return token;
}

/** `%YAML 1.1` or `%TAG !e! tag:…`. */
export function scanDirective(cursor: Cursor): Token {
  const at = cursor.index;
  cursor.index++;
  const name = take(cursor, word);
  if (name === '' || !isBlankOrEnd(cursor.code()))
    throw cursor.error('could not find expected directive name', quoteDirective, at);
  const begin = cursor.index;
  while (!isBreakOrEnd(cursor.code())) cursor.index++;
  const line = cursor.text.slice(begin, cursor.index).replace(/(^|\s)#.*$/, '');
  // The line break belongs to the directive: no key may begin on the next line.
  if (!cursor.atEnd()) cursor.skipBreak();
  const values = line.split(/[ \t]+/).filter((value) => value !== '');
  if (name !== 'YAML' && name !== 'TAG') throw cursor.error('found unknown directive name', quoteDirective, at);
  const [first = '', second = '', ...more] = values;
  if (name === 'YAML' && (values.length !== 1 || !versions.test(first))) {
    throw cursor.error('found incompatible YAML document', 'Write "%YAML 1.1", or leave the line out', at);
  }
  if (name === 'TAG' && (!tagHandle.test(first) || !tagPrefix.test(second) || more.length > 0))
    throw cursor.error('did not find expected tag prefix', 'Write "%TAG !handle! prefix"', at);
  return { kind: 'directive', at, name, values };
}

function decode(suffix: string): string {
  try {
    return decodeURIComponent(suffix);
  } catch {
    return suffix;
  }
}

function take(cursor: Cursor, pattern: RegExp): string {
  pattern.lastIndex = cursor.index;
  const [found = ''] = pattern.exec(cursor.text) ?? [];
  cursor.index += found.length;
  return found;
}
