import { didYouMean } from '#base/errors.ts';
import type { SourceMap } from '../source-map.ts';
import { yamlError } from './cursor.ts';
import { Scanner } from './scanner.ts';
import type { Mark, Token } from './token.ts';

/** A tag as it is written, resolved. */
export interface RawTag {
  readonly name: string;
  readonly at: number;
}

/** A document's tree before its scalars are given types. `tag` is missing when none is written. */
export type RawNode =
  | {
      readonly kind: 'scalar';
      readonly at: number;
      readonly tag: RawTag | undefined;
      readonly text: string;
      readonly plain: boolean;
    }
  | { readonly kind: 'list'; readonly at: number; readonly tag: RawTag | undefined; readonly items: RawNode[] }
  | { readonly kind: 'map'; readonly at: number; readonly tag: RawTag | undefined; readonly pairs: RawPair[] };

export interface RawPair {
  readonly key: RawNode;
  readonly value: RawNode;
}

// Deeper than any file a person writes, and safely within the stack.
const deepest = 500;

/** The only document of a text; undefined when there is none. Throws YAML_SYNTAX. */
export function compose(text: string, map: SourceMap): RawNode | undefined {
  return new Composer(text, map).single();
}

class Composer {
  readonly #scanner: Scanner;
  readonly #map: SourceMap;
  readonly #anchors = new Map<string, RawNode | 'open'>();
  #handles = defaultHandles();
  #depth = 0;

  constructor(text: string, map: SourceMap) {
    const bad = unprintable.exec(text);
    if (bad !== null) {
      const hint = 'Remove it, or write it as "\\x…" between double quotes';
      throw yamlError('control characters are not allowed', map, bad.index, hint);
    }
    this.#scanner = new Scanner(text, map);
    this.#map = map;
  }

  single(): RawNode | undefined {
    if (this.#is('end')) return undefined;
    const isExplicit = this.#documentStart();
    const node = isExplicit
      ? this.#nodeUnless(undefined, 'document-start', 'document-end', 'directive', 'end')
      : this.#node({ block: true });
    this.#documentEnd();
    return node;
  }

  /** Directives and `---`, when there are any. */
  #documentStart(): boolean {
    const found = new Set<string>();
    for (let token = this.#scanner.peek(); token.kind === 'directive'; token = this.#scanner.peek()) {
      const [handle = '', prefix = ''] = token.values;
      const subject = token.name === 'TAG' ? `%TAG ${handle}` : '%YAML';
      if (found.has(subject))
        throw this.#error(`found duplicate ${subject} directive`, 'Keep one of the two lines', token.at);
      found.add(subject);
      if (token.name === 'TAG') this.#handles.set(handle, prefix);
      this.#scanner.next();
    }
    const isExplicit = this.#is('document-start');
    if (isExplicit) this.#scanner.next();
    else if (found.size > 0)
      throw this.#error('did not find expected <document start>', 'Write "---" behind the lines with "%"');
    return isExplicit;
  }

  #documentEnd(): void {
    const marked = this.#is('document-end') ? this.#scanner.peek().at : undefined;
    while (this.#is('document-end')) this.#scanner.next();
    const { kind } = this.#scanner.peek();
    if (kind === 'end') return;
    if (kind === 'document-start' || marked !== undefined) {
      throw this.#error(
        'expected a single document in the stream but found another document',
        `Keep one document per file: remove the "${marked === undefined ? '---' : '...'}" between them`,
        marked,
      );
    }
    throw this.#error('did not find expected <document start>', 'Indent the line like the ones before it');
  }

  #is(...kinds: readonly Token['kind'][]): boolean {
    return kinds.includes(this.#scanner.peek().kind);
  }

  #error(reason: string, hint: string, at = this.#scanner.peek().at): Error {
    return yamlError(reason, this.#map, at, hint);
  }

  /** Nothing when one of these tokens follows: then its place is that of the sign before it. */
  #nodeUnless(sign: Token | undefined, ...kinds: readonly Token['kind'][]): RawNode {
    return this.#is(...kinds) ? this.#empty(sign?.at) : this.#node({ block: true });
  }

  #empty(at = this.#scanner.peek().at): RawNode {
    return { kind: 'scalar', at, tag: undefined, text: '', plain: true };
  }

  #node({ block, indentless = false }: { block: boolean; indentless?: boolean }): RawNode {
    if (++this.#depth > deepest)
      throw this.#error('the document is nested too deeply', 'Keep its maps and lists flatter');
    const node = this.#alias() ?? this.#propertiesAndContent(block, indentless);
    this.#depth--;
    return node;
  }

  #alias(): RawNode | undefined {
    const token = this.#scanner.peek();
    if (token.kind !== 'alias') return undefined;
    this.#scanner.next();
    const node = this.#anchors.get(token.name);
    if (node === 'open')
      throw this.#error(`found recursive alias '${token.name}'`, 'Remove it: a value cannot hold itself', token.at);
    if (node === undefined) {
      const hint = didYouMean(token.name, this.#anchors.keys()) ?? 'Quote a text that begins with "*"';
      throw this.#error(`found undefined alias '${token.name}'`, hint, token.at);
    }
    return node;
  }

  #propertiesAndContent(block: boolean, indentless: boolean): RawNode {
    let anchor: string | undefined;
    let tag: RawTag | undefined;
    const start = this.#scanner.peek().at;
    for (
      let token = this.#scanner.peek();
      token.kind === 'anchor' || token.kind === 'tag';
      token = this.#scanner.peek()
    ) {
      if (token.kind === 'anchor' && anchor === undefined) anchor = token.name;
      else if (token.kind === 'tag' && tag === undefined) tag = { name: this.#resolveTag(token), at: token.at };
      else break;
      this.#scanner.next();
    }
    if (anchor !== undefined) {
      if (this.#anchors.has(anchor))
        throw this.#error(`found duplicate anchor '${anchor}'`, 'Give one of the two another name', start);
      this.#anchors.set(anchor, 'open');
    }
    const hasProperties = anchor !== undefined || tag !== undefined;
    const node = this.#content({ tag, block, indentless, hasProperties, start });
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    return node;
  }

  #resolveTag({ handle, suffix, at }: Extract<Token, { kind: 'tag' }>): string {
    if (handle === undefined) return suffix;
    const prefix = this.#handles.get(handle);
    if (prefix === undefined)
      throw this.#error(`found undefined tag handle '${handle}'`, 'Quote a text that begins with "!"', at);
    return prefix + suffix;
  }

  #content({ tag, block, indentless, hasProperties, start }: ContentInput): RawNode {
    const token = this.#scanner.peek();
    if (indentless && token.kind === 'block-entry')
      return { kind: 'list', at: token.at, tag, items: this.#indentlessItems() };
    switch (token.kind) {
      case 'scalar':
        this.#scanner.next();
        return { kind: 'scalar', at: token.at, tag, text: token.text, plain: token.plain };
      case 'flow-sequence':
        return { kind: 'list', at: token.at, tag, items: this.#flowItems() };
      case 'flow-mapping':
        return { kind: 'map', at: token.at, tag, pairs: this.#flowPairs() };
      case 'block-sequence':
        if (block) return { kind: 'list', at: token.at, tag, items: this.#blockItems() };
        break;
      case 'block-mapping':
        if (block) return { kind: 'map', at: token.at, tag, pairs: this.#blockPairs() };
        break;
      default:
    }
    if (hasProperties) return { kind: 'scalar', at: start, tag, text: '', plain: tag === undefined };
    throw this.#error(
      'did not find expected node content',
      'Write a value here, or quote a text that begins with a sign',
    );
  }

  #blockItems(): RawNode[] {
    const items: RawNode[] = [];
    this.#scanner.next();
    while (this.#is('block-entry')) {
      items.push(this.#nodeUnless(this.#scanner.next(), 'block-entry', 'block-end'));
    }
    if (!this.#is('block-end'))
      throw this.#misplaced(
        "did not find expected '-' indicator",
        'Indent the line like the "-" of its list, or begin it with one',
      );
    this.#scanner.next();
    return items;
  }

  #indentlessItems(): RawNode[] {
    const items: RawNode[] = [];
    while (this.#is('block-entry')) {
      items.push(this.#nodeUnless(this.#scanner.next(), 'block-entry', 'key', 'value', 'block-end'));
    }
    return items;
  }

  #blockPairs(): RawPair[] {
    const pairs: RawPair[] = [];
    this.#scanner.next();
    while (this.#is('key')) {
      this.#scanner.next();
      const key = this.#blockPart();
      if (!this.#is('value')) {
        pairs.push({ key, value: this.#empty() });
        continue;
      }
      const { at } = this.#scanner.next();
      pairs.push({ key, value: this.#is('key', 'value', 'block-end') ? this.#empty(at) : this.#blockPart() });
    }
    if (!this.#is('block-end'))
      throw this.#misplaced('did not find expected key', 'Indent the line like the other keys of its map');
    this.#scanner.next();
    return pairs;
  }

  /** Where a list or map goes on with what is none of its items: most of the time the indentation is wrong. */
  #misplaced(reason: string, hint: string): Error {
    const { kind, at } = this.#scanner.peek();
    if (!this.#scanner.beginsLine(at)) return this.#error(reason, 'Put the whole text between one pair of quotes');
    const isItem = kind === 'block-entry' || kind === 'block-sequence';
    return this.#error(reason, isItem ? 'Indent the line like the other "-" of its list' : hint);
  }

  #blockPart(): RawNode {
    return this.#is('key', 'value', 'block-end') ? this.#empty() : this.#node({ block: true, indentless: true });
  }

  #flowItems(): RawNode[] {
    const items: RawNode[] = [];
    const { at: start } = this.#scanner.next();
    while (!this.#is('flow-sequence-end')) {
      if (items.length > 0) this.#flowSeparator(']', start);
      if (this.#is('flow-sequence-end')) break;
      const { kind, at } = this.#scanner.peek();
      // `[a: 1]` is a list of one map of one pair.
      items.push(
        kind === 'key'
          ? { kind: 'map', at, tag: undefined, pairs: [this.#listedPair()] }
          : this.#node({ block: false }),
      );
    }
    this.#scanner.next();
    return items;
  }

  #flowPairs(): RawPair[] {
    const pairs: RawPair[] = [];
    const { at: start } = this.#scanner.next();
    while (!this.#is('flow-mapping-end')) {
      if (pairs.length > 0) this.#flowSeparator('}', start);
      if (this.#is('flow-mapping-end')) break;
      if (this.#is('key')) pairs.push(this.#flowPair());
      else pairs.push({ key: this.#node({ block: false }), value: this.#empty() });
    }
    this.#scanner.next();
    return pairs;
  }

  #flowSeparator(close: ']' | '}', start: number): void {
    if (this.#is('flow-entry')) {
      this.#scanner.next();
      return;
    }
    const { at } = this.#scanner.peek();
    const isOpen = this.#is('end') || this.#scanner.isBeyondLine(at);
    const hint = `Put "," between two entries, and "${close}" behind the last`;
    throw this.#error(`did not find expected ',' or '${close}'`, hint, isOpen ? start : at);
  }

  #flowPair(): RawPair {
    this.#scanner.next();
    const key = this.#is('value', 'flow-entry', 'flow-mapping-end') ? this.#empty() : this.#node({ block: false });
    return { key, value: this.#flowValue('flow-mapping-end') };
  }

  #listedPair(): RawPair {
    this.#scanner.next();
    const isEmpty = this.#is('value', 'flow-entry', 'flow-sequence-end');
    const key = isEmpty ? this.#empty() : this.#node({ block: false });
    // libyaml drops the sign behind an empty key of a list: most lists with one are refused.
    if (isEmpty) this.#scanner.next();
    return { key, value: this.#flowValue('flow-sequence-end') };
  }

  #flowValue(end: Mark): RawNode {
    if (!this.#is('value')) return this.#empty();
    this.#scanner.next();
    return this.#is('flow-entry', end) ? this.#empty() : this.#node({ block: false });
  }
}

interface ContentInput {
  readonly tag: RawTag | undefined;
  readonly block: boolean;
  readonly indentless: boolean;
  readonly hasProperties: boolean;
  readonly start: number;
}

const unprintable = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ud800-\udfff\ue000-\ufffd]/;

function defaultHandles(): Map<string, string> {
  return new Map([
    ['!', '!'],
    ['!!', 'tag:yaml.org,2002:'],
  ]);
}
