import { Numeral } from '#base/numeral.ts';
import { Secret } from '#base/secret.ts';
import { normal } from './jinja/numbers.ts';
import {
  Bytes,
  Dict,
  type DictEntry,
  type DictSource,
  Float,
  Host,
  Markup,
  PySet,
  Range,
  Tuple,
  Undefined,
  type Value,
} from './jinja/values.ts';

export interface FromPlainOptions {
  /** Whether maps become ordered ones; the outermost is always a plain dict when `plainRoot`. */
  readonly ordered?: boolean;
  readonly plainRoot?: boolean;
}

/**
 * Plain JavaScript data as an engine value, converted as far as it is read. What a template changes is its own copy.
 * A whole number is an integer; a float without a fraction, and what is beyond 2^53, is a Numeral.
 */
export function fromPlain(data: unknown, { ordered = false, plainRoot = false }: FromPlainOptions = {}): Value {
  if (data === null || data === undefined) return null;
  switch (typeof data) {
    case 'string':
    case 'boolean':
      return data;
    case 'number':
      return Number.isInteger(data) ? (Number.isSafeInteger(data) ? data : BigInt(data)) : new Float(data);
    case 'bigint':
      return normal(data);
    case 'object':
      return fromObject(data, ordered, plainRoot);
    default:
      return String(data);
  }
}

function fromObject(data: object, ordered: boolean, plainRoot: boolean): Value {
  if (isValue(data)) return data;
  if (Array.isArray(data)) return data.map((item) => fromPlain(item, { ordered }));
  if (data instanceof Secret) return data.reveal();
  if (data instanceof Numeral) return data.isFloat ? new Float(data.valueOf()) : normal(BigInt(data.text));
  if (data instanceof Uint8Array) return new Bytes(data);
  if (data instanceof Date) return data.toISOString();
  if (data instanceof Set) return [...data].map((item) => fromPlain(item, { ordered }));
  return Dict.lazy(sourceOf(data, ordered), ordered && !plainRoot);
}

function isValue(data: object): data is Exclude<Value, null | string | number | boolean | bigint> {
  return [Float, Markup, Tuple, PySet, Dict, Range, Undefined, Host].some((type) => data instanceof type);
}

function sourceOf(data: object, ordered: boolean): DictSource {
  if (data instanceof Map) {
    return {
      size: data.size,
      get: (name) => (data.has(name) ? new LazyEntry(name, data.get(name), ordered) : undefined),
      *entries() {
        for (const [key, value] of data) yield new LazyEntry(fromPlain(key), value, ordered);
      },
    };
  }
  const record = data as Readonly<Record<string, unknown>>;
  return {
    get size() {
      return Object.keys(record).length;
    },
    get: (name) => (Object.hasOwn(record, name) ? new LazyEntry(name, record[name], ordered) : undefined),
    *entries() {
      for (const [key, value] of Object.entries(record)) yield new LazyEntry(key, value, ordered);
    },
  };
}

class LazyEntry implements DictEntry {
  readonly key: Value;
  readonly #ordered: boolean;
  #plain: unknown;
  #value: Value | undefined;

  constructor(key: Value, plain: unknown, ordered: boolean) {
    this.key = key;
    this.#plain = plain;
    this.#ordered = ordered;
  }

  get value(): Value {
    if (this.#value === undefined) {
      this.#value = fromPlain(this.#plain, { ordered: this.#ordered });
      this.#plain = undefined;
    }
    return this.#value;
  }

  set value(value: Value) {
    this.#value = value;
  }
}
