import type { Bitset } from './bitset.ts';

/** A nested value, kept as text until somebody asks. */
class Packed {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * One fact of all peels: equal values are kept once, and a row is the number of its value. Rows are a map while they
 * are few, so that facts only some peels have cost nothing for the others; and a fact that is different on most peels
 * (a host name) is kept by row, since looking for its equals would cost more than it saves.
 */
export class Column {
  #own: unknown[] | undefined;
  #values: unknown[] = [undefined];
  #counts: number[] = [0];
  #free: number[] = [];
  readonly #scalars = new Map<unknown, number>();
  readonly #packed = new Map<string, number>();
  #sparse: Map<number, number> | undefined = new Map();
  #dense = new Uint32Array(0);
  #size = 0;

  /** Rows that have a value. */
  get size(): number {
    return this.#size;
  }

  /** Different values. */
  get distinct(): number {
    return this.#own ? this.#size : this.#values.length - 1 - this.#free.length;
  }

  /** Texts are kept in lower case: facts are compared without regard to it. */
  set(row: number, given: unknown): void {
    const value = typeof given === 'string' ? given.toLowerCase() : given;
    if (this.#own) {
      if (this.#own[row] === undefined) this.#size++;
      this.#own[row] = stored(value);
      return;
    }
    const before = this.#at(row);
    const isNested = typeof value === 'object' && value !== null;
    const text = isNested ? JSON.stringify(value) : '';
    const known = isNested ? this.#packed.get(text) : this.#scalars.get(value);
    if (known !== undefined && known === before) return;
    if (before !== 0) this.#release(before);
    else this.#size++;
    const id = known ?? this.#intern(value, text);
    this.#counts[id] = (this.#counts[id] ?? 0) + 1;
    this.#put(row, id);
    if (this.#size >= leastOwn && known === undefined && this.distinct > this.#size / 2) this.#keepByRow();
  }

  delete(row: number): void {
    if (this.#own) {
      if (this.#own[row] !== undefined) this.#size--;
      this.#own[row] = undefined;
      return;
    }
    const before = this.#at(row);
    if (before === 0) return;
    this.#release(before);
    this.#size--;
    this.#put(row, 0);
  }

  forEach(visit: (row: number, value: unknown) => void): void {
    for (const [row, value] of (this.#own ?? []).entries()) if (value !== undefined) visit(row, unpack(value));
    if (this.#sparse) for (const [row, id] of this.#sparse) visit(row, unpack(this.#values[id]));
    for (const [row, id] of this.#dense.entries()) if (id !== 0) visit(row, unpack(this.#values[id]));
  }

  /** Adds the rows whose value passes; each distinct value is tested once at most. */
  select(within: Bitset, into: Bitset, test: (value: unknown) => boolean): void {
    const own = this.#own;
    if (own) {
      within.forEach((row) => {
        const value = own[row];
        if (value !== undefined && test(typeof value === 'string' ? value : unpack(value))) into.add(row);
      });
      return;
    }
    const verdicts = new Uint8Array(this.#values.length);
    const passes = (id: number): boolean => {
      const verdict = test(unpack(this.#values[id]));
      verdicts[id] = verdict ? 1 : 2;
      return verdict;
    };
    if (this.#sparse) {
      for (const [row, id] of this.#sparse) {
        if (within.has(row) && (verdicts[id] === 1 || (verdicts[id] === 0 && passes(id)))) into.add(row);
      }
      return;
    }
    // The hot loop of every query: whole words in, whole words out, no call for a value met before.
    const dense = this.#dense;
    const words = Math.min(within.words.length, (dense.length + 31) >>> 5);
    into.reserve(words);
    const [source, found] = [within.words, into.words];
    for (let word = 0; word < words; word++) {
      let bits = source[word] as number;
      let hits = 0;
      while (bits !== 0) {
        const lowest = bits & -bits;
        bits ^= lowest;
        const id = dense[(word << 5) + (31 - Math.clz32(lowest))] as number;
        if (id === 0 || id === undefined) continue;
        const verdict = verdicts[id];
        if (verdict === 1 || (verdict === 0 && passes(id))) hits |= lowest;
      }
      found[word] = (found[word] as number) | hits;
    }
  }

  #at(row: number): number {
    return (this.#sparse ? this.#sparse.get(row) : this.#dense[row]) ?? 0;
  }

  #put(row: number, id: number): void {
    if (this.#sparse) {
      if (id === 0) this.#sparse.delete(row);
      else this.#sparse.set(row, id);
      if (this.#sparse.size > 64 && this.#sparse.size > row / 32) this.#makeDense();
      return;
    }
    if (row >= this.#dense.length)
      this.#dense = resized(this.#dense, Math.max(row + 1, (this.#dense.length * 3) >>> 1));
    this.#dense[row] = id;
  }

  #keepByRow(): void {
    const own: unknown[] = [];
    const keep = (row: number, id: number) => {
      own[row] = id === 0 ? undefined : this.#values[id];
    };
    for (let row = 0; row < this.#dense.length; row++) keep(row, this.#dense[row] as number);
    for (const [row, id] of this.#sparse ?? []) keep(row, id);
    this.#own = own;
    this.#sparse = undefined;
    this.#dense = new Uint32Array(0);
    [this.#values, this.#counts, this.#free] = [[undefined], [0], []];
    this.#scalars.clear();
    this.#packed.clear();
  }

  #makeDense(): void {
    const rows = this.#sparse ?? new Map();
    this.#sparse = undefined;
    this.#dense = new Uint32Array([...rows.keys()].reduce((a, b) => Math.max(a, b), 0) + 1);
    for (const [row, id] of rows) this.#dense[row] = id;
  }

  #intern(value: unknown, text: string): number {
    const id = this.#free.pop() ?? this.#values.length;
    const isNested = typeof value === 'object' && value !== null;
    if (isNested) this.#packed.set(text, id);
    else this.#scalars.set(value, id);
    this.#values[id] = isNested && !isPlainList(value) ? new Packed(text) : value;
    this.#counts[id] = 0;
    return id;
  }

  #release(id: number): void {
    const left = (this.#counts[id] ?? 1) - 1;
    this.#counts[id] = left;
    if (left > 0) return;
    const value = this.#values[id];
    if (value instanceof Packed) this.#packed.delete(value.text);
    else if (typeof value === 'object' && value !== null) this.#packed.delete(JSON.stringify(value));
    else this.#scalars.delete(value);
    this.#values[id] = undefined;
    this.#free.push(id);
  }
}

/** Rows from which on it is worth asking whether a fact is different on most peels. */
const leastOwn = 2_048;

/** Lists of plain values are tested often (roles, addresses) and stay as they are. */
function stored(value: unknown): unknown {
  const isNested = typeof value === 'object' && value !== null;
  return isNested && !isPlainList(value) ? new Packed(JSON.stringify(value)) : value;
}

function unpack(value: unknown): unknown {
  return value instanceof Packed ? JSON.parse(value.text) : value;
}

function isPlainList(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each !== 'object' || each === null);
}

function resized(from: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length);
  larger.set(from);
  return larger;
}
