export interface DiffOptions {
  /** Shown in the two header lines. */
  readonly name?: string;
  /** Unchanged lines shown around a change. */
  readonly context?: number;
  /** Lines of output after which the rest is only counted. */
  readonly maxLines?: number;
}

export type Edit = readonly [mark: ' ' | '-' | '+', line: string];

/** Edits beyond which the changed middle is shown as replaced whole: the search is quadratic in them. */
const searchedEdits = 1_000;

/** Unified diff of two texts; empty when they are equal. */
export function unifiedDiff(from: string, to: string, options: DiffOptions = {}): string {
  if (from === to) return '';
  const { name = 'contents', context = 3, maxLines = 500 } = options;
  const body = hunks(edits(linesOf(from), linesOf(to)), context);
  const shown = body.slice(0, maxLines);
  if (shown.length < body.length) shown.push(`… ${body.length - shown.length} more lines`);
  return [`--- ${name}`, `+++ ${name}`, ...shown].join('\n');
}

/** What became of each line, with its end on: kept (` `), gone (`-`) or new (`+`). */
export function lineEdits(from: string, to: string): readonly Edit[] {
  return edits(linesOf(from), linesOf(to));
}

/** Lines with their ends on: a last line without one differs from the same line with one. */
function linesOf(text: string): string[] {
  return text === '' ? [] : (text.match(/[^\n]*\n|[^\n]+$/g) ?? []);
}

function edits(a: readonly string[], b: readonly string[]): Edit[] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  const keep = (line: string): Edit => [' ', line];
  return [
    ...a.slice(0, start).map(keep),
    ...middle(a.slice(start, a.length - end), b.slice(start, b.length - end)),
    ...a.slice(a.length - end).map(keep),
  ];
}

/** Myers' greedy search: the furthest point on each diagonal, one more edit at a time, then back along its trace. */
function middle(a: readonly string[], b: readonly string[]): Edit[] {
  // A new file has nothing to be compared with, however long it is.
  if (a.length === 0 || b.length === 0) return replaced(a, b);
  const trace: Map<number, number>[] = [];
  const furthest = new Map([[1, 0]]);
  for (let edit = 0; edit <= Math.min(a.length + b.length, searchedEdits); edit++) {
    trace.push(new Map(furthest));
    for (let diagonal = -edit; diagonal <= edit; diagonal += 2) {
      let x = stepX(furthest, diagonal, edit);
      while (x < a.length && x - diagonal < b.length && a[x] === b[x - diagonal]) x++;
      furthest.set(diagonal, x);
      if (x >= a.length && x - diagonal >= b.length) return backwards(a, b, trace);
    }
  }
  return replaced(a, b);
}

function replaced(a: readonly string[], b: readonly string[]): Edit[] {
  return [...a.map((line): Edit => ['-', line]), ...b.map((line): Edit => ['+', line])];
}

function stepX(furthest: ReadonlyMap<number, number>, diagonal: number, edit: number): number {
  const fromBelow = furthest.get(diagonal + 1) ?? -1;
  const fromLeft = furthest.get(diagonal - 1) ?? -1;
  return diagonal === -edit || (diagonal !== edit && fromLeft < fromBelow) ? fromBelow : fromLeft + 1;
}

function backwards(a: readonly string[], b: readonly string[], trace: readonly Map<number, number>[]): Edit[] {
  const found: Edit[] = [];
  let [x, y] = [a.length, b.length];
  for (let edit = trace.length - 1; edit >= 0; edit--) {
    const furthest = trace[edit] ?? new Map<number, number>();
    const diagonal = x - y;
    const fromX = stepX(furthest, diagonal, edit);
    const down =
      fromX === (furthest.get(diagonal + 1) ?? -1) &&
      (diagonal === -edit || (diagonal !== edit && (furthest.get(diagonal - 1) ?? -1) < fromX));
    const startX = down ? fromX : fromX - 1;
    const startY = down ? fromX - diagonal - 1 : fromX - diagonal;
    for (; x > fromX && y > fromX - diagonal; y--) found.push([' ', a[--x] ?? '']);
    if (edit > 0) found.push(down ? ['+', b[startY] ?? ''] : ['-', a[startX] ?? '']);
    [x, y] = [startX, startY];
  }
  return found.reverse();
}

function hunks(all: readonly Edit[], context: number): string[] {
  const output: string[] = [];
  let [oldLine, newLine, index] = [1, 1, 0];
  while (index < all.length) {
    const change = all.findIndex(([mark], each) => each >= index && mark !== ' ');
    if (change < 0) break;
    const start = Math.max(index, change - context);
    oldLine += start - index;
    newLine += start - index;
    const hunk = all.slice(start, hunkEnd(all, change, context));
    const [oldCount, newCount] = [
      hunk.filter(([mark]) => mark !== '+').length,
      hunk.filter(([mark]) => mark !== '-').length,
    ];
    output.push(`@@ -${span(oldLine, oldCount)} +${span(newLine, newCount)} @@`, ...hunk.flatMap(printed));
    [oldLine, newLine, index] = [oldLine + oldCount, newLine + newCount, start + hunk.length];
  }
  return output;
}

/** A hunk goes on while the next change is near enough to share its context. */
function hunkEnd(all: readonly Edit[], change: number, context: number): number {
  let last = change;
  for (let index = change; index < all.length && index <= last + 2 * context + 1; index++) {
    if (all[index]?.[0] !== ' ') last = index;
  }
  return Math.min(all.length, last + context + 1);
}

function span(line: number, count: number): string {
  const start = count === 0 ? line - 1 : line;
  return count === 1 ? String(start) : `${start},${count}`;
}

function printed([mark, line]: Edit): string[] {
  return line.endsWith('\n') ? [mark + line.slice(0, -1)] : [mark + line, '\\ No newline at end of file'];
}
