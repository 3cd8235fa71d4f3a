import type { Implementation } from '../jinja/signature.ts';
import type { Dict, Value } from '../jinja/values.ts';

/** The data of one rendering that functions read. */
export interface FunctionData {
  readonly facts: Dict;
  readonly settings: Dict;
  readonly options: Dict;
  readonly id: string;
}

/** Functions by their full name, each `[signature, implementation]`. */
export type Functions = Readonly<Record<string, readonly [signature: string, run: Implementation]>>;

export type { Value };
