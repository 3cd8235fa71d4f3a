import type { Place } from '#base/errors.ts';
import { ZesterError } from '#base/errors.ts';
import { floatText } from '#base/numeral.ts';
import { typeError } from './jinja/errors.ts';
import { parseInteger } from './jinja/numbers.ts';
import { compare } from './jinja/operators.ts';
import { str } from './jinja/print.ts';
import { boundDepth } from './jinja/sizes.ts';
import { Dict, Float, isText, Tuple, typeName, Undefined, type Value } from './jinja/values.ts';
import { unquoteJson } from './json/unquote.ts';

/** Reads JSON as Python does: integers and floats apart, `NaN` and `Infinity` allowed. Throws JSON_SYNTAX. */
export function parseJson(text: string, at?: (offset: number) => Place): Value {
  return new Reader(text, at).document();
}

const number = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
const word = /true|false|null|NaN|-?Infinity/y;
const string = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const blank = /[ \t\n\r]*/y;
const deepest = 500;

class Reader {
  readonly #text: string;
  readonly #place: ((offset: number) => Place) | undefined;
  #at = 0;
  #depth = 0;

  constructor(text: string, place: ((offset: number) => Place) | undefined) {
    this.#text = text;
    this.#place = place;
  }

  document(): Value {
    const value = this.#value();
    this.#take(blank);
    if (this.#at < this.#text.length) throw this.#error('Extra data', 'Keep one value, and nothing behind it');
    return value;
  }

  #value(): Value {
    this.#take(blank);
    if (this.#depth > deepest) throw this.#error('nested too deeply', 'Keep its maps and lists flatter');
    const character = this.#text.charAt(this.#at);
    if (character === '{') return this.#nested(() => this.#object());
    if (character === '[') return this.#nested(() => this.#array());
    const quoted = this.#take(string);
    if (quoted !== undefined) return unquoteJson(quoted);
    return this.#wordOrNumber();
  }

  #nested<T>(read: () => T): T {
    this.#depth++;
    this.#at++;
    const value = read();
    this.#depth--;
    return value;
  }

  #wordOrNumber(): Value {
    const found = this.#take(word);
    if (found === 'true' || found === 'false') return found === 'true';
    if (found === 'null') return null;
    if (found !== undefined) return new Float(Number(found));
    number.lastIndex = this.#at;
    const match = number.exec(this.#text);
    if (match === null)
      throw this.#error(
        'Expecting value',
        'Write a text in double quotes, a number, true, false, null, a list or a map',
      );
    this.#at += match[0].length;
    const isFloat = match[1] !== undefined || match[2] !== undefined;
    return isFloat ? new Float(Number(match[0])) : (parseInteger(match[0]) ?? 0);
  }

  #array(): Value[] {
    const items: Value[] = [];
    this.#take(blank);
    if (this.#skip(']')) return items;
    do {
      items.push(this.#value());
      this.#take(blank);
    } while (this.#skip(','));
    if (!this.#skip(']'))
      throw this.#error(
        "Expecting ',' delimiter",
        'Put "," between two entries, and a closing bracket behind the last',
      );
    return items;
  }

  #object(): Dict {
    const dict = new Dict();
    this.#take(blank);
    if (this.#skip('}')) return dict;
    do {
      this.#take(blank);
      const key = this.#take(string);
      if (key === undefined)
        throw this.#error(
          'Expecting property name enclosed in double quotes',
          'Write the key in double quotes; no comma goes behind the last entry',
        );
      this.#take(blank);
      if (!this.#skip(':')) throw this.#error("Expecting ':' delimiter", 'Put ":" between key and value');
      dict.set(unquoteJson(key), this.#value());
      this.#take(blank);
    } while (this.#skip(','));
    if (!this.#skip('}'))
      throw this.#error(
        "Expecting ',' delimiter",
        'Put "," between two entries, and a closing bracket behind the last',
      );
    return dict;
  }

  #skip(character: string): boolean {
    if (this.#text.charAt(this.#at) !== character) return false;
    this.#at++;
    return true;
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #error(reason: string, hint: string): ZesterError {
    const at = this.#place?.(this.#at);
    const file = at === undefined ? 'the text' : `"${at.file}"`;
    return new ZesterError('source', 'JSON_SYNTAX', `Cannot read ${file} as JSON: ${reason} (character ${this.#at})`, {
      at,
      hint,
    });
  }
}

export interface JsonOptions {
  readonly sortKeys?: boolean;
  readonly indent?: number | string | undefined;
  readonly ascii?: boolean;
  readonly separators?: readonly [item: string, key: string] | undefined;
}

/** A value as Python's `json.dumps` writes it. Throws TEMPLATE_TYPE for what JSON has no form for. */
export function dumpJson(value: Value, options: JsonOptions = {}): string {
  return write(value, { ...options, depth: 0, within: [] });
}

interface Writing extends JsonOptions {
  readonly depth: number;
  readonly within: readonly Value[];
}

function write(value: Value, state: Writing): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return value ? 'true' : 'false';
  if (typeof value === 'number' || typeof value === 'bigint') return String(value);
  if (isText(value)) return quote(str(value), state.ascii ?? false);
  if (value instanceof Float) return floatJson(value.value);
  if (value instanceof Undefined) throw value.error();
  if (state.within.includes(value)) throw typeError('Circular reference detected');
  boundDepth(state.depth);
  const inner = { ...state, depth: state.depth + 1, within: [...state.within, value] };
  if (Array.isArray(value))
    return bracket(
      '[]',
      value.map((item) => write(item, inner)),
      state,
    );
  if (value instanceof Tuple)
    return bracket(
      '[]',
      value.items.map((item) => write(item, inner)),
      state,
    );
  if (value instanceof Dict) return bracket('{}', pairs(value, inner), state);
  throw typeError(`Object of type ${typeName(value)} is not JSON serializable`);
}

function pairs(dict: Dict, state: Writing): string[] {
  const entries = [...dict.entries()];
  if (state.sortKeys) entries.sort((left, right) => compare(left.key, right.key));
  const colon = state.separators?.[1] ?? ': ';
  return entries.map(({ key, value }) => `${quote(keyText(key), state.ascii ?? false)}${colon}${write(value, state)}`);
}

function keyText(key: Value): string {
  if (isText(key)) return str(key);
  if (key === null) return 'null';
  if (typeof key === 'boolean') return key ? 'true' : 'false';
  if (typeof key === 'number' || typeof key === 'bigint') return String(key);
  if (key instanceof Float) return floatJson(key.value);
  throw typeError(`keys must be str, int, float, bool or None, not ${typeName(key)}`);
}

function bracket(brackets: string, parts: readonly string[], { indent, separators, depth }: Writing): string {
  const [open, close] = brackets;
  if (parts.length === 0) return brackets;
  if (indent === undefined) return `${open}${parts.join(separators?.[0] ?? ', ')}${close}`;
  const unit = typeof indent === 'number' ? ' '.repeat(indent) : indent;
  const inner = `\n${unit.repeat(depth + 1)}`;
  return `${open}${inner}${parts.join(`${(separators?.[0] ?? ',').trimEnd()}${inner}`)}\n${unit.repeat(depth)}${close}`;
}

function floatJson(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity';
  return floatText(value);
}

function quote(text: string, ascii: boolean): string {
  // JSON.stringify writes lone surrogates and control characters as Python does.
  const quoted = JSON.stringify(text);
  if (!ascii) return quoted;
  return quoted.replace(/[\x80-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
