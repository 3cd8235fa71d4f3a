import { visibleLine } from '#base/visible.ts';
import { paint, type Style, widthOf } from './style.ts';

/** Rows under their headings, columns as wide as their widest cell; the last may run on. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], style: Style): string {
  const add = growingTable(headings, style);
  return add(rows) || headingOf(headings, style);
}

/** The same for rows that come page by page: headings with the first of them, columns that only become wider. */
export function growingTable(
  headings: readonly string[],
  style: Style,
): (rows: readonly (readonly string[])[]) => string {
  const widths = headings.map((heading) => heading.length);
  let isFirst = true;
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, at) => (at === cells.length - 1 ? cell : cell + ' '.repeat((widths[at] ?? 0) - widthOf(cell))))
      .join('  ');
  return (rows) => {
    if (rows.length === 0) return '';
    const clean = rows.map((row) => row.map((cell) => visibleLine(cell)));
    for (const row of clean) {
      for (const [at, cell] of row.entries()) widths[at] = Math.max(widths[at] ?? 0, widthOf(cell));
    }
    const lines = [...(isFirst ? [paint(style, 'bold', line(headings))] : []), ...clean.map(line)];
    isFirst = false;
    return lines.map((each) => `${each.trimEnd()}\n`).join('');
  };
}

function headingOf(headings: readonly string[], style: Style): string {
  return `${paint(style, 'bold', headings.join('  '))}\n`;
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
