import { typeError, valueError } from '../errors.ts';
import { Group } from '../filters/group.ts';
import { repr, str } from '../print.ts';
import { escaped } from '../text.ts';
import { Dict, Host, isText, Markup, Tuple, typeName, type Value } from '../values.ts';
import { formatSpec } from './spec.ts';

/** Python's `text.format(*positional, **named)`: fields with `.attribute`, `[item]`, `!r` and format specifications. */
export function formatBraces(self: string | Markup, positional: readonly Value[], named: Value): string {
  return expand(str(self), { positional, named, markup: self instanceof Markup, automatic: { next: 0 } }, 2);
}

interface Fields {
  readonly positional: readonly Value[];
  readonly named: Value;
  readonly markup: boolean;
  readonly automatic: { next: number };
}

function expand(source: string, fields: Fields, depth: number): string {
  if (depth < 0) throw valueError('Max string recursion exceeded');
  let text = '';
  let at = 0;
  while (at < source.length) {
    const character = source.charAt(at);
    if (character !== '{' && character !== '}') {
      text += character;
      at++;
    } else if (source.charAt(at + 1) === character) {
      text += character;
      at += 2;
    } else {
      if (character === '}') throw valueError("Single '}' encountered in format string");
      const end = closing(source, at);
      text += field(source.slice(at + 1, end), fields, depth);
      at = end + 1;
    }
  }
  return text;
}

function closing(source: string, open: number): number {
  let depth = 0;
  for (let at = open; at < source.length; at++) {
    if (source.charAt(at) === '{') depth++;
    if (source.charAt(at) === '}' && --depth === 0) return at;
  }
  throw valueError(
    open === source.length - 1 ? "Single '{' encountered in format string" : "expected '}' before end of string",
  );
}

function field(written: string, fields: Fields, depth: number): string {
  const match = /^([^!:[]*(?:\[[^\]]*\][^!:[]*)*)(?:!([^:]*))?(?::([\s\S]*))?$/.exec(written);
  if (match === null) throw valueError(`expected ':' after conversion specifier`);
  const [, name = '', conversion, spec = ''] = match;
  const value = converted(resolve(name, fields), conversion);
  const expanded = spec.includes('{') ? expand(spec, fields, depth - 1) : spec;
  const text = formatSpec(value, expanded);
  return fields.markup ? escaped(isText(value) && value instanceof Markup ? new Markup(text) : text) : text;
}

function converted(value: Value, conversion: string | undefined): Value {
  if (conversion === undefined) return value;
  if (conversion === 's') return str(value);
  if (conversion === 'r' || conversion === 'a') return repr(value);
  throw valueError(`Unknown conversion specifier '${conversion}'`);
}

function resolve(name: string, fields: Fields): Value {
  const [, head = '', path = ''] = /^([^.[]*)([\s\S]*)$/.exec(name) ?? [];
  let value = argument(head, fields);
  for (const [, attributeName, key = ''] of path.matchAll(/\.([^.[]+)|\[([^\]]*)\]/g)) {
    value =
      attributeName === undefined
        ? itemOf(value, /^\d+$/.test(key) ? Number(key) : key)
        : attributeOf(value, attributeName);
  }
  return value;
}

// Fields reach into data only: no method of a value can be named in a format.
function attributeOf(owner: Value, name: string): Value {
  const value =
    owner instanceof Host ? owner.attribute(name) : owner instanceof Group ? memberOf(owner, name) : undefined;
  if (value === undefined) throw valueError(`'${typeName(owner)}' object has no attribute '${name}'`);
  return value;
}

function memberOf(group: Group, name: string): Value | undefined {
  return name === 'grouper' || name === 'list' ? group[name] : undefined;
}

function itemOf(owner: Value, key: string | number): Value {
  const items = Array.isArray(owner) ? owner : owner instanceof Tuple ? owner.items : undefined;
  const value = owner instanceof Dict ? owner.get(key) : typeof key === 'number' ? items?.at(key) : undefined;
  if (value === undefined) throw valueError(`KeyError: ${repr(key)}`);
  return value;
}

function argument(name: string, { positional, named, automatic }: Fields): Value {
  if (name === '' || /^\d+$/.test(name)) {
    const index = name === '' ? automatic.next++ : Number(name);
    const value = positional[index];
    if (value === undefined) throw valueError(`Replacement index ${index} out of range for positional args tuple`);
    return value;
  }
  if (!(named instanceof Dict)) throw typeError('format_map needs a map');
  const value = named.get(name);
  if (value === undefined) throw valueError(`KeyError: ${repr(name)}`);
  return value;
}
