import { createHash } from 'node:crypto';
import { isPlain } from './kept/plain.ts';

/** What a template of a managed file rendered to, and everything that it was made of. */
export interface MadeText {
  /** Of the template, its path and environment, the names it was given, and all that it may see of the peel. */
  readonly key: string;
  readonly text: string;
  /** What it included and imported: path and hash, `null` for a file that was looked for in vain. */
  readonly files: readonly (readonly [path: string, hash: string | null])[];
}

export interface TextWish {
  readonly env: string;
  readonly text: string;
  readonly path: string;
  readonly context: Readonly<Record<string, unknown>> | undefined;
  /** Of the run's scope. */
  readonly fingerprint: string;
}

const textsAtMost = 5_000;
const charactersAtMost = 16_000_000;

/** Rendered texts by their keys, the latest; a text is only good while all its files stay as they were. */
export class TextMemory {
  readonly #texts = new Map<string, MadeText>();
  #characters = 0;

  get(key: string): MadeText | undefined {
    return this.#texts.get(key);
  }

  keep(made: MadeText): void {
    this.#drop(made.key);
    this.#texts.set(made.key, made);
    this.#characters += made.text.length;
    for (const key of this.#texts.keys()) {
      if (this.#texts.size <= textsAtMost && this.#characters <= charactersAtMost) break;
      this.#drop(key);
    }
  }

  #drop(key: string): void {
    this.#characters -= this.#texts.get(key)?.text.length ?? 0;
    this.#texts.delete(key);
  }
}

/** Undefined when it cannot be told apart from another: a name it is given is no plain data. */
export function keyOfText({ env, text, path, context = {}, fingerprint }: TextWish): string | undefined {
  if (!isPlain(context)) return undefined;
  return hashOf(JSON.stringify([fingerprint, env, path, text, context]));
}

export function hashOf(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
