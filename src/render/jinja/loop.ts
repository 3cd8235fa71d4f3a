import { typeError, undefinedError } from './errors.ts';
import { equals } from './operators.ts';
import { type Arguments, Host, Native, Undefined, type Value } from './values.ts';

/** The `loop` a `for` body sees. */
export class Loop extends Host {
  readonly typeName = 'LoopContext';
  readonly #items: readonly Value[];
  readonly #depth: number;
  readonly #recurse: ((items: Value, depth: number) => Value) | undefined;
  #changing: readonly Value[] | undefined;
  index0 = -1;

  constructor(items: readonly Value[], { depth, recurse }: { depth: number; recurse: Loop['recursion'] }) {
    super();
    this.#items = items;
    this.#depth = depth;
    this.#recurse = recurse;
  }

  get recursion(): ((items: Value, depth: number) => Value) | undefined {
    return this.#recurse;
  }

  override get callable(): boolean {
    return this.#recurse !== undefined;
  }

  override call({ positional }: Arguments): Value {
    const [items] = positional;
    if (this.#recurse === undefined || items === undefined) {
      throw typeError(
        "The loop must have the 'recursive' marker to be called recursively.",
        'Write "{% for … in … recursive %}"',
      );
    }
    return this.#recurse(items, this.#depth + 1);
  }

  override attribute(name: string): Value | undefined {
    const { length } = this.#items;
    switch (name) {
      case 'index':
        return this.index0 + 1;
      case 'index0':
        return this.index0;
      case 'revindex':
        return length - this.index0;
      case 'revindex0':
        return length - this.index0 - 1;
      case 'first':
        return this.index0 === 0;
      case 'last':
        return this.index0 === length - 1;
      case 'length':
        return length;
      case 'depth':
        return this.#depth + 1;
      case 'depth0':
        return this.#depth;
      case 'previtem':
        return this.#neighbour(this.index0 - 1, 'there is no previous item');
      case 'nextitem':
        return this.#neighbour(this.index0 + 1, 'there is no next item');
      case 'cycle':
        return new Native('cycle', ({ positional }) => this.#cycle(positional));
      case 'changed':
        return new Native('changed', ({ positional }) => this.#changed(positional));
      default:
        return undefined;
    }
  }

  override size(): number {
    return this.#items.length;
  }

  #neighbour(index: number, reason: string): Value {
    const item = this.#items[index];
    return item === undefined ? new Undefined('loop', () => undefinedError('loop', reason)) : item;
  }

  #cycle(values: readonly Value[]): Value {
    const value = values[this.index0 % Math.max(1, values.length)];
    if (value === undefined) throw typeError('no items for cycling given');
    return value;
  }

  #changed(values: readonly Value[]): boolean {
    const before = this.#changing;
    this.#changing = values;
    return (
      before === undefined ||
      before.length !== values.length ||
      !values.every((value, index) => equals(value, before[index] ?? null))
    );
  }
}
