import { ZesterError } from '#base/errors.ts';
import { typeError, valueError } from './errors.ts';
import { pairsOf } from './methods/dict.ts';
import { isInt } from './numbers.ts';
import { equals, iterate } from './operators.ts';
import { str } from './print.ts';
import { native } from './signature.ts';
import { boundText } from './sizes.ts';
import { type Arguments, Dict, Host, Native, Range, typeName, type Value } from './values.ts';

/** Jinja's `namespace()`: the one object whose attributes `set` may change. */
export class Namespace extends Host {
  readonly typeName = 'Namespace';
  readonly #values: Dict;

  constructor(values: Dict) {
    super();
    this.#values = values;
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }

  override attribute(name: string): Value | undefined {
    return this.#values.get(name);
  }

  override attributes(): Iterable<string> {
    return [...this.#values.keys()].map(str);
  }

  override item(key: Value): Value | undefined {
    return this.#values.get(key);
  }
}

class Cycler extends Host {
  readonly typeName = 'Cycler';
  readonly #items: readonly Value[];
  #position = 0;

  constructor(items: readonly Value[]) {
    super();
    if (items.length === 0) throw typeError('at least one item has to be provided');
    this.#items = items;
  }

  override attribute(name: string): Value | undefined {
    if (name === 'current') return this.#current();
    if (name === 'next') return new Native('next', () => this.#next());
    if (name === 'reset') return new Native('reset', () => this.#reset());
    return undefined;
  }

  #current(): Value {
    return this.#items[this.#position] ?? null;
  }

  #next(): Value {
    const item = this.#current();
    this.#position = (this.#position + 1) % this.#items.length;
    return item;
  }

  #reset(): null {
    this.#position = 0;
    return null;
  }
}

class Joiner extends Host {
  readonly typeName = 'Joiner';
  readonly #separator: Value;
  #used = false;

  constructor(separator: Value) {
    super();
    this.#separator = separator;
  }

  override get callable(): boolean {
    return true;
  }

  override call(_args: Arguments): Value {
    if (this.#used) return this.#separator;
    this.#used = true;
    return '';
  }
}

/** A list under the method names of the older template dialect: `Append`, `Extend`, `Len`, `Items`, `Get`. */
class MutableList extends Host {
  readonly typeName = 'mlist';
  readonly #items: Value[];

  constructor(items: Value[]) {
    super();
    this.#items = items;
  }

  override attribute(name: string): Value | undefined {
    switch (name.toLowerCase()) {
      case 'append':
        return native(name, 'item', (item = null) => done(this.#items.push(item)));
      case 'extend':
        return native(name, 'items', (items = []) => done(this.#items.push(...iterate(items))));
      case 'len':
        return native(name, '', () => this.#items.length);
      case 'items':
        return native(name, '', () => [...this.#items]);
      case 'get':
        return native(name, 'index', (index = 0) => this.#at(index));
      default:
        return undefined;
    }
  }

  override item(key: Value): Value | undefined {
    return isInt(key) ? this.#items.at(Number(key)) : undefined;
  }

  override contains(item: Value): boolean {
    return this.#items.some((each) => equals(each, item));
  }

  override iterate(): Iterable<Value> {
    return this.#items;
  }

  override size(): number {
    return this.#items.length;
  }

  override truthy(): boolean {
    return this.#items.length > 0;
  }

  override print(): string {
    return str(this.#items);
  }

  #at(index: Value): Value {
    const item = isInt(index) && index >= 0 ? this.#items[Number(index)] : undefined;
    return item === undefined ? null : item;
  }
}

/** What every template can call by a bare name, whatever the data. */
export function builtinGlobals(): Map<string, Value> {
  const functions: readonly Native[] = [
    native('range', 'start, stop=None, step=1', (start = 0, stop = null, step = 1) => range(start, stop, step)),
    native('dict', 'other=None, **named', (other = null, named = null) => dict(other, named, false)),
    native('odict', 'other=None, **named', (other = null, named = null) => dict(other, named, true)),
    native(
      'namespace',
      'other=None, **named',
      (other = null, named = null) => new Namespace(dict(other, named, false)),
    ),
    native('cycler', '*items', (items = []) => new Cycler([...iterate(items)])),
    native('joiner', "sep=', '", (separator = ', ') => new Joiner(separator)),
    native('lipsum', 'n=5, html=True, min=20, max=100', lipsum),
    native('raise', 'message', raise),
    native('mlist', '*items', (items = []) => new MutableList([...iterate(items)])),
  ];
  return new Map(functions.map((each) => [each.name, each]));
}

function done(_effect: unknown): null {
  return null;
}

const largestRange = 100_000;

function range(start: Value, stop: Value, step: Value): Range {
  const [from, to] = stop === null ? [0, start] : [start, stop];
  for (const bound of [from, to, step]) {
    if (!isInt(bound) && typeof bound !== 'boolean') {
      throw typeError(`'${typeName(bound)}' object cannot be interpreted as an integer`);
    }
  }
  if (Number(step) === 0) throw valueError('range() arg 3 must not be zero');
  const result = new Range(Number(from), Number(to), Number(step));
  if (result.length > largestRange)
    throw valueError(
      `Range too big. The sandbox blocks ranges larger than ${largestRange}.`,
      'Look at where its bounds come from',
    );
  return result;
}

function dict(other: Value, named: Value, ordered: boolean): Dict {
  return new Dict([...pairsOf(other), ...pairsOf(named)], ordered);
}

const words = 'lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore'.split(
  ' ',
);

// Filler, the same every time: a template must render alike on every run.
function lipsum(paragraphs: Value = 5, html: Value = true): Value {
  const text = `${words.join(' ').replace(/^l/, 'L')}.`;
  boundText(Number(paragraphs) * text.length);
  const all = Array.from({ length: Number(paragraphs) }, () => (html === true ? `<p>${text}</p>` : text));
  return all.join(html === true ? '\n' : '\n\n');
}

function raise(message: Value = ''): never {
  throw new ZesterError('source', 'TEMPLATE_RAISED', `Cannot go on rendering: ${str(message)}`, {
    hint: 'The template itself refuses: look at the condition that leads here',
  });
}
