import type { Place } from '#base/errors.ts';

/** One file's text, and where its lines begin. Line breaks are `\n` only: `readSource` sees to that. */
export class Source {
  readonly path: string;
  readonly text: string;
  #lineStarts: readonly number[] | undefined;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  /** The 1-based place of an offset. */
  place(offset: number): Place {
    const starts = this.#starts();
    const line = lastAtMost(starts, offset);
    return { file: this.path, line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
  }

  /** The offset at which a 1-based line begins; past the last line, the end of the text. */
  lineStart(line: number): number {
    return this.#starts()[line - 1] ?? this.text.length;
  }

  #starts(): readonly number[] {
    if (this.#lineStarts !== undefined) return this.#lineStarts;
    const starts = [0];
    for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#lineStarts = starts;
    return starts;
  }
}

/** The index of the last number that is not above `limit`, in a rising list that starts at or below it. */
export function lastAtMost(rising: readonly number[], limit: number): number {
  let low = 0;
  let high = rising.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((rising[middle] ?? 0) <= limit) low = middle;
    else high = middle - 1;
  }
  return low;
}
