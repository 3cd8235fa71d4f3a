import { typeError, valueError } from '../errors.ts';
import { asInt, isInt, isNumeric, toFloat, truncated } from '../numbers.ts';
import { ascii, repr, str } from '../print.ts';
import { characterCount, characterSlice, escapeHtml } from '../text.ts';
import { Dict, Float, isText, like, Markup, Range, Tuple, typeName, Undefined, type Value } from '../values.ts';
import { characterOf } from './character.ts';
import { formatFloat } from './number.ts';

const largestWidth = 1_000_000;

/** Python's `text % values`. Throws TEMPLATE_TYPE or TEMPLATE_VALUE as Python throws. */
export function formatPercent(self: string | Markup, values: Value): Value {
  const source = str(self);
  const given = new Given(values);
  const parts: string[] = [];
  let at = 0;
  while (at < source.length) {
    const next = source.indexOf('%', at);
    if (next < 0) break;
    parts.push(source.slice(at, next));
    if (source.charAt(next + 1) === '%') {
      parts.push('%');
      at = next + 2;
      continue;
    }
    const directive = new DirectiveReader(source, next + 1, given);
    parts.push(convert(given.next(), directive, self instanceof Markup));
    at = directive.end;
  }
  given.finish();
  return like(self, parts.join('') + source.slice(at));
}

/** The values still to be written. One that is no tuple is given once; a named one after it begins anew. */
class Given {
  readonly #values: Value;
  #rest: readonly Value[];

  constructor(values: Value) {
    this.#values = values;
    this.#rest = values instanceof Tuple ? values.items : [values];
  }

  next(): Value {
    const [value, ...rest] = this.#rest;
    if (value === undefined) throw typeError('not enough arguments for format string');
    this.#rest = rest;
    return value;
  }

  /** What comes next is the value of this name. */
  name(key: string): void {
    const values = this.#values;
    if (!hasItems(values)) throw typeError('format requires a mapping');
    if (values instanceof Undefined) throw values.error();
    if (!(values instanceof Dict)) throw typeError(`${typeName(values)} indices must be integers or slices, not str`);
    const value = values.get(key);
    if (value === undefined) throw valueError(`KeyError: ${repr(key)}`);
    this.#rest = [value];
  }

  finish(): void {
    if (this.#rest.length > 0 && !hasItems(this.#values))
      throw typeError('not all arguments converted during string formatting');
  }
}

/** Python cannot tell a list from a map here: both may stay unused. */
function hasItems(value: Value): boolean {
  return value instanceof Dict || Array.isArray(value) || value instanceof Range || value instanceof Undefined;
}

/** One `%(name)-05.2f`, read from behind its percent sign. */
class DirectiveReader {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
  readonly kind: string;
  end: number;
  readonly #source: string;

  constructor(source: string, at: number, given: Given) {
    this.#source = source;
    this.end = at;
    if (source.charAt(at) === '(') given.name(this.#key());
    const flags = this.#take(/[-+ #0]*/y);
    const width = this.#number(given) ?? 0;
    this.flags = width < 0 ? `${flags}-` : flags;
    this.width = Math.abs(width);
    this.precision = this.#take(/\.?/y) === '.' ? Math.max(0, this.#number(given) ?? 0) : undefined;
    this.#take(/[hlL]?/y);
    this.kind = this.#take(/[\s\S]?/uy);
    if (this.kind === '') throw valueError('incomplete format');
  }

  /** Parentheses inside a name must be in pairs. */
  #key(): string {
    let depth = 0;
    for (let at = this.end; at < this.#source.length; at++) {
      const character = this.#source.charAt(at);
      if (character === '(') depth++;
      if (character !== ')' || --depth > 0) continue;
      const key = this.#source.slice(this.end + 1, at);
      this.end = at + 1;
      return key;
    }
    throw valueError('incomplete format key');
  }

  /** Digits, or the next value for `*`. */
  #number(given: Given): number | undefined {
    const written = this.#take(/\*|\d*/y);
    const value = written === '*' ? given.next() : Number(written);
    if (written === '') return undefined;
    if (!isInt(value) && typeof value !== 'boolean') throw typeError('* wants int');
    const number = Number(asInt(value));
    if (Math.abs(number) > largestWidth) throw valueError('the width is too large');
    return number;
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.end;
    const [found = ''] = pattern.exec(this.#source) ?? [];
    this.end += found.length;
    return found;
  }
}

type Directive = Pick<DirectiveReader, 'flags' | 'width' | 'precision' | 'kind'>;

function convert(value: Value, directive: Directive, markup: boolean): string {
  const { kind, precision } = directive;
  if ('sra'.includes(kind)) {
    const text = textOf(value, kind, markup);
    return placed({ text: precision === undefined ? text : characterSlice(text, 0, precision) }, directive);
  }
  if (kind === 'c') return placed({ text: oneCharacter(value, markup) }, directive);
  if ('diuxXo'.includes(kind)) return placed(intDigits(value, directive, markup), directive);
  if ('eEfFgG'.includes(kind)) return placed(floatDigits(value, directive), directive);
  throw valueError(`unsupported format character '${kind}'`);
}

function textOf(value: Value, kind: string, markup: boolean): string {
  if (kind === 's') return markup && !(value instanceof Markup) ? escapeHtml(str(value)) : str(value);
  const shown = kind === 'r' || markup ? repr(value) : ascii(value);
  return markup ? escapeHtml(shown) : shown;
}

interface Written {
  /** Of numbers only; what `+` and a space ask for is filled in. */
  readonly sign?: string;
  readonly prefix?: string;
  readonly text: string;
}

/** Pads to the width: zeros go behind the sign, spaces before it. */
function placed({ sign, prefix = '', text }: Written, { flags, width }: Directive): string {
  const plus = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
  const head = (sign === undefined ? '' : sign || plus) + prefix;
  const missing = Math.max(0, width - head.length - characterCount(text));
  if (flags.includes('-')) return head + text + ' '.repeat(missing);
  if (flags.includes('0') && sign !== undefined) return head + '0'.repeat(missing) + text;
  return ' '.repeat(missing) + head + text;
}

function intDigits(value: Value, { flags, precision, kind }: Directive, markup: boolean): Written {
  const isIndex = isInt(value) || typeof value === 'boolean';
  if (!isNumeric(value) || ('xXo'.includes(kind) && (!isIndex || markup))) throw notInt(value, kind);
  const int = BigInt(value instanceof Float ? truncated(value.value) : asInt(value));
  const radix = kind === 'o' ? 8 : 'xX'.includes(kind) ? 16 : 10;
  const digits = (int < 0n ? -int : int).toString(radix).padStart(precision ?? 0, '0');
  return {
    sign: int < 0n ? '-' : '',
    prefix: flags.includes('#') && radix !== 10 ? `0${kind}` : '',
    text: kind === 'X' ? digits.toUpperCase() : digits,
  };
}

function notInt(value: Value, kind: string): never {
  if (value instanceof Undefined) throw value.error();
  const wanted = 'xXo'.includes(kind) ? 'an integer' : 'a real number';
  throw typeError(`%${kind} format: ${wanted} is required, not ${typeName(value)}`);
}

function floatDigits(value: Value, { flags, precision = 6, kind }: Directive): Written {
  if (value instanceof Undefined) throw value.error();
  if (!isNumeric(value)) throw typeError(`must be real number, not ${typeName(value)}`);
  const number = toFloat(value);
  return {
    sign: number < 0 || Object.is(number, -0) ? '-' : '',
    text: formatFloat(Math.abs(number), { kind, precision, alternate: flags.includes('#') }),
  };
}

function oneCharacter(value: Value, markup: boolean): string {
  if (markup) throw typeError('%c requires int or char');
  if (isText(value) && characterCount(str(value)) === 1) return str(value);
  if (isInt(value) || typeof value === 'boolean') return characterOf(asInt(value));
  throw typeError('%c requires int or char');
}
