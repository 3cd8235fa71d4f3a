import { typeError, unsafeError } from './errors.ts';
import { Group } from './filters/group.ts';
import { methodNames, methodOf } from './methods/index.ts';
import { isInt } from './numbers.ts';
import { repr, str } from './print.ts';
import { characterCount, characterSlice, characters } from './text.ts';
import {
  Dict,
  Float,
  Host,
  isText,
  keyOf,
  like,
  Range,
  Tuple,
  typeName,
  Undefined,
  undefinedAttribute,
  type Value,
} from './values.ts';

/** `owner.name`: a method or attribute first, then the item of that name. Nothing of JavaScript's can be reached. */
export function attribute(owner: Value, name: string): Value {
  if (owner instanceof Undefined) throw owner.error();
  const found = ownAttribute(owner, name);
  if (found !== undefined) return found;
  const item = owner instanceof Dict ? owner.get(name) : owner instanceof Host ? owner.item(name) : undefined;
  return item === undefined ? missingAttribute(owner, name) : item;
}

/** `owner[key]`: the item first, then, for text, the attribute of that name. */
export function item(owner: Value, key: Value): Value {
  if (owner instanceof Undefined) throw owner.error();
  const found = ownItem(owner, key);
  if (found !== undefined) return found;
  if (isText(key)) return namedItem(owner, str(key));
  if (key instanceof Undefined) throw key.error();
  return undefinedAttribute(owner, isInt(key) ? String(key) : repr(key));
}

function namedItem(owner: Value, name: string): Value {
  const found = ownAttribute(owner, name);
  return found === undefined ? missingAttribute(owner, name) : found;
}

/** The attribute filter `attr`: methods and attributes only. */
export function ownAttribute(owner: Value, name: string): Value | undefined {
  if (name.startsWith('__') && name.endsWith('__')) return undefined;
  if (owner instanceof Host) return owner.attribute(name);
  if (owner instanceof Group && (name === 'grouper' || name === 'list')) return owner[name];
  return methodOf(owner, name);
}

// Python's objects have these; answering "undefined" would hide from an author that the sandbox refused them.
const internals =
  /^__(?:class|dict|doc|init|module|mro|bases|subclasses|globals|code|call|getattribute|reduce|reduce_ex|init_subclass|subclasshook|new|repr|str|hash|eq|len|iter|getitem|setitem|contains|add|builtins|import)__$/;

function missingAttribute(owner: Value, name: string): Value {
  if (internals.test(name)) return new Undefined(name, () => unsafeError(name, typeName(owner)));
  return undefinedAttribute(owner, name, owner instanceof Host ? owner.attributes() : methodNames(owner));
}

function ownItem(owner: Value, key: Value): Value | undefined {
  if (owner instanceof Dict) return isHashable(key) ? owner.get(key) : undefined;
  if (owner instanceof Host) return owner.item(key);
  if (!isInt(key) && typeof key !== 'boolean') return undefined;
  const index = Number(key);
  if (Array.isArray(owner)) return owner.at(index);
  if (owner instanceof Tuple) return owner.items.at(index);
  if (isText(owner)) return characterAt(owner, index);
  if (owner instanceof Range) {
    const at = index < 0 ? index + owner.length : index;
    return at >= 0 && at < owner.length ? owner.item(at) : undefined;
  }
  return undefined;
}

function isHashable(key: Value): boolean {
  if (Array.isArray(key) || key instanceof Dict) return false;
  if (key instanceof Tuple) return key.items.every(isHashable);
  return keyOf(key) !== undefined;
}

function characterAt(owner: Exclude<Value, undefined> & Parameters<typeof like>[0], index: number): Value | undefined {
  const character = characters(str(owner)).at(index);
  return character === undefined ? undefined : like(owner, character);
}

/** `owner[start:stop:step]`; None stands for a part left out. */
export function slice(owner: Value, start: Value, stop: Value, step: Value): Value {
  if (owner instanceof Undefined) throw owner.error();
  const by = bound(step) ?? 1;
  if (by === 0) throw typeError('slice step cannot be zero', 'Leave the step out, or write -1 to go backwards');
  if (isText(owner)) {
    const text = str(owner);
    return like(
      owner,
      by === 1 ? textSlice(text, bound(start), bound(stop)) : pick([...text], start, stop, by).join(''),
    );
  }
  if (Array.isArray(owner)) return pick(owner, start, stop, by);
  if (owner instanceof Tuple) return new Tuple(pick(owner.items, start, stop, by));
  if (owner instanceof Range) return sliceRange(owner, start, stop, by);
  // As Python's environment does: what cannot be sliced has no such item.
  return undefinedAttribute(owner, `slice(${repr(start)}, ${repr(stop)}, ${repr(step)})`);
}

function textSlice(text: string, start: number | undefined, stop: number | undefined): string {
  const length = characterCount(text);
  return characterSlice(text, clamp(start ?? 0, length), clamp(stop ?? length, length));
}

function clamp(index: number, length: number): number {
  return index < 0 ? Math.max(0, index + length) : Math.min(index, length);
}

function pick<T>(items: readonly T[], start: Value, stop: Value, step: number): T[] {
  const { first, end } = bounds(items.length, start, stop, step);
  const picked: T[] = [];
  for (let index = first; step > 0 ? index < end : index > end; index += step) picked.push(items[index] as T);
  return picked;
}

function sliceRange(range: Range, start: Value, stop: Value, step: number): Range {
  const { first, end } = bounds(range.length, start, stop, step);
  return new Range(range.item(first), range.item(end), range.step * step);
}

function bounds(length: number, start: Value, stop: Value, step: number): { first: number; end: number } {
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const limit = (value: number | undefined, fallback: number): number => {
    if (value === undefined) return fallback;
    return value < 0 ? Math.max(low, value + length) : Math.min(high, value);
  };
  return { first: limit(bound(start), step > 0 ? low : high), end: limit(bound(stop), step > 0 ? high : low) };
}

function bound(value: Value): number | undefined {
  if (value === null) return undefined;
  if (isInt(value) || typeof value === 'boolean') return Number(value);
  if (value instanceof Undefined) throw value.error();
  const kind = value instanceof Float ? 'float' : typeName(value);
  throw typeError(`slice indices must be integers or None or have an __index__ method, not '${kind}'`);
}
