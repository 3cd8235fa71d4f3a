import { Bitset } from './bitset.ts';
import { compileGlob, globSource } from './glob.ts';
import type { Automaton } from './linear.ts';
import { compileIdRegex } from './match.ts';
import { compileAutomaton } from './regex.ts';

/**
 * The dotted ids of all rows, in one array of bytes: to look at every id is then a walk through memory in order,
 * several times quicker than following a hundred thousand strings.
 */
export class Ids {
  #bytes = new Uint8Array(1_024);
  #used = 0;
  #starts = new Uint32Array(64);
  #ends = new Uint32Array(64);
  #wasted = 0;

  set(row: number, id: string): void {
    if (row >= this.#starts.length) this.#growRows(row + 1);
    this.#wasted += (this.#ends[row] as number) - (this.#starts[row] as number);
    // Rows that were given up leave holes: close them when they are half of it.
    if (this.#wasted > 65_536 && this.#wasted > this.#used / 2) this.#compact(row);
    if (this.#used + id.length > this.#bytes.length) this.#bytes = grown(this.#bytes, this.#used + id.length);
    this.#starts[row] = this.#used;
    for (let at = 0; at < id.length; at++) this.#bytes[this.#used++] = id.charCodeAt(at);
    this.#ends[row] = this.#used;
  }

  selectGlob(pattern: string, within: Bitset): Bitset {
    const automaton = compileAutomaton(globSource(pattern, { caretNegates: true }));
    if (automaton) return this.#scan(automaton, within);
    const glob = compileGlob(pattern, { caretNegates: true });
    return this.#each((id) => glob.test(id), within);
  }

  /** Sees the dotted id; the wire's form as well when the pattern itself writes an underscore. */
  selectRegex(pattern: string, within: Bitset): Bitset {
    const automaton = pattern.includes('_') ? undefined : compileAutomaton(pattern);
    return automaton ? this.#scan(automaton, within) : this.#each(compileIdRegex(pattern), within);
  }

  #scan(automaton: Automaton, within: Bitset): Bitset {
    const found = new Bitset();
    found.reserve(within.words.length);
    const [bytes, starts, ends] = [this.#bytes, this.#starts, this.#ends];
    for (let word = 0; word < within.words.length; word++) {
      let bits = within.words[word] as number;
      let hits = 0;
      while (bits !== 0) {
        const lowest = bits & -bits;
        bits ^= lowest;
        const row = (word << 5) + (31 - Math.clz32(lowest));
        if (automaton.testBytes(bytes, starts[row] as number, ends[row] as number)) hits |= lowest;
      }
      found.words[word] = hits;
    }
    return found;
  }

  #each(test: (id: string) => boolean, within: Bitset): Bitset {
    const found = new Bitset();
    const text = new TextDecoder('latin1');
    within.forEach((row) => {
      if (test(text.decode(this.#bytes.subarray(this.#starts[row], this.#ends[row])))) found.add(row);
    });
    return found;
  }

  #growRows(rows: number): void {
    const length = Math.max(rows, this.#starts.length * 2);
    const [starts, ends] = [new Uint32Array(length), new Uint32Array(length)];
    starts.set(this.#starts);
    ends.set(this.#ends);
    [this.#starts, this.#ends] = [starts, ends];
  }

  #compact(leaving: number): void {
    this.#starts[leaving] = 0;
    this.#ends[leaving] = 0;
    const bytes = new Uint8Array(this.#bytes.length);
    let used = 0;
    for (let row = 0; row < this.#starts.length; row++) {
      const [start, end] = [this.#starts[row] as number, this.#ends[row] as number];
      bytes.set(this.#bytes.subarray(start, end), used);
      this.#starts[row] = used;
      used += end - start;
      this.#ends[row] = used;
    }
    [this.#bytes, this.#used, this.#wasted] = [bytes, used, 0];
  }
}

function grown(from: Uint8Array<ArrayBuffer>, least: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(least, from.length * 2));
  larger.set(from);
  return larger;
}
