import { Bitset } from './bitset.ts';
import { Column } from './column.ts';
import { comparable } from './comparable.ts';
import type { FactTest, Rest, Tree } from './fact.ts';

/** What lies under one top-level key: values of its own, or one column for each key of its map. */
interface Root {
  readonly own: Column;
  readonly children: Map<string, Column>;
  /** True when its maps have so many keys that each is kept as one value. */
  folded: boolean;
}

const maxChildren = 256;
/** Top-level keys of one row that may become columns that nobody else has. */
const maxOwnRoots = 256;

/** How many columns all facts of a fleet may have together: each costs memory, and some of every query, for all. */
export class ColumnBudget {
  readonly most: number;
  used = 0;

  constructor(most = 16_384) {
    this.most = most;
  }

  has(columns: number): boolean {
    return this.used + columns <= this.most;
  }
}

/**
 * Facts of all peels, column by column. A fact two keys deep has a column of its own; deeper ones share one. A column
 * goes when no row has it any more, and what there is no budget for is kept by row: it is found as well, only slower.
 */
export class Table {
  readonly #roots = new Map<string, Root>();
  /** Of each row the facts that have no column. */
  readonly #rest = new Column();
  readonly #budget: ColumnBudget;

  constructor(budget = new ColumnBudget()) {
    this.#budget = budget;
  }

  set(row: number, tree: Tree): void {
    for (const [key, root] of this.#roots)
      if (!Object.hasOwn(tree, key) || isNothing(tree[key])) this.#clear(key, root, row);
    const rest: [string, unknown][] = [];
    for (const [at, [key, written]] of Object.entries(tree).entries()) {
      if (isNothing(written)) continue;
      const value = comparable(written);
      const root = this.#roots.get(key) ?? (at < maxOwnRoots ? this.#addRoot(key) : undefined);
      if (root === undefined) rest.push([key, value]);
      else {
        this.#put(root, row, value);
        this.#dropEmpty(key, root);
      }
    }
    if (rest.length === 0) this.#rest.delete(row);
    else this.#rest.set(row, Object.fromEntries(rest));
  }

  delete(row: number): void {
    for (const [key, root] of this.#roots) this.#clear(key, root, row);
    this.#rest.delete(row);
  }

  /** How many different values a test would look at. */
  distinct(test: FactTest): number {
    let sum = this.#rest.distinct;
    for (const [key, { own, children }] of this.#roots) {
      const rests = test.after(test.start, key);
      if (rests.length === 0) continue;
      sum += own.distinct;
      for (const [child, column] of children) {
        if (rests.some((rest) => test.after(rest, child).length > 0)) sum += column.distinct;
      }
    }
    return sum;
  }

  /** Every path that has a column: `os`, `os.family`. */
  *paths(): Generator<string> {
    for (const [key, { children }] of this.#roots) {
      yield key;
      for (const child of children.keys()) yield `${key}.${child}`;
    }
  }

  /** The rows that pass. A test distributes over keys, so each column can be asked by itself. */
  select(test: FactTest, within: Bitset): Bitset {
    const found = new Bitset();
    const { start } = test;
    for (const [key, { own, children }] of this.#roots) {
      if (!start.text.startsWith(key) && !start.text.startsWith('*')) continue;
      if (test.endsAt(start, key, true)) {
        for (const column of [own, ...children.values()]) column.select(within, found, () => true);
        continue;
      }
      const rests = test.after(start, key);
      if (rests.length === 0) continue;
      own.select(within, found, valueTest(test, rests));
      for (const [child, column] of children) {
        if (rests.some((rest) => test.endsAt(rest, child, false))) {
          column.select(within, found, () => true);
          continue;
        }
        const deeper = rests.flatMap((rest) => test.after(rest, child));
        if (deeper.length > 0) column.select(within, found, valueTest(test, deeper));
      }
    }
    if (this.#rest.size > 0) this.#rest.select(within, found, (tree) => test.matchesTree(tree as Tree, start, true));
    return found;
  }

  #addRoot(key: string): Root | undefined {
    if (!this.#budget.has(1)) return undefined;
    const root: Root = { own: new Column(), children: new Map(), folded: false };
    this.#roots.set(key, root);
    this.#budget.used++;
    return root;
  }

  #put(root: Root, row: number, value: unknown): void {
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    const entries = isMap ? Object.entries(value as Tree).filter(([, each]) => !isNothing(each)) : [];
    const added = entries.filter(([key]) => !root.children.has(key)).length;
    const isTooMany = root.children.size + added > maxChildren || !this.#budget.has(added);
    if (isMap && !root.folded && added > 0 && isTooMany) this.#fold(root);
    if (!isMap || root.folded) {
      for (const key of root.children.keys()) this.#clearChild(root, key, row);
      root.own.set(row, value);
      return;
    }
    root.own.delete(row);
    const present = new Set(entries.map(([key]) => key));
    for (const key of root.children.keys()) if (!present.has(key)) this.#clearChild(root, key, row);
    for (const [key, each] of entries) {
      let column = root.children.get(key);
      if (column === undefined) {
        column = new Column();
        root.children.set(key, column);
        this.#budget.used++;
      }
      column.set(row, each);
    }
  }

  #clear(key: string, root: Root, row: number): void {
    root.own.delete(row);
    for (const child of root.children.keys()) this.#clearChild(root, child, row);
    this.#dropEmpty(key, root);
  }

  #dropEmpty(key: string, root: Root): void {
    if (root.own.size > 0 || root.children.size > 0) return;
    this.#roots.delete(key);
    this.#budget.used--;
  }

  #clearChild({ children }: Root, key: string, row: number): void {
    const column = children.get(key);
    column?.delete(row);
    if (column?.size !== 0) return;
    children.delete(key);
    this.#budget.used--;
  }

  /** Joins the columns of a root whose keys turned out to be data: names of devices, of containers. */
  #fold(root: Root): void {
    const whole = new Map<number, Record<string, unknown>>();
    for (const [key, column] of root.children) {
      column.forEach((row, value) => {
        const map = whole.get(row) ?? {};
        map[key] = value;
        whole.set(row, map);
      });
    }
    for (const [row, map] of whole) root.own.set(row, map);
    this.#budget.used -= root.children.size;
    root.children.clear();
    root.folded = true;
  }
}

/** One remainder is the rule: that case is worth a path of its own, and a text is the rule among values. */
function valueTest(test: FactTest, rests: readonly Rest[]): (value: unknown) => boolean {
  const tests = rests.map((rest) => {
    const onText = test.lowerTest(rest);
    return (value: unknown) => (typeof value === 'string' ? onText(value) : test.matchesValue(value, rest));
  });
  const [only, ...others] = tests;
  if (only !== undefined && others.length === 0) return only;
  return (value) => tests.some((each) => each(value));
}

/** A fact without a value is a fact left out. */
function isNothing(value: unknown): boolean {
  return value === null || value === undefined;
}
