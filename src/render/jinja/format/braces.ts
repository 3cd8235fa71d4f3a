import { attribute, item } from '../access.ts';
import { valueError } from '../errors.ts';
import { ascii, repr, str } from '../print.ts';
import { escapeHtml } from '../text.ts';
import { Dict, Markup, type Value } from '../values.ts';
import { formatSpec } from './spec.ts';

/** Python's `text.format(*positional, **named)`: fields with `.attribute`, `[item]`, `!r` and format specifications. */
export function formatBraces(self: string | Markup, positional: readonly Value[], named: Value): string {
  const formatter = new Formatter({ positional, named, markup: self instanceof Markup });
  return formatter.expand(str(self), 2);
}

interface Fields {
  readonly positional: readonly Value[];
  readonly named: Value;
  readonly markup: boolean;
}

class Formatter {
  readonly #fields: Fields;
  /** Fields are numbered by themselves, or all by hand. */
  #numbering: 'none' | 'automatic' | 'manual' = 'none';
  #next = 0;

  constructor(fields: Fields) {
    this.#fields = fields;
  }

  expand(source: string, depth: number): string {
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
        const field = readField(source, at);
        text += this.#field(field, depth);
        at = field.end;
      }
    }
    return text;
  }

  #field({ name, conversion, spec }: Field, depth: number): string {
    const value = converted(this.#resolve(this.#numbered(name)), conversion);
    return this.#shown(value, this.expand(spec, depth - 1));
  }

  #shown(value: Value, spec: string): string {
    if (!this.#fields.markup) return formatSpec(value, spec);
    if (!(value instanceof Markup)) return escapeHtml(formatSpec(value, spec));
    if (spec !== '') throw valueError('Unsupported format specification for Markup.');
    return value.text;
  }

  #numbered(name: string): string {
    const kind = name === '' ? 'automatic' : /^\d+$/.test(name) ? 'manual' : this.#numbering;
    if (this.#numbering !== 'none' && kind !== this.#numbering)
      throw valueError('cannot switch from manual field specification to automatic field numbering');
    this.#numbering = kind;
    return name === '' ? String(this.#next++) : name;
  }

  #resolve(name: string): Value {
    const [, head = '', path = ''] = /^([^.[]*)([\s\S]*)$/.exec(name) ?? [];
    return readPath(path).reduce<Value>(
      (value, { by, key }) =>
        by === 'attribute' ? attribute(value, key) : item(value, /^\d+$/.test(key) ? Number(key) : key),
      this.#argument(head),
    );
  }

  #argument(name: string): Value {
    const { positional, named } = this.#fields;
    if (/^\d+$/.test(name)) {
      const value = positional[Number(name)];
      if (value === undefined) throw valueError(`Replacement index ${name} out of range for positional args tuple`);
      return value;
    }
    const value = named instanceof Dict ? named.get(name) : item(named, name);
    if (value === undefined) throw valueError(`KeyError: ${repr(name)}`);
    return value;
  }
}

interface Field {
  readonly name: string;
  readonly conversion: string | undefined;
  readonly spec: string;
  readonly end: number;
}

/** The field that begins with the brace at `open`. */
function readField(source: string, open: number): Field {
  if (source.charAt(open) === '}') throw valueError("Single '}' encountered in format string");
  if (open === source.length - 1) throw valueError("Single '{' encountered in format string");
  const name = take(source, open + 1, /(?:\[[^\]]*\]?|[^{}:![])*/y);
  let at = open + 1 + name.length;
  let conversion: string | undefined;
  if (source.charAt(at) === '!') {
    conversion = take(source, at + 1, /[\s\S]?/uy);
    if (conversion === '') throw valueError('end of string while looking for conversion specifier');
    at += 1 + conversion.length;
    if (!/[:}]?/.test(source.charAt(at))) throw valueError("expected ':' after conversion specifier");
  }
  if (source.charAt(at) === '}') return { name, conversion, spec: '', end: at + 1 };
  if (source.charAt(at) === '{') throw valueError("unexpected '{' in field name");
  if (source.charAt(at) !== ':') throw valueError("expected '}' before end of string");
  const end = closing(source, at + 1);
  return { name, conversion, spec: source.slice(at + 1, end), end: end + 1 };
}

function take(source: string, at: number, pattern: RegExp): string {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0] ?? '';
}

/** Where a specification ends, which may hold fields of its own. */
function closing(source: string, start: number): number {
  let depth = 1;
  for (let at = start; at < source.length; at++) {
    if (source.charAt(at) === '{') depth++;
    if (source.charAt(at) === '}' && --depth === 0) return at;
  }
  throw valueError("unmatched '{' in format spec");
}

interface Step {
  readonly by: 'attribute' | 'item';
  readonly key: string;
}

function readPath(path: string): Step[] {
  const steps: Step[] = [];
  let rest = path;
  while (rest !== '') {
    const found = /^(?:\.([^.[]*)|\[([^\]]*)\])/.exec(rest);
    if (found === null && rest.startsWith('[')) throw valueError("Missing ']' in format string");
    if (found === null) throw valueError("Only '.' or '[' may follow ']' in format field specifier");
    const [whole, name, key = ''] = found;
    if (name === '' || (name === undefined && key === '')) throw valueError('Empty attribute in format string');
    steps.push(name === undefined ? { by: 'item', key } : { by: 'attribute', key: name });
    rest = rest.slice(whole.length);
  }
  return steps;
}

function converted(value: Value, conversion: string | undefined): Value {
  if (conversion === undefined) return value;
  if (conversion === 's') return str(value);
  if (conversion === 'r') return repr(value);
  if (conversion === 'a') return ascii(value);
  throw valueError(`Unknown conversion specifier ${conversion}`);
}
