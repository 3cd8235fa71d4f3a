import { escapeDouble, type Style, styleOf } from './scalar-style.ts';

/** What is emitted: a tree whose scalars are already text, with the anchors and aliases of shared parts. */
export type Emitted =
  | { readonly kind: 'scalar'; readonly text: string; readonly isText: boolean }
  | {
      readonly kind: 'list';
      readonly items: readonly Emitted[];
      readonly anchor: string | undefined;
      readonly flow: boolean;
    }
  | {
      readonly kind: 'map';
      readonly pairs: readonly (readonly [Emitted, Emitted])[];
      readonly anchor: string | undefined;
      readonly flow: boolean;
    }
  | { readonly kind: 'alias'; readonly name: string };

interface Context {
  readonly mapping?: boolean;
  readonly key?: boolean;
}

const longestSimpleKey = 128;

// Line breaking and spacing follow libyaml's emitter move by move: `|yaml` output stands in recorded expectations.
export class Emitter {
  readonly #width: number;
  readonly #step: number;
  readonly #ascii: boolean;
  #parts: string[] = [];
  #column = 0;
  #indent = -1;
  #flow = 0;
  #whitespace = true;
  #indention = true;

  constructor({ width, indent, ascii }: { readonly width: number; readonly indent: number; readonly ascii: boolean }) {
    this.#width = width;
    // libyaml takes no other for an indentation.
    this.#step = indent >= 2 && indent <= 9 ? indent : 2;
    this.#ascii = ascii;
  }

  document(root: Emitted): string {
    this.#node(root, {});
    this.#parts.push('\n');
    return this.#parts.join('');
  }

  #node(node: Emitted, context: Context): void {
    if (node.kind === 'alias') this.#indicator(`*${node.name}`, { spaceBefore: true });
    else if (node.kind === 'scalar') this.#scalar(node, context);
    else this.#collection(node, context);
  }

  #collection(node: Extract<Emitted, { kind: 'list' | 'map' }>, context: Context): void {
    if (node.anchor !== undefined) this.#indicator(`&${node.anchor}`, { spaceBefore: true });
    const isEmpty = node.kind === 'list' ? node.items.length === 0 : node.pairs.length === 0;
    const flow = this.#flow > 0 || node.flow || isEmpty;
    if (node.kind === 'list') {
      if (flow) this.#flowList(node.items);
      else this.#blockList(node.items, context);
    } else if (flow) this.#flowMap(node.pairs);
    else this.#blockMap(node.pairs);
  }

  #deeper(run: () => void, { flow = false, indentless = false } = {}): void {
    const before = this.#indent;
    if (this.#indent < 0) this.#indent = flow ? this.#step : 0;
    else if (!indentless) this.#indent += this.#step;
    run();
    this.#indent = before;
  }

  #flowList(items: readonly Emitted[]): void {
    this.#openFlow('[');
    this.#deeper(
      () => {
        for (const [index, item] of items.entries()) {
          this.#flowSeparator(index);
          this.#node(item, {});
        }
      },
      { flow: true },
    );
    this.#closeFlow(']');
  }

  #flowMap(pairs: readonly (readonly [Emitted, Emitted])[]): void {
    this.#openFlow('{');
    this.#deeper(
      () => {
        for (const [index, [key, value]] of pairs.entries()) {
          this.#flowSeparator(index);
          this.#pair(key, value);
        }
      },
      { flow: true },
    );
    this.#closeFlow('}');
  }

  #openFlow(bracket: string): void {
    this.#indicator(bracket, { spaceBefore: true, isSpace: true });
    this.#flow++;
  }

  #closeFlow(bracket: string): void {
    this.#flow--;
    this.#indicator(bracket, {});
  }

  #flowSeparator(index: number): void {
    if (index > 0) this.#indicator(',', {});
    if (this.#column > this.#width) this.#newLine();
  }

  #pair(key: Emitted, value: Emitted): void {
    if (isSimpleKey(key)) {
      this.#node(key, { mapping: true, key: true });
      this.#indicator(':', {});
    } else {
      this.#indicator('?', { spaceBefore: true, isIndention: true });
      this.#node(key, { mapping: true });
      if (this.#flow === 0 || this.#column > this.#width) this.#newLine();
      this.#indicator(':', { spaceBefore: true, isIndention: true });
    }
    this.#node(value, { mapping: true });
  }

  #blockList(items: readonly Emitted[], { mapping = false }: Context): void {
    this.#deeper(
      () => {
        for (const item of items) {
          this.#newLine();
          this.#indicator('-', { spaceBefore: true, isIndention: true });
          this.#node(item, {});
        }
      },
      { indentless: mapping && !this.#indention },
    );
  }

  #blockMap(pairs: readonly (readonly [Emitted, Emitted])[]): void {
    this.#deeper(() => {
      for (const [key, value] of pairs) {
        this.#newLine();
        this.#pair(key, value);
      }
    });
  }

  #scalar({ text, isText }: Extract<Emitted, { kind: 'scalar' }>, { key = false }: Context): void {
    const style: Style = isText ? styleOf(text, { flow: this.#flow > 0, key, ascii: this.#ascii }) : 'plain';
    // A scalar in a block is a level deeper than the key before it, where its further lines begin.
    this.#deeper(() => this.#write(style, text, !key), { flow: true });
  }

  #write(style: Style, text: string, mayBreak: boolean): void {
    if (style === 'plain') this.#plain(text, mayBreak);
    else if (style === 'single') this.#single(text, mayBreak);
    else this.#double(text, mayBreak);
    this.#whitespace = false;
    this.#indention = false;
  }

  #plain(text: string, mayBreak: boolean): void {
    if (!this.#whitespace && (text !== '' || this.#flow > 0)) this.#put(' ');
    let afterSpace = false;
    for (let at = 0; at < text.length; at++) {
      const character = text.charAt(at);
      const breaks =
        character === ' ' && mayBreak && !afterSpace && this.#column > this.#width && text.charAt(at + 1) !== ' ';
      if (breaks) this.#newLine();
      else this.#put(character);
      afterSpace = character === ' ';
      if (!afterSpace) this.#indention = false;
    }
  }

  #single(text: string, mayBreak: boolean): void {
    this.#indicator("'", { spaceBefore: true });
    let afterSpace = false;
    let afterBreak = false;
    for (let at = 0; at < text.length; at++) {
      const character = text.charAt(at);
      if (character === ' ') {
        const inside = at > 0 && at < text.length - 1 && text.charAt(at + 1) !== ' ';
        if (mayBreak && !afterSpace && this.#column > this.#width && inside) this.#newLine();
        else this.#put(' ');
        afterSpace = true;
      } else if (/[\n\x85\u2028\u2029]/.test(character)) {
        if (!afterBreak && character === '\n') this.#break();
        this.#break(character);
        this.#indention = true;
        afterBreak = true;
      } else {
        if (afterBreak) this.#newLine();
        this.#put(character === "'" ? "''" : character);
        this.#indention = false;
        afterSpace = false;
        afterBreak = false;
      }
    }
    if (afterBreak) this.#newLine();
    this.#indicator("'", {});
  }

  #double(text: string, mayBreak: boolean): void {
    this.#indicator('"', { spaceBefore: true });
    let afterSpace = false;
    const characters = Array.from(text);
    for (const [at, character] of characters.entries()) {
      const inside = at > 0 && at < characters.length - 1;
      if (character === ' ' && mayBreak && !afterSpace && this.#column > this.#width && inside) {
        this.#newLine();
        if (characters[at + 1] === ' ') this.#put('\\');
      } else this.#put(escapeDouble(character, { ascii: this.#ascii }));
      afterSpace = character === ' ';
    }
    this.#indicator('"', {});
  }

  #indicator(text: string, { spaceBefore = false, isSpace = false, isIndention = false }): void {
    this.#put(spaceBefore && !this.#whitespace ? ` ${text}` : text);
    this.#whitespace = isSpace;
    this.#indention = this.#indention && isIndention;
  }

  /** A new line at the current indentation, unless the text stands there already. */
  #newLine(): void {
    const indent = Math.max(0, this.#indent);
    if (!this.#indention || this.#column > indent || (this.#column === indent && !this.#whitespace)) this.#break();
    this.#put(' '.repeat(Math.max(0, indent - this.#column)));
    this.#whitespace = true;
    this.#indention = true;
  }

  #put(text: string): void {
    this.#parts.push(text);
    this.#column += text.length;
  }

  #break(character = '\n'): void {
    this.#parts.push(character);
    this.#column = 0;
  }
}

function isSimpleKey(node: Emitted): boolean {
  if (node.kind === 'alias') return true;
  if (node.kind === 'scalar') return node.text.length <= longestSimpleKey && !/[\n\x85\u2028\u2029]/.test(node.text);
  return node.kind === 'list' ? node.items.length === 0 : node.pairs.length === 0;
}
