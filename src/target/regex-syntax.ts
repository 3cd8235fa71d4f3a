/** A regular expression as far as its cost is concerned. Atoms keep their source: they test one character. */
export type Node =
  | { readonly kind: 'atom'; readonly source: string }
  | { readonly kind: 'start' | 'end' }
  | { readonly kind: 'sequence' | 'either'; readonly items: readonly Node[] }
  | { readonly kind: 'repeat'; readonly item: Node; readonly min: number; readonly max: number }
  /** What only a backtracking engine can do: look-around, back-references, word boundaries. */
  | { readonly kind: 'special'; readonly source: string; readonly item?: Node };

/** Reads a pattern that `RegExp` accepts already; nothing here reports errors. */
export function readRegex(source: string): Node {
  let at = 0;

  const either = (): Node => {
    const items = [sequence()];
    while (source[at] === '|') {
      at++;
      items.push(sequence());
    }
    return items.length === 1 ? (items[0] as Node) : { kind: 'either', items };
  };

  const sequence = (): Node => {
    const items: Node[] = [];
    while (at < source.length && source[at] !== '|' && source[at] !== ')') items.push(quantified(single()));
    return { kind: 'sequence', items };
  };

  const single = (): Node => {
    const character = source[at] as string;
    if (character === '(') return group();
    if (character === '^' || character === '$') {
      at++;
      return { kind: character === '^' ? 'start' : 'end' };
    }
    const from = at;
    at = character === '[' ? classEnd(source, at) : character === '\\' ? escapeEnd(source, at) : at + 1;
    const text = source.slice(from, at);
    return /^\\([bB]|k<|[1-9])/.test(text) ? { kind: 'special', source: text } : { kind: 'atom', source: text };
  };

  const group = (): Node => {
    const opening = source.slice(at).match(/^\((\?(<?[=!]|:|<\w+>))?/)?.[0] ?? '(';
    at += opening.length;
    const item = either();
    at++;
    return /^\(\?<?[=!]/.test(opening) ? { kind: 'special', source: opening, item } : item;
  };

  const quantified = (item: Node): Node => {
    const [written, , low, comma, high] = source.slice(at).match(/^([*+?]|\{(\d+)(,?)(\d*)\})\??/) ?? [];
    if (written === undefined) return item;
    at += written.length;
    if (written[0] === '?') return { kind: 'repeat', item, min: 0, max: 1 };
    if (low === undefined) return { kind: 'repeat', item, min: written[0] === '+' ? 1 : 0, max: Infinity };
    const max = high ? Number(high) : comma ? Infinity : Number(low);
    return { kind: 'repeat', item, min: Number(low), max };
  };

  return either();
}

export interface Cost {
  /** Repetitions that a backtracking engine may have to try in many lengths. */
  readonly repeats: number;
  /** True when one of them holds another, or alternatives. */
  readonly nested: boolean;
  /** How many ways there are through alternatives and what may be left out: all of them may have to be tried. */
  readonly ways: number;
  readonly special: boolean;
}

const simple: Cost = { repeats: 0, nested: false, ways: 1, special: false };

export function costOf(node: Node): Cost {
  if (node.kind === 'sequence' || node.kind === 'either') {
    const costs = node.items.map(costOf);
    const isChoice = node.kind === 'either';
    return {
      ways: costs.reduce((all, { ways }) => (isChoice ? all + ways : all * ways), isChoice ? 0 : 1),
      repeats: costs.reduce((sum, { repeats }) => sum + repeats, 0),
      nested: costs.some(({ nested }) => nested),
      special: costs.some(({ special }) => special),
    };
  }
  if (node.kind === 'repeat') {
    const inner = costOf(node.item);
    const many = node.max > 1;
    const holds = inner.repeats > 0 || inner.nested || hasAlternatives(node.item);
    const own = many && node.max !== node.min ? 1 : 0;
    return {
      repeats: inner.repeats + own,
      nested: inner.nested || (many && holds),
      ways: node.max === 1 && node.min === 0 ? inner.ways + 1 : inner.ways,
      special: inner.special,
    };
  }
  if (node.kind === 'special') {
    const { repeats, nested, ways } = node.item ? costOf(node.item) : simple;
    return { repeats, nested, ways, special: true };
  }
  return simple;
}

function hasAlternatives(node: Node): boolean {
  if (node.kind === 'either') return true;
  if (node.kind === 'repeat') return node.min !== node.max || hasAlternatives(node.item);
  return node.kind === 'sequence' && node.items.some(hasAlternatives);
}

/** Offset after a class: a `]` ends it unless it is escaped. */
function classEnd(source: string, start: number): number {
  let at = start + 1;
  while (at < source.length && source[at] !== ']') at += source[at] === '\\' ? 2 : 1;
  return at + 1;
}

function escapeEnd(source: string, start: number): number {
  const written = source.slice(start).match(/^\\(x[\da-fA-F]{2}|u[\da-fA-F]{4}|c[A-Za-z]|k<\w+>|\d+|.)/)?.[0];
  return start + (written?.length ?? 2);
}
