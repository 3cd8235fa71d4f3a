import { Bitset } from './bitset.ts';
import { Column } from './column.ts';
import type { FactTest, Rest, Tree } from './fact.ts';

/** What lies under one top-level key: values of its own, or one column for each key of its map. */
interface Root {
  readonly own: Column;
  readonly children: Map<string, Column>;
  /** True when its maps have so many keys that each is kept as one value. */
  folded: boolean;
}

const maxChildren = 256;

/** Facts of all peels, column by column. A fact two keys deep has a column of its own; deeper ones share one. */
export class Table {
  readonly #roots = new Map<string, Root>();

  set(row: number, tree: Tree): void {
    for (const [key, root] of this.#roots) if (!Object.hasOwn(tree, key) || isNothing(tree[key])) clear(root, row);
    for (const [key, value] of Object.entries(tree)) {
      if (isNothing(value)) continue;
      let root = this.#roots.get(key);
      if (root === undefined) {
        root = { own: new Column(), children: new Map(), folded: false };
        this.#roots.set(key, root);
      }
      put(root, row, value);
    }
  }

  delete(row: number): void {
    for (const root of this.#roots.values()) clear(root, row);
  }

  /** How many different values a test would look at. */
  distinct(test: FactTest): number {
    let sum = 0;
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

  /** The rows that pass. A test distributes over keys, so each column can be asked by itself. */
  select(test: FactTest, within: Bitset): Bitset {
    const found = new Bitset();
    for (const [key, { own, children }] of this.#roots) {
      const { start } = test;
      if (!start.text.startsWith(key) && !start.text.startsWith('*')) continue;
      if (test.endsAt(start, key, true)) {
        for (const column of [own, ...children.values()]) column.select(within, found, () => true);
        continue;
      }
      const rests = test.after(start, key);
      if (rests.length === 0) continue;
      own.select(within, found, valueTest(test, rests));
      for (const [child, column] of children) {
        if (column.size === 0) continue;
        if (rests.some((rest) => test.endsAt(rest, child, false))) {
          column.select(within, found, () => true);
          continue;
        }
        const deeper = rests.flatMap((rest) => test.after(rest, child));
        if (deeper.length > 0) column.select(within, found, valueTest(test, deeper));
      }
    }
    return found;
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

function put(root: Root, row: number, value: unknown): void {
  const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
  const entries = isMap ? Object.entries(value as Tree).filter(([, each]) => !isNothing(each)) : [];
  const added = entries.filter(([key]) => !root.children.has(key)).length;
  if (isMap && !root.folded && root.children.size + added > maxChildren) fold(root);
  if (!isMap || root.folded) {
    for (const column of root.children.values()) column.delete(row);
    root.own.set(row, value);
    return;
  }
  root.own.delete(row);
  const present = new Set(entries.map(([key]) => key));
  for (const [key, column] of root.children) if (!present.has(key)) column.delete(row);
  for (const [key, each] of entries) {
    let column = root.children.get(key);
    if (column === undefined) {
      column = new Column();
      root.children.set(key, column);
    }
    column.set(row, each);
  }
}

/** A fact without a value is a fact left out. */
function isNothing(value: unknown): boolean {
  return value === null || value === undefined;
}

function clear(root: Root, row: number): void {
  root.own.delete(row);
  for (const column of root.children.values()) column.delete(row);
}

/** Joins the columns of a root whose keys turned out to be data: names of devices, of containers. */
function fold(root: Root): void {
  const whole = new Map<number, Record<string, unknown>>();
  for (const [key, column] of root.children) {
    column.forEach((row, value) => {
      const map = whole.get(row) ?? {};
      map[key] = value;
      whole.set(row, map);
    });
  }
  for (const [row, map] of whole) root.own.set(row, map);
  root.children.clear();
  root.folded = true;
}
