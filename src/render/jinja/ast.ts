import type { BinaryOperator, Comparison } from './operators.ts';
import type { Value } from './values.ts';

// Every node knows the offset in the source at which its place is best shown: an operator for an operation, the name
// for an attribute or a filter, the first character otherwise.

export type Expression =
  | { readonly type: 'constant'; readonly at: number; readonly value: Value }
  | { readonly type: 'name'; readonly at: number; readonly name: string }
  | { readonly type: 'list' | 'tuple'; readonly at: number; readonly items: readonly Expression[] }
  | { readonly type: 'dict'; readonly at: number; readonly pairs: readonly (readonly [Expression, Expression])[] }
  | { readonly type: 'unary'; readonly at: number; readonly operator: '-' | '+' | 'not'; readonly operand: Expression }
  | {
      readonly type: 'binary';
      readonly at: number;
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly type: 'logical';
      readonly at: number;
      readonly operator: 'and' | 'or';
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly type: 'concat'; readonly at: number; readonly parts: readonly Expression[] }
  | {
      readonly type: 'compare';
      readonly at: number;
      readonly first: Expression;
      readonly rest: readonly ComparisonPart[];
    }
  | {
      readonly type: 'conditional';
      readonly at: number;
      readonly test: Expression;
      readonly chosen: Expression;
      readonly otherwise: Expression | undefined;
    }
  | { readonly type: 'attribute'; readonly at: number; readonly owner: Expression; readonly name: string }
  | { readonly type: 'item'; readonly at: number; readonly owner: Expression; readonly key: Expression }
  | {
      readonly type: 'slice';
      readonly at: number;
      readonly owner: Expression;
      readonly start: Expression | undefined;
      readonly stop: Expression | undefined;
      readonly step: Expression | undefined;
    }
  | { readonly type: 'call'; readonly at: number; readonly callee: Expression; readonly args: CallArguments }
  | FilterExpression
  | {
      readonly type: 'test';
      readonly at: number;
      readonly name: string;
      readonly operand: Expression;
      readonly args: CallArguments;
      readonly negated: boolean;
    };

/** `input` is missing in a filter block, which filters its body. */
export interface FilterExpression {
  readonly type: 'filter';
  readonly at: number;
  readonly name: string;
  readonly input: Expression | undefined;
  readonly args: CallArguments;
}

export interface ComparisonPart {
  readonly at: number;
  readonly operator: Comparison;
  readonly operand: Expression;
}

export interface CallArguments {
  readonly positional: readonly Expression[];
  readonly named: readonly (readonly [name: string, value: Expression])[];
  /** `*items` and `**map`. */
  readonly spread: Expression | undefined;
  readonly spreadNamed: Expression | undefined;
}

export type Target =
  | { readonly type: 'name'; readonly at: number; readonly name: string }
  | { readonly type: 'member'; readonly at: number; readonly owner: string; readonly name: string }
  | { readonly type: 'tuple'; readonly at: number; readonly items: readonly Target[] };

export type Statement =
  | { readonly type: 'data'; readonly at: number; readonly text: string }
  | { readonly type: 'output'; readonly at: number; readonly expression: Expression }
  | ForStatement
  | {
      readonly type: 'if';
      readonly at: number;
      readonly branches: readonly Branch[];
      readonly otherwise: readonly Statement[];
    }
  | { readonly type: 'set'; readonly at: number; readonly target: Target; readonly value: Expression }
  | {
      readonly type: 'setBlock';
      readonly at: number;
      readonly target: Target;
      readonly filters: readonly FilterExpression[];
      readonly body: readonly Statement[];
    }
  | {
      readonly type: 'with';
      readonly at: number;
      readonly bindings: readonly (readonly [Target, Expression])[];
      readonly body: readonly Statement[];
    }
  | MacroStatement
  | { readonly type: 'callBlock'; readonly at: number; readonly call: Expression; readonly caller: MacroStatement }
  | {
      readonly type: 'filterBlock';
      readonly at: number;
      readonly filters: readonly FilterExpression[];
      readonly body: readonly Statement[];
    }
  | { readonly type: 'do'; readonly at: number; readonly expression: Expression }
  | { readonly type: 'break' | 'continue'; readonly at: number }
  | { readonly type: 'extends'; readonly at: number; readonly template: Expression }
  | BlockStatement
  | {
      readonly type: 'include';
      readonly at: number;
      readonly template: Expression;
      readonly ignoreMissing: boolean;
      readonly withContext: boolean;
    }
  | {
      readonly type: 'import';
      readonly at: number;
      readonly template: Expression;
      readonly target: string;
      readonly withContext: boolean;
      readonly load: Loader | undefined;
    }
  | {
      readonly type: 'from';
      readonly at: number;
      readonly template: Expression;
      readonly names: readonly ImportedName[];
      readonly withContext: boolean;
    }
  | {
      readonly type: 'load';
      readonly at: number;
      readonly target: Target;
      readonly format: Loader;
      readonly body: readonly Statement[];
    }
  | { readonly type: 'scope'; readonly at: number; readonly body: readonly Statement[] };

/** The filters behind `import_yaml`, `load_json` and their kind. */
export type Loader = 'load_yaml' | 'load_json' | 'load_text';

export interface Branch {
  readonly test: Expression;
  readonly body: readonly Statement[];
}

export interface ForStatement {
  readonly type: 'for';
  readonly at: number;
  readonly target: Target;
  readonly items: Expression;
  readonly filter: Expression | undefined;
  readonly recursive: boolean;
  readonly body: readonly Statement[];
  readonly otherwise: readonly Statement[];
}

export interface MacroStatement {
  readonly type: 'macro';
  readonly at: number;
  readonly name: string;
  readonly parameters: readonly Parameter[];
  readonly body: readonly Statement[];
  /** Which of `varargs`, `kwargs` and `caller` the body reads: only then may a call pass them. */
  readonly uses: ReadonlySet<string>;
}

export interface Parameter {
  readonly name: string;
  readonly fallback: Expression | undefined;
}

export interface BlockStatement {
  readonly type: 'block';
  readonly at: number;
  readonly name: string;
  readonly scoped: boolean;
  readonly required: boolean;
  readonly body: readonly Statement[];
}

export interface ImportedName {
  readonly at: number;
  readonly name: string;
  readonly alias: string;
}

export interface Template {
  readonly body: readonly Statement[];
  readonly blocks: ReadonlyMap<string, BlockStatement>;
}
