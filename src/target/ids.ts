import { compileGlob, globSource } from '#pattern/glob.ts';
import { Bitset } from './bitset.ts';
import { type Automaton, dead, matched } from './linear.ts';
import { compileIdRegex } from './match.ts';
import { compileAutomaton } from './regex.ts';
import type { Target } from './syntax.ts';

export type IdPattern = Extract<Target, { readonly kind: 'glob' | 'regex' }>;

/**
 * The dotted ids of all rows: host names in one array of bytes, domains by number, since a fleet has few. To look at
 * every id is then a walk through memory in order, and what a pattern makes of a domain is worked out once.
 */
export class Ids {
  #bytes = new Uint8Array(1_024);
  #used = 0;
  #wasted = 0;
  #starts = new Uint32Array(64);
  #ends = new Uint32Array(64);
  #domains = new Uint32Array(64);
  readonly #domainNumbers = new Map<string, number>();
  readonly #domainBytes: Uint8Array[] = [];
  /** Rows of each domain: one that nobody has any more gives its number to the next. */
  readonly #domainRows: number[] = [];
  readonly #freeDomains: number[] = [];

  set(row: number, id: string): void {
    if (row >= this.#starts.length) this.#growRows(row + 1);
    this.delete(row);
    // Rows that were given up leave holes: close them when they are half of it.
    if (this.#wasted > 65_536 && this.#wasted > this.#used / 2) this.#compact();
    const dot = id.indexOf('.');
    const host = dot < 0 ? id : id.slice(0, dot);
    if (this.#used + host.length > this.#bytes.length) this.#bytes = grown(this.#bytes, this.#used + host.length);
    this.#starts[row] = this.#used;
    for (let at = 0; at < host.length; at++) this.#bytes[this.#used++] = host.charCodeAt(at);
    this.#ends[row] = this.#used;
    this.#domains[row] = this.#domainNumber(dot < 0 ? '' : id.slice(dot));
  }

  /** The row is free for another peel. */
  delete(row: number): void {
    const length = (this.#ends[row] ?? 0) - (this.#starts[row] ?? 0);
    if (length === 0) return;
    this.#wasted += length;
    this.#ends[row] = this.#starts[row] as number;
    this.#releaseDomain(this.#domains[row] as number);
  }

  /** Rows whose id any of the patterns matches. Together they are one automaton, so one walk answers for all of them. */
  select(patterns: readonly IdPattern[], within: Bitset): Bitset {
    const simple = patterns.filter(isSimple);
    const joined = simple.map(sourceOf).join('|');
    const automaton = simple.length > 0 ? compileAutomaton(joined) : undefined;
    const found = automaton ? this.#scan(automaton, within) : new Bitset();
    for (const pattern of automaton ? patterns.filter((each) => !isSimple(each)) : patterns) {
      found.addAll(this.#each(testOf(pattern), within.without(found)));
    }
    return found;
  }

  #scan(automaton: Automaton, within: Bitset): Bitset {
    const found = new Bitset();
    found.reserve(within.words.length);
    const [bytes, starts, ends, domains] = [this.#bytes, this.#starts, this.#ends, this.#domains];
    const domainEnds = this.#domainEnds(automaton);
    const start = automaton.start();
    for (let word = 0; word < within.words.length; word++) {
      let bits = within.words[word] as number;
      let hits = 0;
      while (bits !== 0) {
        const lowest = bits & -bits;
        bits ^= lowest;
        const row = (word << 5) + (31 - Math.clz32(lowest));
        const state = automaton.advance(start, bytes, starts[row] as number, ends[row] as number);
        if (state === matched || (state !== dead && domainEnds(state, domains[row] as number))) hits |= lowest;
      }
      found.words[word] = hits;
    }
    return found;
  }

  /** Whether a walk that came to a state matches with this domain behind it. */
  #domainEnds(automaton: Automaton): (state: number, domain: number) => boolean {
    const count = this.#domainBytes.length;
    let verdicts = new Uint8Array(64 * count);
    return (state, domain) => {
      const at = state * count + domain;
      if (at >= verdicts.length) verdicts = grown(verdicts, at + 1);
      if (verdicts[at] === 0) {
        const text = this.#domainBytes[domain] as Uint8Array;
        verdicts[at] = automaton.ends(automaton.advance(state, text, 0, text.length)) ? 1 : 2;
      }
      return verdicts[at] === 1;
    };
  }

  #each(test: (id: string) => boolean, within: Bitset): Bitset {
    const found = new Bitset();
    const text = new TextDecoder('latin1');
    within.forEach((row) => {
      const host = text.decode(this.#bytes.subarray(this.#starts[row], this.#ends[row]));
      if (test(host + text.decode(this.#domainBytes[this.#domains[row] as number]))) found.add(row);
    });
    return found;
  }

  #domainNumber(domain: string): number {
    const known = this.#domainNumbers.get(domain);
    const number = known ?? this.#freeDomains.pop() ?? this.#domainBytes.length;
    this.#domainRows[number] = (this.#domainRows[number] ?? 0) + 1;
    if (known !== undefined) return known;
    this.#domainBytes[number] = new TextEncoder().encode(domain);
    this.#domainNumbers.set(domain, number);
    return number;
  }

  #releaseDomain(number: number): void {
    const left = (this.#domainRows[number] ?? 1) - 1;
    this.#domainRows[number] = left;
    if (left > 0) return;
    this.#domainNumbers.delete(new TextDecoder().decode(this.#domainBytes[number]));
    this.#freeDomains.push(number);
  }

  #growRows(rows: number): void {
    const length = Math.max(rows, this.#starts.length * 2);
    const [starts, ends, domains] = [new Uint32Array(length), new Uint32Array(length), new Uint32Array(length)];
    starts.set(this.#starts);
    ends.set(this.#ends);
    domains.set(this.#domains);
    [this.#starts, this.#ends, this.#domains] = [starts, ends, domains];
  }

  #compact(): void {
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

/** A wire id in the pattern, flags of its own, or more than an automaton can do: those are tested one by one. */
function isSimple({ kind, pattern }: IdPattern): boolean {
  return kind === 'glob' || !(pattern.includes('_') || pattern.includes('(?') || /\\[bBk\d]/.test(pattern));
}

function sourceOf({ kind, pattern }: IdPattern): string {
  return `(?:${kind === 'glob' ? globSource(pattern, { caretNegates: true }) : pattern})`;
}

function testOf({ kind, pattern }: IdPattern): (id: string) => boolean {
  return kind === 'glob' ? compileGlob(pattern, { caretNegates: true }).test : compileIdRegex(pattern);
}

function grown(from: Uint8Array<ArrayBuffer>, least: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(Math.max(least, from.length * 2));
  larger.set(from);
  return larger;
}
