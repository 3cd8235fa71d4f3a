const pageBits = 15;
const pageWords = 1 << (pageBits - 5);

/** Which states were seen at which places: bits in pages that exist once one of their bits is set. */
export class Marks {
  readonly #width: number;
  readonly #pages: (Uint32Array | undefined)[] = [];

  constructor(width: number) {
    this.#width = width;
  }

  has(state: number, place: number): boolean {
    const bit = place * this.#width + state;
    const page = this.#pages[Math.floor(bit / (1 << pageBits))];
    const within = bit % (1 << pageBits);
    return page !== undefined && ((page[within >>> 5] as number) & (1 << (within & 31))) !== 0;
  }

  /** False when it was set already. */
  set(state: number, place: number): boolean {
    const bit = place * this.#width + state;
    const number = Math.floor(bit / (1 << pageBits));
    let page = this.#pages[number];
    if (page === undefined) {
      page = new Uint32Array(pageWords);
      this.#pages[number] = page;
    }
    const within = bit % (1 << pageBits);
    const word = page[within >>> 5] as number;
    const mask = 1 << (within & 31);
    if ((word & mask) !== 0) return false;
    page[within >>> 5] = word | mask;
    return true;
  }

  delete(state: number, place: number): void {
    const bit = place * this.#width + state;
    const page = this.#pages[Math.floor(bit / (1 << pageBits))];
    const within = bit % (1 << pageBits);
    if (page !== undefined) page[within >>> 5] = (page[within >>> 5] as number) & ~(1 << (within & 31));
  }

  /** Forgets all states at a place. */
  clear(place: number): void {
    for (let state = 0; state < this.#width; state++) this.delete(state, place);
  }
}
