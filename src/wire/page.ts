import { encode } from './codec.ts';
import { pageBytes, pageRows } from './limits.ts';

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** The key of the last row, when there are more: give it as `after`. */
  readonly next?: string;
}

export interface PageOptions<Row> {
  /** Its place in the order: what the cursor says. */
  readonly keyOf: (row: Row) => string;
  /** What of it travels, when that is not the row itself. */
  readonly sizeOf?: (row: Row) => unknown;
  readonly limit?: number | undefined;
  readonly maxBytes?: number;
}

/** As many of the rows, which are in order, as one reply holds; always one. */
export function pageOf<Row>(rows: Iterable<Row>, options: PageOptions<Row>): Page<Row> {
  const { keyOf, sizeOf = (row) => row, limit = pageRows, maxBytes = pageBytes } = options;
  const page: Row[] = [];
  let bytes = 0;
  for (const row of rows) {
    bytes += encode(sizeOf(row)).length;
    const isFull = page.length >= Math.min(limit, pageRows) || (page.length > 0 && bytes > maxBytes);
    if (isFull) return { rows: page, next: keyOf(page.at(-1) as Row) };
    page.push(row);
  }
  return { rows: page };
}

/** The place of the first of the rows, which are sorted by key, that comes after the cursor. */
export function placeAfter<Row>(rows: readonly Row[], keyOf: (row: Row) => string, after: string): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (keyOf(rows[middle] as Row) > after) high = middle;
    else low = middle + 1;
  }
  return low;
}
