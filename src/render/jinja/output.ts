import type { Source } from '../source.ts';
import { Pieces } from '../source-map.ts';
import type { Runtime } from './runtime.ts';

/** Text being made, and where its pieces come from. */
export class Output {
  readonly pieces = new Pieces();
  /** Set once the template has extended another: from then on only its blocks are written. */
  muted = false;
  readonly #runtime: Runtime;
  readonly #parts: string[] = [];
  #length = 0;

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
  }

  /** Text that stands at `offset` in the source as it is written. */
  literal(text: string, source: Source, offset: number): void {
    this.pieces.literal(this.#length, source, offset);
    this.#add(text);
  }

  /** Text that an expression made. */
  computed(text: string, source: Source, offset: number): void {
    if (text === '') return;
    const origin = this.#runtime.originOf(text);
    if (origin === undefined) this.pieces.computed(this.#length, source, offset);
    else this.pieces.splice(this.#length, origin);
    this.#add(text);
  }

  text(): string {
    return this.#parts.join('');
  }

  #add(text: string): void {
    this.#runtime.grow(text.length);
    this.#parts.push(text);
    this.#length += text.length;
  }
}
