import { withPlace, ZesterError } from '#base/errors.ts';
import type { Source } from '../source.ts';
import type { Pieces } from '../source-map.ts';
import type { CompiledTemplate } from './compile.ts';
import { limitError } from './errors.ts';
import type { Limits } from './limits.ts';
import { alignPieces } from './origins.ts';
import type { Module } from './template.ts';
import type { Value } from './values.ts';

/** A place that an error can be given: the expression being evaluated. */
export interface Here {
  readonly source: Source;
  readonly at: number;
}

/** What a rendering needs from the renderer around it. */
export interface Host {
  /** The compiled template of a path from the root of the tree; undefined when there is none. Throws TEMPLATE_SYNTAX. */
  template(path: string): CompiledTemplate | undefined;
  /** Paths of templates to name when one is not found, as far as they are known. */
  paths(): readonly string[];
  /** The names every template sees. */
  readonly globals: ReadonlyMap<string, Value>;
  readonly limits: Limits;
  readonly now: () => number;
  /** Hears that something is asked which may answer otherwise next time: chance, or the clock. */
  volatile(): void;
}

const endless = 'Look for a macro that calls itself, or a file that includes itself, by way of others too';

// Looking at the clock costs more than most loop turns.
const turnsBetweenClocks = 512;

/** One rendering: its limits, where it is, and what it has made so far. */
export class Runtime {
  readonly host: Host;
  readonly globals: ReadonlyMap<string, Value>;
  /** The expression that is being evaluated, for errors that do not know their place. */
  here: Here | undefined;
  /** Templates imported without context, by path: a module is made once, and shared by its importers. */
  readonly modules = new Map<string, Module | 'unfinished'>();
  readonly #origins = new Map<string, Pieces>();
  #deadline: number;
  #iterations = 0;
  #size = 0;
  #depth = 0;

  constructor(host: Host) {
    this.host = host;
    this.globals = host.globals;
    this.#deadline = host.now() + host.limits.timeMs;
  }

  /** Counts a loop turn. Throws TEMPLATE_LIMIT. */
  turn(): void {
    const { iterations } = this.host.limits;
    if (++this.#iterations > iterations) throw limitError('its loops', iterations, 'turns');
    if (this.#iterations % turnsBetweenClocks === 0) this.checkTime();
  }

  checkTime(): void {
    if (this.host.now() > this.#deadline) throw limitError('it', this.host.limits.timeMs, 'milliseconds');
  }

  /** Counts text that was made. Throws TEMPLATE_LIMIT. */
  grow(length: number): void {
    this.#size += length;
    if (this.#size > this.host.limits.outputSize) {
      throw limitError('its text', this.host.limits.outputSize, 'characters');
    }
  }

  /** Runs something that may run itself again: a macro, an include, a recursive loop. Throws TEMPLATE_LIMIT. */
  deeper<T>(run: () => T): T {
    const { depth } = this.host.limits;
    if (++this.#depth > depth) throw limitError('macros and includes inside one another', depth, 'levels', endless);
    this.turn();
    try {
      return run();
    } finally {
      this.#depth--;
    }
  }

  /** Runs a host function, whose time does not count. */
  outside<T>(run: () => T): T {
    const started = this.host.now();
    try {
      return run();
    } finally {
      this.#deadline += this.host.now() - started;
    }
  }

  /** Remembers where a text that a macro or block made came from, for when it is written. */
  remember(text: string, pieces: Pieces): void {
    if (text.length > 1 && pieces.count > 0) this.#origins.set(text, pieces);
  }

  originOf(text: string): Pieces | undefined {
    return this.#origins.size === 0 ? undefined : this.#origins.get(text);
  }

  /** A filter made `after` of `before`: what is known about the one's origin is known about the other's. */
  carryOrigin(before: string, after: string): void {
    const pieces = this.originOf(before);
    if (pieces === undefined || before === after) return;
    const carried = alignPieces(pieces, before, after);
    if (carried !== undefined) this.remember(after, carried);
  }

  /** Any error with the place of the expression that met it. */
  located(thrown: unknown): unknown {
    const { here } = this;
    if (here === undefined) return thrown;
    if (thrown instanceof ZesterError) return withPlace(thrown, here.source.place(here.at));
    if (thrown instanceof RangeError && /call stack|stack size/i.test(thrown.message)) {
      return withPlace(limitError('its depth', this.host.limits.depth, 'levels', endless), here.source.place(here.at));
    }
    if (thrown instanceof RangeError && /memory|string length|array length/i.test(thrown.message)) {
      return withPlace(limitError('one of its values', 32, 'megabytes'), here.source.place(here.at));
    }
    return thrown;
  }
}
