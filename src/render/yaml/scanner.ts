import type { SourceMap } from '../source-map.ts';
import { Cursor, isBlankOrEnd, isBreak, isBreakOrEnd } from './cursor.ts';
import { scanAnchorName, scanDirective, scanTag } from './scan-property.ts';
import { scanBlock, scanPlain, scanQuoted } from './scan-scalar.ts';
import type { Mark, Token } from './token.ts';

/** Where a key without `?` may have begun: only the `:` after it tells. */
interface SimpleKey {
  readonly required: boolean;
  readonly token: number;
  readonly index: number;
  readonly line: number;
  readonly column: number;
}

// Salt reads YAML with libyaml, which is neither quite YAML 1.1 nor 1.2: this scanner follows its rules step by step,
// so that the same documents are read and the same are refused.
export class Scanner {
  readonly cursor: Cursor;
  readonly #tokens: Token[] = [];
  #taken = 0;
  #lastAt = 0;
  #done = false;
  #indent = -1;
  readonly #indents: number[] = [];
  #flowLevel = 0;
  #simpleKeyAllowed = true;
  readonly #simpleKeys: (SimpleKey | undefined)[] = [undefined];

  constructor(text: string, map: SourceMap) {
    this.cursor = new Cursor(text, map);
  }

  /** Whether nothing but white space stands before an offset on its line. */
  beginsLine(at: number): boolean {
    return /(?:^|[\r\n])[ \t]*$/.test(this.cursor.text.slice(0, at));
  }

  /** Whether an offset is on a later line than the token that was taken last began on. */
  isBeyondLine(at: number): boolean {
    return /[\r\n]/.test(this.cursor.text.slice(this.#lastAt, at));
  }

  peek(): Token {
    while (this.#needsMore()) this.#fetch();
    return this.#tokens[0] ?? { kind: 'end', at: this.cursor.index };
  }

  next(): Token {
    const token = this.peek();
    this.#lastAt = token.at;
    this.#tokens.shift();
    this.#taken++;
    return token;
  }

  // A token may turn out to begin a key, and then a KEY token goes before it: none is given out until that is settled.
  #needsMore(): boolean {
    if (this.#done) return false;
    if (this.#tokens.length === 0) return true;
    this.#dropStaleKeys();
    return this.#simpleKeys.some((key) => key?.token === this.#taken);
  }

  #fetch(): void {
    const { cursor } = this;
    this.#skipToToken();
    this.#dropStaleKeys();
    this.#unroll(cursor.column);
    if (cursor.atEnd()) this.#end();
    else if (cursor.column === 0 && cursor.code() === 37) this.#directive();
    else if (cursor.atDocumentMark(45)) this.#documentMark('document-start');
    else if (cursor.atDocumentMark(46)) this.#documentMark('document-end');
    else this.#fetchAt(cursor.text.charAt(cursor.index), isBlankOrEnd(cursor.code(1)));
  }

  #fetchAt(character: string, spaceFollows: boolean): void {
    const flow = this.#flowLevel > 0;
    if (character === '[') this.#openFlow('flow-sequence');
    else if (character === '{') this.#openFlow('flow-mapping');
    else if (character === ']') this.#closeFlow('flow-sequence-end');
    else if (character === '}') this.#closeFlow('flow-mapping-end');
    else if (character === ',') this.#flowEntry();
    else if (character === '-' && spaceFollows) this.#blockEntry();
    else if (character === '?' && (spaceFollows || flow)) this.#key();
    else if (character === ':' && (spaceFollows || flow)) this.#value();
    else if (character === '*') this.#named('alias');
    else if (character === '&') this.#named('anchor');
    else if (character === '!') this.#tag();
    else if (character === '"' || character === "'") this.#quoted(character === '"');
    else if (!flow && (character === '|' || character === '>')) this.#block(character === '>');
    else if ('|>%@`\t'.includes(character)) throw this.#cannotStart(character);
    else this.#plain();
  }

  #cannotStart(character: string): Error {
    const hint =
      character === '\t'
        ? 'Indent with spaces: YAML does not take tabs'
        : `Quote the text that begins with "${character}"`;
    return this.cursor.error('found character that cannot start any token', hint);
  }

  #skipToToken(): void {
    const { cursor } = this;
    while (true) {
      if (cursor.column === 0 && cursor.code() === 0xfeff) this.#skipByteOrderMark();
      // A tab is white space only where no key could begin, else it would be indentation.
      while (cursor.code() === 32 || ((this.#flowLevel > 0 || !this.#simpleKeyAllowed) && cursor.code() === 9))
        cursor.index++;
      if (cursor.code() === 35) while (!isBreakOrEnd(cursor.code())) cursor.index++;
      if (!isBreak(cursor.code())) return;
      cursor.skipBreak();
      if (this.#flowLevel === 0) this.#simpleKeyAllowed = true;
    }
  }

  /** The mark is no character of the line when nothing is before it, so that keys below it stand in its column. */
  #skipByteOrderMark(): void {
    this.cursor.index++;
    if (this.#taken === 0 && this.#tokens.length === 0) this.cursor.lineStart++;
  }

  #dropStaleKeys(): void {
    for (const [level, key] of this.#simpleKeys.entries()) {
      if (key === undefined) continue;
      // A key is on one line and no longer than 1024 characters.
      if (key.line < this.cursor.line || this.cursor.index - key.index > 1024) this.#dropKey(level);
    }
  }

  #dropKey(level: number): void {
    const key = this.#simpleKeys[level];
    if (key?.required) {
      throw this.cursor.error(
        "could not find expected ':'",
        'Write "key: value", or indent the line under its key',
        key.index,
      );
    }
    this.#simpleKeys[level] = undefined;
  }

  #saveKey(): void {
    if (!this.#simpleKeyAllowed) return;
    const { index, line, column } = this.cursor;
    const required = this.#flowLevel === 0 && this.#indent === column;
    this.#dropKey(this.#flowLevel);
    this.#simpleKeys[this.#flowLevel] = { required, token: this.#taken + this.#tokens.length, index, line, column };
  }

  #push(kind: Mark, at = this.cursor.index): void {
    this.#tokens.push({ kind, at });
  }

  #insert(position: number, token: Token): void {
    this.#tokens.splice(position - this.#taken, 0, token);
  }

  #roll(
    column: number,
    kind: 'block-sequence' | 'block-mapping',
    { at, position }: { at: number; position?: number },
  ): void {
    if (this.#flowLevel > 0 || this.#indent >= column) return;
    this.#indents.push(this.#indent);
    this.#indent = column;
    if (position === undefined) this.#push(kind, at);
    else this.#insert(position, { kind, at });
  }

  #unroll(column: number): void {
    if (this.#flowLevel > 0) return;
    while (this.#indent > column) {
      this.#push('block-end');
      this.#indent = this.#indents.pop() ?? -1;
    }
  }

  #end(): void {
    const { cursor } = this;
    if (cursor.column !== 0) {
      cursor.line++;
      cursor.lineStart = cursor.index;
    }
    this.#unroll(-1);
    this.#dropKey(this.#flowLevel);
    this.#simpleKeyAllowed = false;
    this.#push('end');
    this.#done = true;
  }

  #directive(): void {
    this.#unroll(-1);
    this.#dropKey(this.#flowLevel);
    this.#simpleKeyAllowed = false;
    this.#tokens.push(scanDirective(this.cursor));
  }

  #documentMark(kind: 'document-start' | 'document-end'): void {
    this.#unroll(-1);
    this.#dropKey(this.#flowLevel);
    this.#simpleKeyAllowed = false;
    this.#push(kind);
    this.cursor.index += 3;
  }

  #openFlow(kind: 'flow-sequence' | 'flow-mapping'): void {
    this.#saveKey();
    this.#flowLevel++;
    this.#simpleKeys[this.#flowLevel] = undefined;
    this.#simpleKeyAllowed = true;
    this.#advance(kind);
  }

  #closeFlow(kind: 'flow-sequence-end' | 'flow-mapping-end'): void {
    this.#dropKey(this.#flowLevel);
    if (this.#flowLevel > 0) {
      this.#simpleKeys.length = this.#flowLevel;
      this.#flowLevel--;
    }
    this.#simpleKeyAllowed = false;
    this.#advance(kind);
  }

  #flowEntry(): void {
    this.#dropKey(this.#flowLevel);
    this.#simpleKeyAllowed = true;
    this.#advance('flow-entry');
  }

  #advance(kind: Mark): void {
    this.#push(kind);
    this.cursor.index++;
  }

  #blockEntry(): void {
    if (this.#flowLevel === 0) {
      if (!this.#simpleKeyAllowed) {
        throw this.cursor.error(
          'block sequence entries are not allowed in this context',
          'Begin the list on a line of its own',
        );
      }
      this.#roll(this.cursor.column, 'block-sequence', { at: this.cursor.index });
    }
    this.#dropKey(this.#flowLevel);
    this.#simpleKeyAllowed = true;
    this.#advance('block-entry');
  }

  #key(): void {
    if (this.#flowLevel === 0) {
      if (!this.#simpleKeyAllowed) {
        throw this.cursor.error('mapping keys are not allowed in this context', 'Begin the key on a line of its own');
      }
      this.#roll(this.cursor.column, 'block-mapping', { at: this.cursor.index });
    }
    this.#dropKey(this.#flowLevel);
    this.#simpleKeyAllowed = this.#flowLevel === 0;
    this.#advance('key');
  }

  #value(): void {
    const key = this.#simpleKeys[this.#flowLevel];
    if (key !== undefined) {
      this.#insert(key.token, { kind: 'key', at: key.index });
      this.#roll(key.column, 'block-mapping', { at: key.index, position: key.token });
      this.#simpleKeys[this.#flowLevel] = undefined;
      this.#simpleKeyAllowed = false;
    } else {
      if (this.#flowLevel === 0) {
        if (!this.#simpleKeyAllowed) throw this.#valueNotAllowed();
        this.#roll(this.cursor.column, 'block-mapping', { at: this.cursor.index });
      }
      this.#simpleKeyAllowed = this.#flowLevel === 0;
    }
    this.#advance('value');
  }

  /** A colon behind a text that goes on from the line before is a matter of indentation, else one of quotes. */
  #valueNotAllowed(): Error {
    const { cursor } = this;
    const reason = 'mapping values are not allowed in this context';
    const start = this.#tokens.at(-1)?.at ?? this.#lastAt;
    if (start >= cursor.lineStart) return cursor.error(reason, 'Quote a text that contains ": "');
    const hint = 'Indent the line like the key before it, or end the line before it with ":"';
    return cursor.error(reason, hint, cursor.lineStart + cursor.text.slice(cursor.lineStart).search(/[^ ]/));
  }

  #named(kind: 'alias' | 'anchor'): void {
    this.#saveKey();
    this.#simpleKeyAllowed = false;
    const at = this.cursor.index;
    this.#tokens.push({ kind, at, name: scanAnchorName(this.cursor, kind) });
  }

  #tag(): void {
    this.#saveKey();
    this.#simpleKeyAllowed = false;
    this.#tokens.push(scanTag(this.cursor, this.#flowLevel > 0));
  }

  #block(folded: boolean): void {
    this.#dropKey(this.#flowLevel);
    this.#simpleKeyAllowed = true;
    const at = this.cursor.index;
    this.#tokens.push({
      kind: 'scalar',
      at,
      text: scanBlock(this.cursor, { folded, parent: this.#indent }),
      plain: false,
    });
  }

  #quoted(double: boolean): void {
    this.#saveKey();
    this.#simpleKeyAllowed = false;
    const at = this.cursor.index;
    this.#tokens.push({ kind: 'scalar', at, text: scanQuoted(this.cursor, double), plain: false });
  }

  #plain(): void {
    this.#saveKey();
    this.#simpleKeyAllowed = false;
    const at = this.cursor.index;
    const { text, endedAtBreak } = scanPlain(this.cursor, { flow: this.#flowLevel > 0, indent: this.#indent + 1 });
    if (endedAtBreak) this.#simpleKeyAllowed = true;
    this.#tokens.push({ kind: 'scalar', at, text, plain: true });
  }
}
