import type { Characters } from './characters.ts';
import { patternLarge } from './problems.ts';
import { type Assertion, contains, maybeEmpty, type Node, type Syntax, widthOf } from './syntax.ts';

/** One instruction; where nothing else is said, the next one follows. */
export type Instruction =
  | { readonly op: 'character'; readonly code: number }
  | { readonly op: 'one of'; readonly characters: Characters }
  | { readonly op: 'assertion'; readonly what: Assertion }
  /** Tries `first`, then `second`. `fork` numbers the instructions of this kind. */
  | { readonly op: 'fork'; first: number; second: number; readonly fork: number }
  | { readonly op: 'jump'; to: number }
  | { readonly op: 'save'; readonly slot: number }
  /** Leaves a repetition whose last round took nothing: it would take nothing for ever. */
  | { readonly op: 'leave when empty'; readonly slot: number; to: number }
  | { readonly op: 'again'; readonly index: number; readonly ignoreCase: boolean }
  | { readonly op: 'look'; readonly look: Look }
  | { readonly op: 'atomic'; readonly start: number; next: number }
  | { readonly op: 'match' };

export interface Look {
  readonly number: number;
  readonly start: number;
  /** Characters to go back first. */
  readonly back: number;
  readonly negated: boolean;
  /** Its groups are seen outside: that it matches is not all that counts. */
  readonly captures: boolean;
  next: number;
}

export interface Program {
  readonly code: readonly Instruction[];
  readonly forks: number;
  readonly looks: number;
  /** Two for each group, the whole being group 0, then those of repetitions. */
  readonly slots: number;
  readonly groupCount: number;
  readonly names: ReadonlyMap<string, number>;
  readonly refersBack: boolean;
  /** ASCII characters that a match may begin with; undefined when it may begin anywhere. */
  readonly first: Uint8Array | undefined;
}

const maxInstructions = 50_000;

/** Throws `PATTERN_TOO_LARGE`. */
export function programOf(pattern: string, { root, groupCount, names }: Syntax, { toEnd = false } = {}): Program {
  const code: Instruction[] = [];
  let [forks, looks, slots] = [0, 0, (groupCount + 1) * 2];

  const add = <I extends Instruction>(instruction: I): I => {
    if (code.length >= maxInstructions) throw patternLarge(pattern, 'with its counts in braces it is too large');
    code.push(instruction);
    return instruction;
  };
  const fork = () => add({ op: 'fork', first: 0, second: 0, fork: forks++ });
  /** To the body first when greedy, else behind it. */
  const prefer = (each: { first: number; second: number }, greedy: boolean, body: number, behind: number) => {
    [each.first, each.second] = greedy ? [body, behind] : [behind, body];
  };
  /** Apart from the rest, with an end of its own. */
  const apart = (node: Node): number => {
    const over = add({ op: 'jump', to: 0 });
    const start = code.length;
    build(node);
    add({ op: 'match' });
    over.to = code.length;
    return start;
  };

  const build = (node: Node): void => {
    switch (node.kind) {
      case 'character':
        add({ op: 'character', code: node.code });
        return;
      case 'one of':
        add({ op: 'one of', characters: node.characters });
        return;
      case 'assertion':
        add({ op: 'assertion', what: node.what });
        return;
      case 'sequence':
        for (const item of node.items) build(item);
        return;
      case 'either':
        either(node.items);
        return;
      case 'repeat':
        repeat(node.item, node.min, node.max, node.greedy);
        return;
      case 'group':
        add({ op: 'save', slot: node.index * 2 });
        build(node.item);
        add({ op: 'save', slot: node.index * 2 + 1 });
        return;
      case 'again':
        add({ op: 'again', index: node.index, ignoreCase: node.ignoreCase });
        return;
      case 'atomic': {
        const start = apart(node.item);
        const atomic = add({ op: 'atomic', start, next: 0 });
        atomic.next = code.length;
        return;
      }
      case 'look': {
        const { ahead, negated, item } = node;
        const start = apart(item);
        const captures = !negated && contains(item, 'group');
        const look: Look = {
          number: looks++,
          start,
          back: ahead ? 0 : (widthOf(item) ?? 0),
          negated,
          captures,
          next: 0,
        };
        add({ op: 'look', look });
        look.next = code.length;
      }
    }
  };

  const either = (items: readonly Node[]): void => {
    const ends: { to: number }[] = [];
    for (const [at, item] of items.entries()) {
      if (at === items.length - 1) {
        build(item);
        break;
      }
      const choice = fork();
      choice.first = code.length;
      build(item);
      ends.push(add({ op: 'jump', to: 0 }));
      choice.second = code.length;
    }
    for (const end of ends) end.to = code.length;
  };

  const repeat = (item: Node, min: number, max: number, greedy: boolean): void => {
    for (let left = min; left > 0; left--) build(item);
    if (max !== Infinity) {
      const choices: { first: number; second: number }[] = [];
      for (let left = max - min; left > 0; left--) {
        choices.push(fork());
        (choices.at(-1) as { first: number }).first = code.length;
        build(item);
      }
      for (const each of choices) prefer(each, greedy, each.first, code.length);
      return;
    }
    const loop = fork();
    const at = code.length - 1;
    const body = code.length;
    if (maybeEmpty(item)) {
      const slot = slots++;
      add({ op: 'save', slot });
      build(item);
      const leave = add({ op: 'leave when empty', slot, to: 0 });
      add({ op: 'jump', to: at });
      leave.to = code.length;
    } else {
      build(item);
      add({ op: 'jump', to: at });
    }
    prefer(loop, greedy, body, code.length);
  };

  build(root);
  if (toEnd) add({ op: 'assertion', what: 'end' });
  add({ op: 'match' });
  return { code, forks, looks, slots, groupCount, names, refersBack: contains(root, 'again'), first: firstOf(code) };
}

/** What a match may begin with, as far as that is worth knowing. */
function firstOf(code: readonly Instruction[]): Uint8Array | undefined {
  const first = new Uint8Array(128);
  const seen = new Set<number>();
  const pending = [0];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const each = code[at] as Instruction;
    switch (each.op) {
      case 'character':
        if (each.code < 128) first[each.code] = 1;
        break;
      case 'one of':
        for (let character = 0; character < 128; character++)
          first[character] ||= each.characters.ascii[character] ?? 0;
        break;
      case 'fork':
        pending.push(each.first, each.second);
        break;
      case 'jump':
        pending.push(each.to);
        break;
      case 'save':
        pending.push(at + 1);
        break;
      default:
        return undefined;
    }
  }
  return first.includes(0) ? first : undefined;
}
