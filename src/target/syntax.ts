import { type Place, ZesterError } from '#base/errors.ts';

/** A target as it was understood: which peels. Free of dialect: both end in the same tree. */
export type Target =
  | { readonly kind: 'all' }
  /** What Salt's dialect makes of an expression it cannot read. */
  | { readonly kind: 'none' }
  | { readonly kind: 'glob'; readonly pattern: string }
  /** Ids in their dotted form. */
  | { readonly kind: 'list'; readonly ids: readonly string[] }
  | { readonly kind: 'regex'; readonly pattern: string }
  | FactTarget
  | { readonly kind: 'address'; readonly network: string }
  | { readonly kind: 'group'; readonly name: string; readonly target: Target }
  | { readonly kind: 'not'; readonly item: Target }
  | { readonly kind: 'and' | 'or'; readonly items: readonly Target[] };

export type Comparison = '>=' | '<=' | '!=' | '>' | '<';

/**
 * A test of facts or settings. Where the path ends and the value begins is settled by the data, deepest path first:
 * `a:b:c` is `c` at `a.b`, or `b:c` at `a`.
 */
export interface FactTarget {
  readonly kind: 'fact';
  readonly of: 'facts' | 'settings';
  /** `regex` searches; `match` is Salt's: from the start, pattern and value in lower case. */
  readonly how: 'glob' | 'regex' | 'match' | 'exact' | Comparison;
  /** Path and value, joined by the delimiter; a comparison's operator is left out. */
  readonly text: string;
  /** For a comparison: where in `text` its value begins. */
  readonly valueAt?: number;
  readonly delimiter: string;
}

export type Dialect = 'native' | 'salt';

/** What an expression may be besides a compound, as Salt's `-G`, `-E`, … */
export type TargetType =
  | 'compound'
  | 'glob'
  | 'pcre'
  | 'grain'
  | 'grain_pcre'
  | 'pillar'
  | 'pillar_pcre'
  | 'pillar_exact'
  | 'list'
  | 'ipcidr'
  | 'nodegroup';

export interface ParseOptions {
  readonly dialect?: Dialect;
  readonly type?: TargetType;
  /** Between path and value, for the types that have one. */
  readonly delimiter?: string;
  /** What `N@name` stands for: an expression, or a list of ids or of an expression's words. */
  readonly groups?: Readonly<Record<string, string | readonly string[]>>;
}

/** Letters before `@`, and what they look at. */
export const letters: Readonly<Record<string, string>> = {
  G: 'facts',
  P: 'facts, by regex',
  I: 'settings',
  J: 'settings, by regex',
  L: 'a list of ids',
  E: 'ids, by regex',
  S: 'an address or network',
  N: 'a nodegroup',
};

/** A position in an expression, or in the body of the nodegroup it stands in. */
export interface Position {
  /** The whole expression. */
  readonly text: string;
  readonly offset: number;
  readonly group?: string | undefined;
}

export interface SyntaxTrouble extends Position {
  readonly reason: string;
  readonly hint?: string | undefined;
}

/** `details.excerpt` holds the expression with a caret under the trouble. */
export function syntaxError({ reason, hint, ...position }: SyntaxTrouble): ZesterError {
  const { text, offset } = position;
  return new ZesterError('usage', 'TARGET_SYNTAX', `Cannot read the target "${text}": ${reason}`, {
    at: placeOf(position),
    hint,
    details: { excerpt: `${text}\n${' '.repeat(offset)}^` },
  });
}

export function placeOf({ offset, group }: Position): Place {
  return { file: group === undefined ? 'target' : `nodegroup ${group}`, line: 1, column: offset + 1 };
}

/** Ids travel with underscores for dots: both are understood, outside of brackets. */
export function dotted(pattern: string): string {
  return pattern.replaceAll(/\[[^\]]*\]|_/g, (part) => (part === '_' ? '.' : part));
}

/** A group given as a list is the words of an expression when one of them is an operator or a matcher, otherwise ids. */
export function groupExpression(body: string | readonly string[]): string {
  if (typeof body === 'string') return body;
  const isExpression = body.some((word) => /^(and|or|not|\(|\))$/.test(word) || /^[A-Z]\S?@/.test(word));
  return isExpression ? body.join(' ') : `L@${body.join(',')}`;
}
