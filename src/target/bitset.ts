/** A set of row numbers, one bit each. */
export class Bitset {
  words: Uint32Array;

  constructor(size = 0) {
    this.words = new Uint32Array((size + 31) >>> 5);
  }

  add(row: number): void {
    const word = row >>> 5;
    if (word >= this.words.length) this.#grow(word + 1);
    this.words[word] = (this.words[word] ?? 0) | (1 << (row & 31));
  }

  /** Room for as many words, for loops that write them directly. */
  reserve(words: number): void {
    if (words > this.words.length) this.#grow(words);
  }

  delete(row: number): void {
    const word = row >>> 5;
    if (word < this.words.length) this.words[word] = (this.words[word] ?? 0) & ~(1 << (row & 31));
  }

  has(row: number): boolean {
    return ((this.words[row >>> 5] ?? 0) & (1 << (row & 31))) !== 0;
  }

  get size(): number {
    let size = 0;
    for (const word of this.words) {
      let bits = word - ((word >>> 1) & 0x55555555);
      bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
      size += Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
    }
    return size;
  }

  copy(): Bitset {
    const made = new Bitset();
    made.words = this.words.slice();
    return made;
  }

  /** This set without the other's rows. */
  without(other: Bitset): Bitset {
    const made = this.copy();
    for (let word = 0; word < made.words.length; word++) {
      made.words[word] = (made.words[word] ?? 0) & ~(other.words[word] ?? 0);
    }
    return made;
  }

  addAll(other: Bitset): void {
    if (other.words.length > this.words.length) this.#grow(other.words.length);
    for (let word = 0; word < other.words.length; word++) {
      this.words[word] = (this.words[word] ?? 0) | (other.words[word] ?? 0);
    }
  }

  get isEmpty(): boolean {
    return this.words.every((word) => word === 0);
  }

  forEach(visit: (row: number) => void): void {
    for (let word = 0; word < this.words.length; word++) {
      let bits = this.words[word] ?? 0;
      while (bits !== 0) {
        const lowest = bits & -bits;
        visit((word << 5) + (31 - Math.clz32(lowest)));
        bits ^= lowest;
      }
    }
  }

  #grow(words: number): void {
    const larger = new Uint32Array(Math.max(words, this.words.length * 2));
    larger.set(this.words);
    this.words = larger;
  }
}
