import type { Place } from '#base/errors.ts';
import { lastAtMost, Source } from './source.ts';

/** Where each character of a rendered text came from. */
export interface SourceMap {
  /** The template's place for an offset in the rendered text. */
  at(offset: number): Place;
  /** The same for the first character of a 1-based line of the rendered text. */
  atLine(line: number): Place;
}

/**
 * Pieces of a text and where each came from. A literal piece stands in its source as it is, so every character of it has
 * a place of its own; all characters of any other piece have the place of the expression that made it.
 */
export class Pieces {
  readonly #starts: number[] = [];
  readonly #sources: Source[] = [];
  /** The offset in the source; for a piece that is not literal, its complement (`~offset`). */
  readonly #offsets: number[] = [];

  get count(): number {
    return this.#starts.length;
  }

  literal(start: number, source: Source, offset: number): void {
    this.#push(start, source, offset);
  }

  computed(start: number, source: Source, offset: number): void {
    this.#push(start, source, ~offset);
  }

  /** Adds another text's pieces, which begins at `start` in this one. */
  splice(start: number, pieces: Pieces): void {
    for (const [index, begin] of pieces.#starts.entries()) {
      const source = pieces.#sources[index];
      if (source !== undefined) this.#push(start + begin, source, pieces.#offsets[index] ?? 0);
    }
  }

  /** The pieces of a text made of slices of this one's text, each `[from, length, to]`, as `indent` and `trim` make it. */
  rearranged(slices: readonly (readonly [from: number, length: number, to: number])[]): Pieces {
    const result = new Pieces();
    for (const [from, length, to] of slices) {
      const first = lastAtMost(this.#starts, from);
      for (let index = first; index < this.#starts.length; index++) {
        const begin = this.#starts[index] ?? 0;
        if (begin >= from + length && index > first) break;
        this.#copy(index, { from, to, result });
      }
    }
    return result;
  }

  place(offset: number): Place | undefined {
    const index = lastAtMost(this.#starts, offset);
    const source = this.#sources[index];
    if (source === undefined) return undefined;
    const at = this.#offsets[index] ?? 0;
    return source.place(at < 0 ? ~at : at + offset - (this.#starts[index] ?? 0));
  }

  #copy(index: number, { from, to, result }: { from: number; to: number; result: Pieces }): void {
    const source = this.#sources[index];
    const begin = this.#starts[index] ?? 0;
    const offset = this.#offsets[index] ?? 0;
    const skipped = Math.max(0, from - begin);
    if (source !== undefined) {
      result.#push(to + Math.max(0, begin - from), source, offset < 0 ? offset : offset + skipped);
    }
  }

  #push(start: number, source: Source, offset: number): void {
    this.#starts.push(start);
    this.#sources.push(source);
    this.#offsets.push(offset);
  }
}

/** The map of a rendered text. */
export function sourceMap(text: string, pieces: Pieces, path: string): SourceMap {
  const rendered = new Source(path, text);
  const start: Place = { file: path, line: 1, column: 1 };
  const at = (offset: number): Place => pieces.place(Math.min(offset, Math.max(0, text.length - 1))) ?? start;
  return { at, atLine: (line) => at(rendered.lineStart(line)) };
}

/** The map of a text that is its own source. */
export function identityMap(source: Source): SourceMap {
  return { at: (offset) => source.place(offset), atLine: (line) => source.place(source.lineStart(line)) };
}
