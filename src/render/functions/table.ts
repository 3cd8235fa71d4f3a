import type { Implementation } from '../jinja/signature.ts';
import type { Dict } from '../jinja/values.ts';

/** The data of one rendering that functions read. */
export interface FunctionData {
  readonly facts: Dict;
  /** The same under Salt's names and values. */
  readonly grains: Dict;
  readonly settings: Dict;
  readonly options: Dict;
  readonly id: string;
}

/** Functions by their full name, each `[signature, implementation]`. */
export type Functions = Readonly<Record<string, readonly [signature: string, run: Implementation]>>;
