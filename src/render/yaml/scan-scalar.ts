import { type Cursor, isBlank, isBlankOrEnd, isBreak, isBreakOrEnd } from './cursor.ts';

// Scanners of the five scalar styles. Each starts at the scalar's first character, leaves the cursor behind its last, and
// throws YAML_SYNTAX with the reason libyaml gives.

const [dash, dot, colon, hash, comma] = [45, 46, 58, 35, 44];
const [openBracket, closeBracket, openBrace, closeBrace, backslash] = [91, 93, 123, 125, 92];

function isFlowIndicator(code: number): boolean {
  return code === comma || code === openBracket || code === closeBracket || code === openBrace || code === closeBrace;
}

/** A plain scalar. `multiline` tells whether a line break was passed over after it, so that a key may follow. */
export function scanPlain(
  cursor: Cursor,
  { flow, indent }: { flow: boolean; indent: number },
): { text: string; endedAtBreak: boolean } {
  let text = '';
  let spaces = '';
  let endedAtBreak = false;
  while (!cursor.atDocumentMark(dash) && !cursor.atDocumentMark(dot) && cursor.code() !== hash) {
    const begin = cursor.index;
    scanPlainRun(cursor, flow);
    if (cursor.index === begin) break;
    text += spaces + cursor.text.slice(begin, cursor.index);
    endedAtBreak = false;
    if (!isBlank(cursor.code()) && !isBreak(cursor.code())) break;
    const gap = scanPlainGap(cursor, indent);
    spaces = gap.text;
    endedAtBreak = gap.broken;
    if (!flow && cursor.column < indent) break;
  }
  return { text, endedAtBreak };
}

function scanPlainRun(cursor: Cursor, flow: boolean): void {
  for (let code = cursor.code(); !isBlankOrEnd(code); code = cursor.code()) {
    if (code === colon) {
      const next = cursor.code(1);
      if (isBlankOrEnd(next)) return;
      if (flow && (isFlowIndicator(next) || next === 63)) {
        throw cursor.error("found unexpected ':'", 'Put a space after the colon, or quote the text');
      }
    }
    if (flow && isFlowIndicator(code)) return;
    cursor.index++;
  }
}

function scanPlainGap(cursor: Cursor, indent: number): { text: string; broken: boolean } {
  let spaces = '';
  let breaks: string | undefined;
  while (isBlank(cursor.code()) || isBreak(cursor.code())) {
    if (isBreak(cursor.code())) {
      const line = cursor.skipBreak();
      breaks = breaks === undefined ? (line === '\n' ? '' : line) : breaks + line;
      if (breaks === line && line !== '\n') continue;
    } else {
      if (breaks !== undefined && cursor.column < indent && cursor.code() === 9) {
        throw cursor.error('found a tab character that violates indentation', 'Indent with spaces');
      }
      if (breaks === undefined) spaces += cursor.text.charAt(cursor.index);
      cursor.index++;
    }
  }
  if (breaks === undefined) return { text: spaces, broken: false };
  return { text: breaks === '' ? ' ' : breaks, broken: true };
}

const escapes: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1b',
  ' ': ' ',
  '"': '"',
  '/': '/',
  '\\': '\\',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
};
const hexLengths: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** A single- or double-quoted scalar. */
export function scanQuoted(cursor: Cursor, double: boolean): string {
  const start = cursor.index;
  const quote = double ? 34 : 39;
  let text = '';
  cursor.index++;
  while (true) {
    if (cursor.atDocumentMark(dash) || cursor.atDocumentMark(dot)) {
      throw cursor.error('found unexpected document indicator', 'Close the quotes', start);
    }
    const run = scanQuotedRun(cursor, { double, quote });
    text += run.text;
    if (cursor.code() === quote) {
      cursor.index++;
      return text;
    }
    if (cursor.atEnd()) throw cursor.error('found unexpected end of stream', 'Close the quotes', start);
    text += scanQuotedGap(cursor, run.folded);
  }
}

/** Characters up to a gap, the closing quote or the end; `folded` after an escaped line break. */
function scanQuotedRun(
  cursor: Cursor,
  { double, quote }: { double: boolean; quote: number },
): { text: string; folded: boolean } {
  let text = '';
  for (let code = cursor.code(); !isBlankOrEnd(code); code = cursor.code()) {
    if (!double && code === 39 && cursor.code(1) === 39) {
      text += "'";
      cursor.index += 2;
    } else if (code === quote) {
      break;
    } else if (double && code === backslash && isBreak(cursor.code(1))) {
      cursor.index++;
      cursor.skipBreak();
      return { text, folded: true };
    } else if (double && code === backslash) {
      text += scanEscape(cursor);
    } else {
      text += cursor.text.charAt(cursor.index);
      cursor.index++;
    }
  }
  return { text, folded: false };
}

function scanEscape(cursor: Cursor): string {
  const start = cursor.index;
  const letter = cursor.text.charAt(start + 1);
  const simple = escapes[letter];
  cursor.index += 2;
  if (simple !== undefined) return simple;
  const length = hexLengths[letter];
  if (length === undefined) {
    throw cursor.error('found unknown escape character', 'Write "\\\\" for a backslash, or use single quotes', start);
  }
  const digits = cursor.text.slice(cursor.index, cursor.index + length);
  if (digits.length < length || !/^[0-9a-fA-F]+$/.test(digits)) {
    const hint = `Write ${length} hexadecimal digits behind "\\${letter}", or "\\\\" for a backslash`;
    throw cursor.error('did not find expected hexdecimal number', hint, start);
  }
  const code = Number.parseInt(digits, 16);
  if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
    throw cursor.error(
      'found invalid Unicode character escape code',
      'Write the character itself, or "\\U" and its number',
      start,
    );
  }
  cursor.index += length;
  return String.fromCodePoint(code);
}

/** White space inside quotes: kept within a line, folded over line breaks. */
function scanQuotedGap(cursor: Cursor, folded: boolean): string {
  let spaces = '';
  let breaks = '';
  let first: string | undefined = folded ? '' : undefined;
  while (isBlank(cursor.code()) || isBreak(cursor.code())) {
    if (isBreak(cursor.code())) {
      const line = cursor.skipBreak();
      if (first === undefined) first = line;
      else breaks += line;
    } else {
      if (first === undefined) spaces += cursor.text.charAt(cursor.index);
      cursor.index++;
    }
  }
  if (first === undefined) return spaces;
  if (first === '\n') return breaks === '' ? ' ' : breaks;
  return first + breaks;
}

/** A literal (`|`) or folded (`>`) block scalar. `parent` is the indentation of the collection around it. */
export function scanBlock(cursor: Cursor, { folded, parent }: { folded: boolean; parent: number }): string {
  cursor.index++;
  const header = scanBlockHeader(cursor);
  const least = parent >= 0 ? parent : 0;
  let indent = header.increment === 0 ? 0 : least + header.increment;
  let gap = scanBlockBreaks(cursor, { indent, parent });
  indent = gap.indent;
  let text = '';
  let leading = '';
  let wasBlank = false;
  while (cursor.column === indent && !cursor.atEnd()) {
    const blank = isBlank(cursor.code());
    if (folded && leading === '\n' && !wasBlank && !blank) text += gap.breaks === '' ? ' ' : '';
    else text += leading;
    text += gap.breaks;
    wasBlank = blank;
    const begin = cursor.index;
    while (!isBreakOrEnd(cursor.code())) cursor.index++;
    text += cursor.text.slice(begin, cursor.index);
    leading = cursor.atEnd() ? '' : cursor.skipBreak();
    gap = scanBlockBreaks(cursor, { indent, parent });
  }
  if (header.chomp !== '-') text += leading;
  if (header.chomp === '+') text += gap.breaks;
  return text;
}

function scanBlockHeader(cursor: Cursor): { chomp: string; increment: number } {
  let chomp = '';
  let increment = 0;
  for (let turn = 0; turn < 2; turn++) {
    const letter = cursor.text.charAt(cursor.index);
    if (chomp === '' && (letter === '+' || letter === '-')) chomp = letter;
    else if (increment === 0 && /^[0-9]$/.test(letter)) {
      if (letter === '0')
        throw cursor.error('found an indentation indicator equal to 0', 'Write a digit from 1 to 9, or none');
      increment = Number(letter);
    } else break;
    cursor.index++;
  }
  while (isBlank(cursor.code())) cursor.index++;
  if (cursor.code() === hash) while (!isBreakOrEnd(cursor.code())) cursor.index++;
  if (!isBreakOrEnd(cursor.code())) {
    throw cursor.error('did not find expected comment or line break', 'Begin the text on the next line');
  }
  if (!cursor.atEnd()) cursor.skipBreak();
  return { chomp, increment };
}

/** Empty lines before a line of text; with `indent` 0 the first line of text decides the indentation. */
function scanBlockBreaks(
  cursor: Cursor,
  { indent, parent }: { indent: number; parent: number },
): { indent: number; breaks: string } {
  let breaks = '';
  let deepest = 0;
  while (true) {
    while ((indent === 0 || cursor.column < indent) && cursor.code() === 32) cursor.index++;
    deepest = Math.max(deepest, cursor.column);
    if ((indent === 0 || cursor.column < indent) && cursor.code() === 9) {
      throw cursor.error('found a tab character where an indentation space is expected', 'Indent with spaces');
    }
    if (!isBreak(cursor.code())) break;
    breaks += cursor.skipBreak();
  }
  return { indent: indent === 0 ? Math.max(deepest, parent + 1, 1) : indent, breaks };
}
