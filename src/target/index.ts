import { nearest } from '#base/errors.ts';
import { type PeelId, toHuman } from '#base/ids.ts';
import { addressesOf, compileNetwork } from './address.ts';
import { Bitset } from './bitset.ts';
import { Column } from './column.ts';
import { compileFactTest, type Tree } from './fact.ts';
import { factsOf, factUnknown, unknownPath } from './fact-names.ts';
import { Ids } from './ids.ts';
import { settingsUnknown } from './match.ts';
import type { Target } from './syntax.ts';
import { ColumnBudget, Table } from './table.ts';

export { explain, explainFor } from './explain.ts';
export { type Groups, readGroups } from './groups.ts';
export { compile, match, type Subject } from './match.ts';
export { parse } from './parse.ts';
export { print } from './print.ts';
export type { Dialect, FactTarget, ParseOptions, Target, TargetType } from './syntax.ts';

export interface IndexedFacts {
  readonly facts: Tree;
  /** Salt's flat names and values for the same machine. */
  readonly grains?: Tree | undefined;
}

/**
 * The facts of a fleet, arranged to answer "which peels": the same meaning as `match`, without touching peels that an
 * earlier condition ruled out. Updates are incremental; nothing is built ahead of or at a query.
 */
export class FactIndex {
  readonly #rows = new Map<PeelId, number>();
  readonly #peels: (PeelId | undefined)[] = [];
  readonly #ids = new Ids();
  readonly #free: number[] = [];
  readonly #live = new Bitset();
  // What both may have together: a fleet has some hundreds, and names that are data are no columns.
  readonly #budget = new ColumnBudget();
  readonly #facts = new Table(this.#budget);
  readonly #grains = new Table(this.#budget);
  readonly #addresses = new Column();

  get size(): number {
    return this.#rows.size;
  }

  get columns(): { readonly used: number; readonly most: number } {
    return this.#budget;
  }

  has(peel: PeelId): boolean {
    return this.#rows.has(peel);
  }

  /** Adds a peel, or replaces all that is known of it. */
  set(peel: PeelId, { facts, grains = {} }: IndexedFacts): void {
    const row = this.#rows.get(peel) ?? this.#add(peel);
    this.#facts.set(row, facts);
    this.#grains.set(row, grains);
    this.#addresses.set(row, addressesOf(facts, grains));
  }

  delete(peel: PeelId): void {
    const row = this.#rows.get(peel);
    if (row === undefined) return;
    this.#facts.delete(row);
    this.#grains.delete(row);
    this.#addresses.delete(row);
    this.#live.delete(row);
    this.#ids.delete(row);
    this.#rows.delete(peel);
    this.#peels[row] = undefined;
    this.#free.push(row);
  }

  /** The peels a target chooses, in no particular order. Throws `TARGET_SETTINGS_UNKNOWN`. */
  resolve(target: Target): PeelId[] {
    const rows = this.#select(target, this.#live);
    const found = new Array<PeelId>(rows.size);
    let at = 0;
    rows.forEach((row) => {
      found[at++] = this.#peels[row] as PeelId;
    });
    return found;
  }

  /** Throws `TARGET_FACT_UNKNOWN` for a fact that no peel has, and that is a slip by its looks: one that some have is near. */
  requireFacts(target: Target): void {
    for (const fact of factsOf(target)) {
      const test = compileFactTest(fact);
      if (this.#facts.distinct(test) + this.#grains.distinct(test) > 0) continue;
      if (!this.#select(fact, this.#live).isEmpty) continue;
      const paths = new Set([...this.#facts.paths(), ...this.#grains.paths()]);
      const path = unknownPath(fact, paths);
      const near = path && nearest(path, paths);
      if (path && near) throw factUnknown(path, near);
    }
  }

  #add(peel: PeelId): number {
    const row = this.#free.pop() ?? this.#peels.length;
    this.#rows.set(peel, row);
    this.#peels[row] = peel;
    this.#ids.set(row, toHuman(peel));
    this.#live.add(row);
    return row;
  }

  #select(target: Target, within: Bitset): Bitset {
    switch (target.kind) {
      case 'all':
        return within;
      case 'none':
        return new Bitset();
      case 'glob':
      case 'regex':
        return this.#ids.select([target], within);
      case 'list':
        return this.#selectList(target.ids, within);
      case 'fact': {
        if (target.of === 'settings') throw settingsUnknown();
        const test = compileFactTest(target);
        const found = this.#facts.select(test, within);
        found.addAll(this.#grains.select(test, within.without(found)));
        return found;
      }
      case 'address': {
        const test = compileNetwork(target.network) ?? (() => false);
        const found = new Bitset();
        this.#addresses.select(within, found, (addresses) => test(addresses as string));
        return found;
      }
      case 'group':
        return this.#select(target.target, within);
      case 'not':
        return within.without(this.#select(target.item, within));
      case 'and': {
        let left = within;
        for (const item of this.#cheapestFirst(target.items)) {
          if (left.isEmpty) return left;
          left = this.#select(item, left);
        }
        return left;
      }
      case 'or': {
        const patterns = target.items.filter((item) => item.kind === 'glob' || item.kind === 'regex');
        const others = target.items.filter((item) => item.kind !== 'glob' && item.kind !== 'regex');
        const found = patterns.length > 0 ? this.#ids.select(patterns, within) : new Bitset();
        for (const item of others) found.addAll(this.#select(item, within.without(found)));
        return found;
      }
    }
  }

  #selectList(ids: readonly string[], within: Bitset): Bitset {
    const found = new Bitset();
    for (const id of ids) {
      const row = this.#rows.get(id.replaceAll('.', '_') as PeelId);
      if (row !== undefined && within.has(row)) found.add(row);
    }
    return found;
  }

  /** What rules peels out for little goes first: what follows looks at those that are left. */
  #cheapestFirst(items: readonly Target[]): readonly Target[] {
    if (items.length === 1) return items;
    const costs = new Map(items.map((item) => [item, this.#cost(item)]));
    return [...items].sort((a, b) => (costs.get(a) ?? 0) - (costs.get(b) ?? 0));
  }

  /** Roughly nanoseconds a peel. */
  #cost(target: Target): number {
    switch (target.kind) {
      case 'all':
      case 'none':
      case 'list':
        return 0;
      case 'fact': {
        const test = compileFactTest(target);
        const distinct = this.#facts.distinct(test) + this.#grains.distinct(test);
        return 15 + (150 * distinct) / Math.max(1, this.size);
      }
      case 'address':
        return 60;
      case 'glob':
        return /^[*?]/.test(target.pattern) ? 50 : 25;
      case 'regex':
        return target.pattern.startsWith('^') ? 30 : 60;
      case 'group':
        return this.#cost(target.target);
      // What is ruled out is usually little: it can wait until fewer are left.
      case 'not':
        return 100 + this.#cost(target.item);
      case 'and':
      case 'or':
        return target.items.reduce((sum, item) => sum + this.#cost(item), 0);
    }
  }
}
