import { didYouMean, ZesterError } from '#base/errors.ts';
import type { Flag } from '#base/options.ts';
import type { Style } from './report/style.ts';
import { growingTable, type TableColumn } from './report/table.ts';
import type { Session } from './session.ts';

/** A column of a list, as people ask for it and as they see it. */
export interface Column<Row> {
  /** As it is asked for: `last-seen`. Its heading is the same in capitals. */
  readonly name: string;
  text(row: Row, style: Style): string;
  /** What rows are sorted by; the text when left out. */
  order?(row: Row): number | string;
  /** Shown only to who asks for it. */
  readonly extra?: true;
  /** Never cut to fit: people copy it. */
  readonly whole?: true;
}

/** The flags of every list. */
export function listFlags<Row>(columns: readonly Column<Row>[]) {
  const names = columns.map(({ name }) => name);
  return [
    { name: 'columns', summary: `Which columns, in this order: ${names.join(', ')}`, type: 'list', offers: names },
    {
      name: 'sort',
      summary: 'By which column; with a minus before it, the other way round',
      type: 'string',
      offers: [...names, ...names.map((each) => `-${each}`)],
    },
  ] as const satisfies readonly Flag[];
}

export interface ListInput {
  readonly columns?: readonly string[];
  readonly sort?: string | undefined;
}

interface Listed<Row> {
  readonly columns: readonly Column<Row>[];
  readonly input: ListInput;
  readonly session: Session;
}

/** Shows rows as they come, page by page; when they are to be sorted, all at the end. Returns them all. Throws `COLUMN_UNKNOWN`. */
export async function listRows<Row>(
  pages: AsyncIterable<readonly Row[]>,
  { columns, input, session }: Listed<Row>,
): Promise<readonly Row[]> {
  const shown = chosenColumns(columns, input.columns ?? []);
  const by = input.sort === undefined ? undefined : sorting(columns, input.sort);
  const show = growingRows(shown, session.style);
  const all: Row[] = [];
  for await (const rows of pages) {
    if (by === undefined) session.write(show(rows));
    for (const row of rows) all.push(row);
  }
  if (by === undefined) return all;
  const sorted = all.toSorted(by);
  session.write(show(sorted));
  return sorted;
}

/** All rows at once, in the columns that are shown without being asked for. */
export function showRows<Row>(columns: readonly Column<Row>[], rows: readonly Row[], style: Style): string {
  return growingRows(chosenColumns(columns, []), style)(rows);
}

function growingRows<Row>(columns: readonly Column<Row>[], style: Style): (rows: readonly Row[]) => string {
  const headings = columns.map(({ name, whole }): TableColumn => ({ heading: name.toUpperCase(), whole }));
  const show = growingTable(headings, style);
  return (rows) => show(rows.map((row) => columns.map((column) => column.text(row, style))));
}

function chosenColumns<Row>(columns: readonly Column<Row>[], asked: readonly string[]): readonly Column<Row>[] {
  if (asked.length === 0) return columns.filter(({ extra }) => !extra);
  return asked.map((name) => columnNamed(columns, name));
}

function sorting<Row>(columns: readonly Column<Row>[], written: string): (a: Row, b: Row) => number {
  const column = columnNamed(columns, written.replace(/^-/, ''));
  const sign = written.startsWith('-') ? -1 : 1;
  const orderOf = column.order ?? ((row: Row) => column.text(row, orderStyle));
  return (a, b) => {
    const [first, second] = [orderOf(a), orderOf(b)];
    if (first === second) return 0;
    return first < second ? -sign : sign;
  };
}

/** Texts are compared as they are without a terminal. */
const orderStyle: Style = { colour: false, width: 100, nowMs: 0, verbose: false };

function columnNamed<Row>(columns: readonly Column<Row>[], name: string): Column<Row> {
  const found = columns.find((each) => each.name === name.toLowerCase());
  if (found !== undefined) return found;
  const names = columns.map((each) => each.name);
  throw new ZesterError('usage', 'COLUMN_UNKNOWN', `Cannot show the column "${name}": the list has none of that name`, {
    hint: didYouMean(name, names) ?? `It has ${names.join(', ')}`,
  });
}
