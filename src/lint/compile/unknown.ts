import { Dict, Host, type Value } from '#render/jinja/values.ts';
import { fromPlain } from '#render/render.ts';

/** What an unknown value prints as: it is in no tree, so a text with it came from something unknown. */
export const unknownText = 'unknown-7f3a91';

/** A value nobody knows without a machine or its settings. It may be used like any other, and says nothing. */
export class Unknown extends Host {
  readonly typeName = 'unknown value';

  override attribute(): Value {
    return this;
  }

  override item(): Value {
    return this;
  }

  override contains(): boolean {
    return false;
  }

  override iterate(): Value[] {
    return [];
  }

  override size(): number {
    return 0;
  }

  override get callable(): boolean {
    return true;
  }

  override call(): Value {
    return this;
  }

  override print(): string {
    return unknownText;
  }
}

/** Hears what is looked for in data and not there; it may answer instead. Paths are joined by colons. */
export interface Watch {
  missing(path: string): Value | undefined;
  /** Everything there is was asked for, whatever that is. */
  walked(path: string): void;
}

/** Data as a map that tells its watch of every key it does not have. */
export class WatchedDict extends Dict {
  readonly #path: string;
  readonly #watch: Watch;

  constructor(data: Readonly<Record<string, unknown>>, watch: Watch, { path = '', ordered = false } = {}) {
    super([], ordered);
    this.#path = path;
    this.#watch = watch;
    for (const [key, value] of Object.entries(data)) {
      this.set(
        key,
        isMap(value) ? new WatchedDict(value, watch, { path: join(path, key), ordered }) : fromPlain(value),
      );
    }
  }

  override get(key: Value): Value | undefined {
    const value = super.get(key);
    return value === undefined && typeof key === 'string' ? this.#watch.missing(join(this.#path, key)) : value;
  }

  override get size(): number {
    this.#watch.walked(this.#path);
    return super.size;
  }

  override keys(): Generator<Value> {
    this.#watch.walked(this.#path);
    return super.keys();
  }

  override values(): Generator<Value> {
    this.#watch.walked(this.#path);
    return super.values();
  }

  override entries(): ReturnType<Dict['entries']> {
    this.#watch.walked(this.#path);
    return super.entries();
  }
}

function join(path: string, key: string): string {
  return path === '' ? key : `${path}:${key}`;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
