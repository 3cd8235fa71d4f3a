import { visibleLine } from '#base/visible.ts';
import { paint, type Style, widthOf } from './style.ts';

/** A column's heading, and whether its cells may be cut to fit a terminal. */
export interface TableColumn {
  readonly heading: string;
  readonly whole?: boolean | undefined;
}

/** Rows under their headings, columns as wide as their widest cell; the last may run on. */
export function table(
  headings: readonly (string | TableColumn)[],
  rows: readonly (readonly string[])[],
  style: Style,
): string {
  const add = growingTable(headings, style);
  return add(rows) || headingOf(columnsOf(headings), style);
}

/**
 * The same for rows that come page by page: headings with the first of them, columns that only become wider. On a terminal
 * no line is longer than it is wide, as far as headings and whole columns allow; a pipe gets every cell as it is.
 */
export function growingTable(
  headings: readonly (string | TableColumn)[],
  style: Style,
): (rows: readonly (readonly string[])[]) => string {
  const columns = columnsOf(headings);
  const natural = columns.map(({ heading }) => heading.length);
  let isFirst = true;
  return (rows) => {
    if (rows.length === 0) return '';
    const clean = rows.map((row) => row.map((cell) => visibleLine(cell)));
    for (const row of clean) {
      for (const [at, cell] of row.entries()) natural[at] = Math.max(natural[at] ?? 0, widthOf(cell));
    }
    const widths = style.terminal ? narrowed(natural, columns, style.width) : natural;
    const line = (cells: readonly string[]) =>
      cells
        .map((cell, at) => {
          const width = widths[at] ?? 0;
          const shown = style.terminal && widthOf(cell) > width ? cut(cell, width) : cell;
          return at === cells.length - 1 ? shown : shown + ' '.repeat(Math.max(0, width - widthOf(shown)));
        })
        .join(gap);
    const first = columns.map(({ heading }) => heading);
    const lines = [...(isFirst ? [paint(style, 'bold', line(first))] : []), ...clean.map(line)];
    isFirst = false;
    return lines.map((each) => `${each.trimEnd()}\n`).join('');
  };
}

const gap = '  ';

/** Widths that fit: the widest column that may be cut gives, again and again, but no more than its heading needs. */
function narrowed(natural: readonly number[], columns: readonly TableColumn[], width: number): readonly number[] {
  const widths = [...natural];
  let surplus = widths.reduce((sum, each) => sum + each, gap.length * (widths.length - 1)) - width;
  while (surplus > 0) {
    const [widest] = columns
      .map(({ heading, whole }, at) => ({ at, spare: whole ? 0 : (widths[at] ?? 0) - heading.length }))
      .filter(({ spare }) => spare > 0)
      .sort((a, b) => (widths[b.at] ?? 0) - (widths[a.at] ?? 0));
    if (widest === undefined) break;
    widths[widest.at] = (widths[widest.at] ?? 0) - 1;
    surplus--;
  }
  return widths;
}

/** A line that is not painted, cut where a terminal ends. */
export function fitted(line: string, { terminal, width }: Style): string {
  return terminal && widthOf(line) > width ? cut(line, width) : line;
}

/** A text that is not painted, cut to so many columns. */
function cut(text: string, width: number): string {
  return `${[...text].slice(0, Math.max(0, width - 1)).join('')}…`;
}

function columnsOf(headings: readonly (string | TableColumn)[]): readonly TableColumn[] {
  return headings.map((each) => (typeof each === 'string' ? { heading: each } : each));
}

function headingOf(columns: readonly TableColumn[], style: Style): string {
  return `${paint(style, 'bold', columns.map(({ heading }) => heading).join(gap))}\n`;
}

/** `12s ago`, `3h ago`, `-` for never. */
export function ago(atMs: number | undefined, { nowMs }: Style): string {
  if (atMs === undefined) return '-';
  const seconds = Math.max(0, Math.round((nowMs - atMs) / 1_000));
  const [amount, unit] =
    seconds < 60
      ? [seconds, 's']
      : seconds < 3_600
        ? [Math.floor(seconds / 60), 'm']
        : seconds < 86_400
          ? [Math.floor(seconds / 3_600), 'h']
          : [Math.floor(seconds / 86_400), 'd'];
  return `${amount}${unit} ago`;
}

/** `1 peel`, `3 peels`. */
export function count(amount: number, noun: string): string {
  return `${amount} ${noun}${amount === 1 ? '' : 's'}`;
}

/** A moment as it is on the reader's clock: `14:03:05`, with the day when it is another one. */
export function timeText(ms: number, now = Date.now()): string {
  const at = new Date(ms);
  const pad = (part: number) => String(part).padStart(2, '0');
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(pad).join(':');
  if (at.toDateString() === new Date(now).toDateString()) return time;
  return `${at.getFullYear()}-${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${time}`;
}
