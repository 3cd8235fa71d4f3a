import type { Node } from './regex-syntax.ts';

/** One state of the automaton: what it takes, and where it leads. */
type State =
  | { readonly kind: 'atom'; readonly source: string; readonly next: number }
  | { readonly kind: 'start' | 'end'; readonly next: number }
  | { readonly kind: 'split'; next: readonly number[] }
  | { readonly kind: 'match' };

/** A search in time proportional to the text, whatever the pattern. */
export interface Automaton {
  test(text: string): boolean;
  /** Where a walk over ASCII bytes begins. States are numbers; those of an earlier walk mean nothing in a later one. */
  start(): number;
  /** The state after some bytes; `dead` and `matched` stay what they are. */
  advance(state: number, bytes: Uint8Array, from: number, to: number): number;
  /** True when the text may end here. */
  ends(state: number): boolean;
}

/** A walk that can no longer match, and one that did. */
export const dead = 0;
export const matched = 1;

const maxStates = 4_000;
const maxSets = 1_000;

/** Nothing when the pattern needs a backtracking engine, or is too large. */
export function compileLinear(root: Node, flags: string): Automaton | undefined {
  const states: State[] = [{ kind: 'match' }];
  const add = (state: State): number => {
    if (states.length >= maxStates) throw tooLarge;
    return states.push(state) - 1;
  };

  /** The first state of a node that goes on to `next`. */
  const build = (node: Node, next: number): number => {
    switch (node.kind) {
      case 'atom':
        return add({ kind: 'atom', source: node.source, next });
      case 'start':
      case 'end':
        return add({ kind: node.kind, next });
      case 'sequence':
        return node.items.reduceRight((following, item) => build(item, following), next);
      case 'either':
        return add({ kind: 'split', next: node.items.map((item) => build(item, next)) });
      case 'repeat':
        return repeat(node.item, node.min, node.max, next);
      case 'special':
        throw tooLarge;
    }
  };

  const repeat = (item: Node, min: number, max: number, next: number): number => {
    let following = next;
    if (max === Infinity) {
      const loop: State & { kind: 'split' } = { kind: 'split', next: [] };
      following = add(loop);
      loop.next = [build(item, following), next];
    } else {
      for (let left = max - min; left > 0; left--) {
        following = add({ kind: 'split', next: [build(item, following), next] });
      }
    }
    for (let left = min; left > 0; left--) following = build(item, following);
    return following;
  };

  try {
    return automaton(states, build(root, 0), flags);
  } catch (error) {
    if (error === tooLarge) return undefined;
    throw error;
  }
}

const tooLarge = new Error('This pattern has no automaton of a sensible size');

/** In the table: not worked out yet. */
const unknown = -1;

/** All possible states move at once; where a set leads for a class of characters is worked out once, then looked up. */
function automaton(states: readonly State[], first: number, flags: string): Automaton {
  const atoms = atomsOf(states, flags);
  const { classOf, samples } = classesOf([...atoms.values()]);
  const stride = samples.length;
  let sets: (readonly number[])[] = [];
  let numbers = new Map<string, number>();
  let next = new Int32Array(0);
  let atEnd: (boolean | undefined)[] = [];
  let begin = dead;

  const reachable = (from: Iterable<number>, at: { readonly start: boolean; readonly end: boolean }): Set<number> => {
    const seen = new Set<number>();
    const pending = [...from];
    for (let id = pending.pop(); id !== undefined; id = pending.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      const state = states[id] as State;
      if (state.kind === 'split') pending.push(...state.next);
      else if (state.kind === 'start' && at.start) pending.push(state.next);
      else if (state.kind === 'end' && at.end) pending.push(state.next);
    }
    return seen;
  };

  const numberOf = (from: Iterable<number>, start: boolean): number => {
    const reached = reachable(from, { start, end: false });
    if (reached.has(0)) return matched;
    const members = [...reached].filter((id) => states[id]?.kind === 'atom' || states[id]?.kind === 'end');
    if (members.length === 0) return dead;
    const key = members.sort((a, b) => a - b).join();
    const known = numbers.get(key);
    if (known !== undefined) return known;
    const number = sets.push(members) - 1;
    numbers.set(key, number);
    if (sets.length * stride > next.length) {
      const larger = new Int32Array(Math.max(16, sets.length * 2) * stride).fill(unknown);
      larger.set(next);
      next = larger;
    }
    return number;
  };

  const reset = () => {
    sets = [[], []];
    numbers = new Map();
    next = new Int32Array(0);
    atEnd = [false, true];
    begin = numberOf([first], true);
  };

  const follow = (set: number, takes: (atom: Atom) => boolean): number => {
    // Starting anew at every place is what makes it a search.
    const from = [first];
    for (const id of sets[set] as readonly number[]) {
      const state = states[id] as State;
      if (state.kind === 'atom' && takes(atoms.get(state.source) as Atom)) from.push(state.next);
    }
    return numberOf(from, false);
  };

  const step = (set: number, code: number): number => {
    if (code > 127) return follow(set, (atom) => atom.test(String.fromCharCode(code)));
    const kind = classOf[code] as number;
    const made = follow(set, (atom) => atom.takes[samples[kind] as number] === 1);
    next[set * stride + kind] = made;
    return made;
  };

  const ends = (set: number): boolean => {
    atEnd[set] ??= reachable(sets[set] as readonly number[], { start: false, end: true }).has(0);
    return atEnd[set] as boolean;
  };

  const matchesEmpty = reachable([first], { start: true, end: true }).has(0);
  const start = (): number => {
    if (sets.length > maxSets) reset();
    return begin;
  };
  reset();
  return {
    test(text) {
      if (text.length === 0) return matchesEmpty;
      let set = start();
      for (let at = 0; at < text.length && set > matched; at++) {
        const code = text.charCodeAt(at);
        const known = code > 127 ? unknown : (next[set * stride + (classOf[code] as number)] as number);
        set = known === unknown ? step(set, code) : known;
      }
      return ends(set);
    },
    start,
    advance(from, bytes, low, high) {
      if (from <= matched) return from;
      let set = from;
      let table = next;
      for (let at = low; at < high; at++) {
        const code = bytes[at] as number;
        const known = table[set * stride + (classOf[code] as number)] as number;
        if (known > matched) {
          set = known;
        } else if (known !== unknown) {
          return known;
        } else {
          set = step(set, code);
          if (set <= matched) return set;
          table = next;
        }
      }
      return set;
    },
    ends,
  };
}

/** What one atom takes: a table for ASCII, its own regex for the rest. */
interface Atom {
  readonly takes: Uint8Array;
  test(character: string): boolean;
}

/** Most patterns are made of the same few atoms: letters, digits, `\d`, `.`. */
const atomCache = new Map<string, Atom>();

function atomsOf(states: readonly State[], flags: string): Map<string, Atom> {
  const found = new Map<string, Atom>();
  for (const state of states) if (state.kind === 'atom') found.set(state.source, atomOf(state.source, flags));
  return found;
}

function atomOf(source: string, flags: string): Atom {
  const key = `${flags}/${source}`;
  const known = atomCache.get(key);
  if (known) return known;
  const regex = new RegExp(`^${source}$`, flags);
  const takes = Uint8Array.from({ length: 128 }, (_, code) => (regex.test(String.fromCharCode(code)) ? 1 : 0));
  const made = { takes, test: (character: string) => regex.test(character) };
  if (atomCache.size > 500) atomCache.clear();
  atomCache.set(key, made);
  return made;
}

/** Characters that no atom tells apart are one class: the table stays small, and is filled soon. */
function classesOf(atoms: readonly Atom[]): { readonly classOf: Uint8Array; readonly samples: readonly number[] } {
  const numbers = new Map<string, number>();
  const samples: number[] = [];
  const classOf = Uint8Array.from({ length: 128 }, (_, code) => {
    let key = '';
    for (const { takes } of atoms) key += takes[code];
    let number = numbers.get(key);
    if (number === undefined) {
      number = samples.push(code) - 1;
      numbers.set(key, number);
    }
    return number;
  });
  return { classOf, samples };
}
