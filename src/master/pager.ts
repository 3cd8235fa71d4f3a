import type { Clock } from '#base/time.ts';
import { type Page, pageOf, placeAfter } from '#wire/page.ts';

export interface PagerOptions<Query, Row, Shown> {
  /** All rows of a query, sorted by key. */
  readonly all: (query: Query) => readonly Row[];
  /** Place of a row in the order; no two rows have the same. */
  readonly keyOf: (row: Row) => string;
  /** What of a row travels: made for the rows of the page only. */
  readonly shown: (row: Row) => Shown;
  readonly clock: Clock;
}

export interface Asked {
  readonly after?: string | undefined;
  readonly limit?: number | undefined;
}

export interface CountedPage<Row> extends Page<Row> {
  readonly total: number;
}

/** How long, and of how many queries, the sorted rows are kept for who asks for the next page. */
const keptMs = 15_000;
const keptQueries = 4;

/**
 * Pages of lists that are long to make: whoever follows them page by page does not have all sorted anew for each, and
 * sees one state of the list. Nothing depends on what is kept: a cursor is a place in the order.
 */
export function createPager<Query, Row, Shown>({ all, keyOf, shown, clock }: PagerOptions<Query, Row, Shown>) {
  const kept = new Map<string, { readonly rows: readonly Row[]; readonly at: number }>();

  const rowsOf = (query: Query, isFirst: boolean): readonly Row[] => {
    const name = JSON.stringify(query);
    const now = clock.monotonic();
    const known = kept.get(name);
    if (!isFirst && known !== undefined && now - known.at < keptMs) return known.rows;
    const rows = all(query);
    kept.delete(name);
    kept.set(name, { rows, at: now });
    for (const [each, { at }] of kept) if (kept.size > keptQueries || now - at > keptMs) kept.delete(each);
    return rows;
  };

  return {
    page(query: Query, { after, limit }: Asked): CountedPage<Shown> {
      const rows = rowsOf(query, after === undefined);
      const start = after === undefined ? 0 : placeAfter(rows, keyOf, after);
      const pairs = shownFrom(rows, start, shown);
      const page = pageOf(pairs, { keyOf: ({ row }) => keyOf(row), sizeOf: ({ value }) => value, limit });
      const next = page.next === undefined ? {} : { next: page.next };
      return { rows: page.rows.map(({ value }) => value), total: rows.length, ...next };
    },
  };
}

function* shownFrom<Row, Shown>(rows: readonly Row[], start: number, shown: (row: Row) => Shown) {
  for (let at = start; at < rows.length; at++) yield { row: rows[at] as Row, value: shown(rows[at] as Row) };
}
