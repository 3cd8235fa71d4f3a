import { isWordCharacter, takes } from './characters.ts';
import { Marks } from './marks.ts';
import { patternCostly } from './problems.ts';
import type { Instruction, Look, Program } from './program.ts';
import type { Assertion } from './syntax.ts';

/** Steps that are always allowed, and how many more for each character: with marks, so many are never needed. */
const [freeSteps, stepsEach] = [50_000_000, 100];
/** Without marks a match may take exponential time: this is a tenth of a second. */
const freeStepsBack = 5_000_000;

/**
 * Tries one program on one text, in Python's order of alternatives, in time proportional to the text.
 *
 * It goes back and tries the next alternative as other engines do, but marks each fork at each place: what was tried
 * there once, and did not lead to a match, does not when it is come by another way. That holds as long as what follows
 * depends on the place only; after a reference to a group it does not, and steps are counted instead.
 */
export class Matcher {
  readonly #pattern: string;
  readonly #program: Program;
  readonly #text: string;
  readonly #marks: Marks | undefined;
  /** Of forks inside of look-arounds: they lead to a match. */
  readonly #good: Marks;
  readonly #lookKnown: Marks;
  readonly #lookTrue: Marks;
  readonly #slots: Int32Array;
  /** What to try when nothing leads on: instruction, place, and how long the logs were. */
  readonly #stack: number[] = [];
  /** Slots that were written, each with what it held. */
  readonly #log: number[] = [];
  #left: number;
  #end = 0;

  constructor(pattern: string, program: Program, text: string) {
    this.#pattern = pattern;
    this.#program = program;
    this.#text = text;
    this.#marks = program.refersBack ? undefined : new Marks(Math.max(1, program.forks));
    this.#good = new Marks(Math.max(1, program.forks));
    this.#lookKnown = new Marks(Math.max(1, program.looks));
    this.#lookTrue = new Marks(Math.max(1, program.looks));
    this.#slots = new Int32Array(program.slots).fill(-1);
    this.#left = program.refersBack ? freeStepsBack : freeSteps + stepsEach * text.length;
  }

  /** Slots of the first match that begins at `from` or later; only at `from` when it is `sticky`. */
  find(from: number, sticky: boolean): Int32Array | undefined {
    const { first } = this.#program;
    for (let at = from; at <= this.#text.length; at++) {
      if (first !== undefined && !sticky) {
        at = this.#skip(first, at);
        if (at >= this.#text.length) return undefined;
      }
      this.#slots.fill(-1);
      this.#log.length = 0;
      this.#stack.length = 0;
      if (this.#run(0, at, undefined)) {
        // Forks behind the end failed for good; those at the end were left open.
        this.#marks?.clear(this.#end);
        this.#slots[0] = at;
        this.#slots[1] = this.#end;
        return this.#slots.slice();
      }
      if (sticky) return undefined;
      if (isPairAt(this.#text, at)) at++;
    }
    return undefined;
  }

  /** The next place where a match may begin. */
  #skip(first: Uint8Array, from: number): number {
    const text = this.#text;
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code >= 128 ? !isLowSurrogate(code) || at === 0 || !isPairAt(text, at - 1) : first[code] === 1) return at;
    }
    return text.length;
  }

  /** Runs from an instruction to a match. `trail` collects the forks on the way there. */
  #run(start: number, place: number, trail: number[] | undefined): boolean {
    const { code } = this.#program;
    const text = this.#text;
    const stack = this.#stack;
    const base = stack.length;
    let at = start;
    let here = place;
    for (;;) {
      if (--this.#left < 0) throw patternCostly(this.#pattern, text.length, this.#program.refersBack);
      const each = code[at] as Instruction;
      let leads: boolean;
      switch (each.op) {
        case 'character':
          leads = here < text.length && codeAt(text, here) === each.code;
          if (leads) here += each.code > 0xffff ? 2 : 1;
          at++;
          break;
        case 'one of': {
          const found = here < text.length ? codeAt(text, here) : -1;
          leads = found >= 0 && takes(each.characters, found);
          if (leads) here += found > 0xffff ? 2 : 1;
          at++;
          break;
        }
        case 'assertion':
          leads = holds(each.what, text, here);
          at++;
          break;
        case 'jump':
          leads = true;
          at = each.to;
          break;
        case 'save':
          this.#save(each.slot, here);
          leads = true;
          at++;
          break;
        case 'leave when empty':
          leads = true;
          at = this.#slots[each.slot] === here ? each.to : at + 1;
          break;
        case 'fork':
          if (trail !== undefined && this.#good.has(each.fork, here)) {
            stack.length = base;
            return true;
          }
          leads = this.#marks === undefined || this.#marks.set(each.fork, here);
          if (leads) {
            trail?.push(each.fork, here);
            stack.push(each.second, here, this.#log.length, trail?.length ?? 0);
            at = each.first;
          }
          break;
        case 'again': {
          const after = this.#again(each.index, each.ignoreCase, here);
          leads = after >= 0;
          here = after;
          at++;
          break;
        }
        case 'look':
          leads = this.#look(each.look, here) !== each.look.negated;
          at = each.look.next;
          break;
        case 'atomic':
          leads = this.#apart(each.start, here);
          if (leads) here = this.#end;
          at = each.next;
          break;
        case 'match':
          this.#end = here;
          stack.length = base;
          return true;
      }
      if (leads) continue;
      if (stack.length === base) return false;
      const trailLength = stack.pop() as number;
      this.#undo(stack.pop() as number);
      here = stack.pop() as number;
      at = stack.pop() as number;
      if (trail !== undefined) trail.length = trailLength;
    }
  }

  /** Whether it matches there, worked out once for each place. */
  #look(look: Look, here: number): boolean {
    const { number, start, captures } = look;
    const before = placeBefore(this.#text, here, look.back);
    if (before < 0) return false;
    if (captures || this.#marks === undefined) return this.#withUndo(look, () => this.#apart(start, before));
    if (this.#lookKnown.has(number, here)) return this.#lookTrue.has(number, here);
    const trail: number[] = [];
    const length = this.#log.length;
    const found = this.#run(start, before, trail);
    this.#undo(length);
    // All forks on the way to the match lead to it, also when they are come by another way.
    if (found)
      for (let at = 0; at < trail.length; at += 2) this.#good.set(trail[at] as number, trail[at + 1] as number);
    this.#lookKnown.set(number, here);
    if (found) this.#lookTrue.set(number, here);
    return found;
  }

  /** What a look-around that must not match took is forgotten. */
  #withUndo({ negated }: Look, run: () => boolean): boolean {
    const length = this.#log.length;
    const found = run();
    if (negated) this.#undo(length);
    return found;
  }

  /** A part whose first match counts; the same part may match again when it is come by another way. */
  #apart(start: number, place: number): boolean {
    const trail: number[] = [];
    const found = this.#run(start, place, this.#marks === undefined ? undefined : trail);
    if (found)
      for (let at = 0; at < trail.length; at += 2) this.#marks?.delete(trail[at] as number, trail[at + 1] as number);
    return found;
  }

  #again(index: number, ignoreCase: boolean, here: number): number {
    const [from, to] = [this.#slots[index * 2] as number, this.#slots[index * 2 + 1] as number];
    if (from < 0 || to < 0) return -1;
    const [wanted, found] = [this.#text.slice(from, to), this.#text.slice(here, here + to - from)];
    this.#left -= wanted.length;
    const same = wanted === found || (ignoreCase && wanted.toLowerCase() === found.toLowerCase());
    return same ? here + wanted.length : -1;
  }

  #save(slot: number, here: number): void {
    this.#log.push(slot, this.#slots[slot] as number);
    this.#slots[slot] = here;
  }

  #undo(length: number): void {
    const log = this.#log;
    while (log.length > length) {
      const before = log.pop() as number;
      this.#slots[log.pop() as number] = before;
    }
  }
}

function holds(what: Assertion, text: string, here: number): boolean {
  switch (what) {
    case 'start':
      return here === 0;
    case 'end':
      return here === text.length;
    case 'line start':
      return here === 0 || text.charCodeAt(here - 1) === 10;
    case 'line end':
      return here === text.length || text.charCodeAt(here) === 10;
    case 'last line end':
      return here === text.length || (here === text.length - 1 && text.charCodeAt(here) === 10);
    case 'word edge':
      return isWordAt(text, placeBefore(text, here, 1)) !== isWordAt(text, here);
    case 'no word edge':
      return isWordAt(text, placeBefore(text, here, 1)) === isWordAt(text, here);
  }
}

function isWordAt(text: string, place: number): boolean {
  return place >= 0 && place < text.length && isWordCharacter(codeAt(text, place));
}

function codeAt(text: string, place: number): number {
  const code = text.charCodeAt(place);
  return code < 0xd800 || code > 0xdbff ? code : (text.codePointAt(place) as number);
}

/** So many characters before a place; -1 when there are not as many. */
function placeBefore(text: string, place: number, characters: number): number {
  let at = place;
  for (let left = characters; left > 0; left--) {
    at -= at >= 2 && isPairAt(text, at - 2) ? 2 : 1;
    if (at < 0) return -1;
  }
  return at;
}

/** One character in two units. */
export function isPairAt(text: string, at: number): boolean {
  return (text.codePointAt(at) ?? 0) > 0xffff;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
