import type { Characters } from './characters.ts';

/** A regular expression, read. */
export type Node =
  /** One character, by its code or as one of several. */
  | { readonly kind: 'character'; readonly code: number }
  | { readonly kind: 'one of'; readonly characters: Characters }
  | { readonly kind: 'assertion'; readonly what: Assertion }
  | { readonly kind: 'sequence' | 'either'; readonly items: readonly Node[] }
  | {
      readonly kind: 'repeat';
      readonly item: Node;
      readonly min: number;
      readonly max: number;
      readonly greedy: boolean;
    }
  | { readonly kind: 'group'; readonly index: number; readonly item: Node }
  /** What a group took once more. */
  | { readonly kind: 'again'; readonly index: number; readonly ignoreCase: boolean }
  | { readonly kind: 'look'; readonly ahead: boolean; readonly negated: boolean; readonly item: Node }
  /** `(?>…)`, and `a*+`: what it took first counts. */
  | { readonly kind: 'atomic'; readonly item: Node };

export type Assertion = 'start' | 'end' | 'line start' | 'line end' | 'last line end' | 'word edge' | 'no word edge';

export interface Syntax {
  readonly root: Node;
  readonly groupCount: number;
  readonly names: ReadonlyMap<string, number>;
}

export interface RegexFlags {
  readonly ignoreCase?: boolean;
  /** `^` and `$` stand for the ends of lines. */
  readonly multiline?: boolean;
  /** `.` takes line breaks, too. */
  readonly dotAll?: boolean;
}

/** Characters that every match of it has; undefined when they are not always the same number. */
export function widthOf(node: Node): number | undefined {
  switch (node.kind) {
    case 'character':
    case 'one of':
      return 1;
    case 'assertion':
    case 'look':
      return 0;
    case 'again':
      return undefined;
    case 'group':
    case 'atomic':
      return widthOf(node.item);
    case 'sequence': {
      const widths = node.items.map(widthOf);
      return widths.reduce((sum, width) => (sum === undefined || width === undefined ? undefined : sum + width), 0);
    }
    case 'either': {
      const [first, ...others] = node.items.map(widthOf);
      return others.every((width) => width === first) ? first : undefined;
    }
    case 'repeat': {
      const width = widthOf(node.item);
      return width === undefined || node.min !== node.max ? undefined : width * node.min;
    }
  }
}

/** True when it may match without taking anything. */
export function maybeEmpty(node: Node): boolean {
  switch (node.kind) {
    case 'character':
    case 'one of':
      return false;
    case 'assertion':
    case 'look':
    case 'again':
      return true;
    case 'group':
    case 'atomic':
      return maybeEmpty(node.item);
    case 'sequence':
      return node.items.every(maybeEmpty);
    case 'either':
      return node.items.some(maybeEmpty);
    case 'repeat':
      return node.min === 0 || maybeEmpty(node.item);
  }
}

/** True when a node of this kind is in it, or is it. */
export function contains(node: Node, kind: Node['kind']): boolean {
  if (node.kind === kind) return true;
  if ('items' in node) return node.items.some((each) => contains(each, kind));
  return 'item' in node && contains(node.item, kind);
}
