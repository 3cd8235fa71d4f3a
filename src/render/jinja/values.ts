import { isUtf8 } from 'node:buffer';
import { withPlace, type ZesterError } from '#base/errors.ts';
import type { Source } from '../source.ts';
import { typeError, undefinedError, valueError } from './errors.ts';

/**
 * What template expressions compute with: Python's values, and nothing of JavaScript's. A list is an array, None is null,
 * an integer is a number while that is exact and a bigint beyond; a number written as a float is a Float.
 */
export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | Float
  | Markup
  | Value[]
  | Tuple
  | PySet
  | Dict
  | Range
  | Undefined
  | Host;

export class Float {
  readonly value: number;
  constructor(value: number) {
    this.value = value;
  }
}

/** Text that the `json`, `yaml`, `xml` and `escape` filters made: `+`, `%` and its methods escape what is put into it. */
export class Markup {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

export class Tuple {
  readonly items: readonly Value[];
  constructor(items: readonly Value[]) {
    this.items = items;
  }
}

export class Range {
  readonly start: number;
  readonly stop: number;
  readonly step: number;
  constructor(start: number, stop: number, step: number) {
    this.start = start;
    this.stop = stop;
    this.step = step;
  }

  get length(): number {
    return Math.max(0, Math.ceil((this.stop - this.start) / this.step));
  }

  item(index: number): number {
    return this.start + index * this.step;
  }

  *[Symbol.iterator](): Generator<number> {
    for (let index = 0; index < this.length; index++) yield this.item(index);
  }
}

/** A missing name, attribute or item. It may be assigned, tested and defaulted; any other use throws `error()`. */
export class Undefined {
  readonly name: string;
  /** An inline `if` without an `else` that was false: prints as nothing instead of failing. */
  readonly lenient: boolean;
  /** Where the missing thing was written: errors point there, wherever the value is used. */
  origin: { readonly source: Source; readonly at: number } | undefined;
  readonly #makeError: () => ZesterError;

  constructor(name: string, makeError: () => ZesterError, lenient = false) {
    this.name = name;
    this.#makeError = makeError;
    this.lenient = lenient;
  }

  error(): ZesterError {
    const error = this.#makeError();
    return this.origin === undefined ? error : withPlace(error, this.origin.source.place(this.origin.at));
  }
}

export function undefinedName(name: string, candidates: () => Iterable<string>): Undefined {
  const hint = name === 'loop' ? 'Write it between "{% for … %}" and "{% endfor %}": only there is a loop' : undefined;
  return new Undefined(name, () =>
    undefinedError(name, `'${name}' is undefined`, hint === undefined ? { candidates: candidates() } : { hint }),
  );
}

/** `others` are names it has beside its keys. */
export function undefinedAttribute(owner: Value, name: string, others: Iterable<string> = []): Undefined {
  return new Undefined(name, () => {
    const kind = owner === null ? 'None' : `${typeName(owner)} object`;
    const keys = owner instanceof Dict ? [...owner.keys()].filter((key) => typeof key === 'string') : [];
    return undefinedError(name, `'${kind}' has no attribute '${name}'`, { candidates: [...keys, ...others] });
  });
}

/** Positional and named arguments of one call. */
export interface Arguments {
  readonly positional: readonly Value[];
  readonly named: ReadonlyMap<string, Value>;
}

/** An object templates are handed by the engine: a macro, the loop, a namespace, an imported template, a function. */
export abstract class Host {
  abstract readonly typeName: string;

  /** The value of an attribute, or undefined (JavaScript's) when there is none. */
  attribute(_name: string): Value | undefined {
    return undefined;
  }

  /** Attributes to name when one is asked for that it does not have. */
  attributes(): Iterable<string> {
    return [];
  }

  /** The value under a key, for objects that support `[…]`. */
  item(_key: Value): Value | undefined {
    return undefined;
  }

  contains(_key: Value): boolean {
    throw typeError(`argument of type '${this.typeName}' is not iterable`);
  }

  iterate(): Iterable<Value> {
    throw typeError(`'${this.typeName}' object is not iterable`, 'Only a list, a map or a text can be walked');
  }

  size(): number {
    throw typeError(`object of type '${this.typeName}' has no len()`, 'Only a text, a list or a map has a length');
  }

  get callable(): boolean {
    return false;
  }

  call(_args: Arguments): Value {
    throw typeError(`'${this.typeName}' object is not callable`, 'Leave out the parentheses: it is no function');
  }

  truthy(): boolean {
    return true;
  }

  print(): string {
    return `<${this.typeName} object>`;
  }
}

export class Native extends Host {
  readonly typeName: string = 'function';
  readonly name: string;
  readonly #run: (args: Arguments) => Value;

  constructor(name: string, run: (args: Arguments) => Value) {
    super();
    this.name = name;
    this.#run = run;
  }

  override get callable(): boolean {
    return true;
  }

  override call(args: Arguments): Value {
    return this.#run(args);
  }

  override print(): string {
    return `<function ${this.name}>`;
  }
}

/** Python's `bytes`: what `!!binary` in YAML stands for. */
export class Bytes extends Host {
  readonly typeName = 'bytes';
  readonly content: Uint8Array;

  constructor(content: Uint8Array) {
    super();
    this.content = content;
  }

  get base64(): string {
    return Buffer.from(this.content).toString('base64');
  }

  override attribute(name: string): Value | undefined {
    if (name === 'decode') return new Native(name, () => this.#text());
    return name === 'hex' ? new Native(name, () => Buffer.from(this.content).toString('hex')) : undefined;
  }

  override attributes(): Iterable<string> {
    return ['decode', 'hex'];
  }

  override iterate(): Iterable<Value> {
    return this.content;
  }

  override contains(item: Value): boolean {
    return typeof item === 'number' && this.content.includes(item);
  }

  override size(): number {
    return this.content.length;
  }

  override truthy(): boolean {
    return this.content.length > 0;
  }

  override print(): string {
    const quote = this.content.includes(0x27) && !this.content.includes(0x22) ? '"' : "'";
    return `b${quote}${Array.from(this.content, (byte) => byteText(byte, quote)).join('')}${quote}`;
  }

  equals(other: Bytes): boolean {
    return Buffer.compare(this.content, other.content) === 0;
  }

  #text(): string {
    if (isUtf8(this.content)) return Buffer.from(this.content).toString('utf8');
    throw valueError("'utf-8' codec can't decode these bytes", 'Write them to a file as they are');
  }
}

const byteEscapes: Readonly<Record<string, string>> = { '\t': '\\t', '\n': '\\n', '\r': '\\r', '\\': '\\\\' };

function byteText(byte: number, quote: string): string {
  const character = String.fromCharCode(byte);
  const short = byteEscapes[character];
  if (short !== undefined) return short;
  if (character === quote) return `\\${quote}`;
  return byte >= 0x20 && byte <= 0x7e ? character : `\\x${byte.toString(16).padStart(2, '0')}`;
}

/** What `map`, `select` and their kind return: it can be walked once, as Python's generators. */
export class Once extends Host {
  readonly typeName = 'generator';
  #rest: Value[];

  constructor(items: Value[]) {
    super();
    this.#rest = items;
  }

  override iterate(): Value[] {
    const items = this.#rest;
    this.#rest = [];
    return items;
  }

  /** The next item, leaving the others; undefined at the end. */
  next(): Value | undefined {
    const [first, ...rest] = this.#rest;
    this.#rest = rest;
    return first;
  }
}

/** A key as JavaScript's Map compares it, so that 1, 1.0 and True are one key, as in Python. */
export type Key = string | number | bigint | null | object;

export function keyOf(value: Value): Key {
  if (typeof value === 'string') return value.charCodeAt(0) === 0 ? `\0s${value}` : value;
  if (typeof value === 'number' || typeof value === 'bigint' || value === null) return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Markup) return keyOf(value.text);
  if (value instanceof Float) return floatKey(value.value);
  if (value instanceof Tuple) return `\0t${value.items.map((item) => tupleItemKey(keyOf(item))).join('\0,')}\0)`;
  if (value instanceof Undefined) throw value.error();
  if (value instanceof Host || value instanceof Range) return value;
  throw typeError(`unhashable type: '${typeName(value)}'`, 'Use a text or a number as the key');
}

function floatKey(value: number): Key {
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? BigInt(value) : value;
}

const identities = new WeakMap<object, number>();
let lastIdentity = 0;

function tupleItemKey(key: Key): string {
  if (key === null) return 'n';
  if (typeof key !== 'object') return `${typeof key === 'string' ? 's' : 'i'}${key}`;
  let identity = identities.get(key);
  if (identity === undefined) {
    identity = ++lastIdentity;
    identities.set(key, identity);
  }
  return `o${identity}`;
}

export interface DictEntry {
  readonly key: Value;
  value: Value;
}

/** Where a Dict takes entries from when they are first asked for. */
export interface DictSource {
  readonly size: number;
  get(name: string): DictEntry | undefined;
  entries(): Iterable<DictEntry>;
}

/**
 * A map in insertion order with Python's keys. `ordered` tells an OrderedDict from a dict: the `yaml` filter
 * sorts the keys of a dict only, and text made of an OrderedDict other than by printing names its class.
 */
export class Dict {
  readonly ordered: boolean;
  readonly #map = new Map<Key, DictEntry>();
  #source: DictSource | undefined;

  constructor(entries: Iterable<readonly [Value, Value]> = [], ordered = false) {
    this.ordered = ordered;
    for (const [key, value] of entries) this.set(key, value);
  }

  /** A map whose entries are converted when they are first read; most templates read few of a thousand settings. */
  static lazy(source: DictSource, ordered: boolean): Dict {
    const dict = new Dict([], ordered);
    dict.#source = source;
    return dict;
  }

  get size(): number {
    return this.#source?.size ?? this.#map.size;
  }

  get(key: Value): Value | undefined {
    if (this.#source !== undefined && typeof key === 'string') return this.#lazyEntry(key)?.value;
    return this.#all().get(keyOf(key))?.value;
  }

  has(key: Value): boolean {
    return this.get(key) !== undefined;
  }

  set(key: Value, value: Value): void {
    const map = this.#all();
    const id = keyOf(key);
    const entry = map.get(id);
    if (entry === undefined) map.set(id, { key, value });
    else entry.value = value;
  }

  delete(key: Value): boolean {
    return this.#all().delete(keyOf(key));
  }

  clear(): void {
    this.#source = undefined;
    this.#map.clear();
  }

  *keys(): Generator<Value> {
    for (const { key } of this.#all().values()) yield key;
  }

  *values(): Generator<Value> {
    for (const { value } of this.#all().values()) yield value;
  }

  entries(): IterableIterator<DictEntry> {
    return this.#all().values();
  }

  /** A shallow copy of the same class. */
  copy(): Dict {
    const copied = new Dict([], this.ordered);
    for (const { key, value } of this.entries()) copied.set(key, value);
    return copied;
  }

  #lazyEntry(name: string): DictEntry | undefined {
    const id = keyOf(name);
    const known = this.#map.get(id);
    if (known !== undefined) return known;
    const entry = this.#source?.get(name);
    if (entry !== undefined) this.#map.set(id, entry);
    return entry;
  }

  #all(): Map<Key, DictEntry> {
    const source = this.#source;
    if (source === undefined) return this.#map;
    this.#source = undefined;
    const known = new Map(this.#map);
    this.#map.clear();
    for (const entry of source.entries()) {
      const id = keyOf(entry.key);
      this.#map.set(id, known.get(id) ?? entry);
    }
    return this.#map;
  }
}

export class PySet {
  readonly #map = new Map<Key, Value>();

  constructor(items: Iterable<Value> = []) {
    for (const item of items) this.add(item);
  }

  get size(): number {
    return this.#map.size;
  }

  add(item: Value): void {
    const key = keyOf(item);
    if (!this.#map.has(key)) this.#map.set(key, item);
  }

  has(item: Value): boolean {
    return this.#map.has(keyOf(item));
  }

  [Symbol.iterator](): IterableIterator<Value> {
    return this.#map.values();
  }
}

/** `d.keys()`, `d.values()`, `d.items()`: follow their map. */
export class DictView extends Host {
  readonly typeName: string;
  readonly dict: Dict;
  readonly kind: 'keys' | 'values' | 'items';

  constructor(dict: Dict, kind: 'keys' | 'values' | 'items') {
    super();
    this.dict = dict;
    this.kind = kind;
    this.typeName = `${dict.ordered ? 'odict' : 'dict'}_${kind}`;
  }

  override *iterate(): Generator<Value> {
    for (const { key, value } of this.dict.entries()) {
      yield this.kind === 'keys' ? key : this.kind === 'values' ? value : new Tuple([key, value]);
    }
  }

  override size(): number {
    return this.dict.size;
  }

  override truthy(): boolean {
    return this.dict.size > 0;
  }
}

export function isText(value: Value): value is string | Markup {
  return typeof value === 'string' || value instanceof Markup;
}

/** Text of the same class as `original`, for methods that keep Markup. */
export function like(original: string | Markup, text: string): string | Markup {
  return original instanceof Markup ? new Markup(text) : text;
}

export function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number' || typeof value === 'bigint') return 'int';
  if (typeof value === 'string') return 'str';
  if (value instanceof Float) return 'float';
  if (value instanceof Markup) return 'Markup';
  if (Array.isArray(value)) return 'list';
  if (value instanceof Tuple) return 'tuple';
  if (value instanceof PySet) return 'set';
  if (value instanceof Dict) return value.ordered ? 'collections.OrderedDict' : 'dict';
  if (value instanceof Range) return 'range';
  if (value instanceof Undefined) return 'Undefined';
  return value.typeName;
}
