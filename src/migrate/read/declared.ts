import type { RawNode } from '#render/yaml/compose.ts';
import { unknown } from './skeleton.ts';

/** A state as a file writes it, in whatever branch. */
export interface Declared {
  /** Undefined when only rendering can tell. */
  readonly id: string | undefined;
  /** `file.managed` */
  readonly state: string;
  /** Where its name is written; the function alone, where that stands among the arguments. */
  readonly at: number;
  readonly args: readonly DeclaredArgument[];
}

export interface DeclaredArgument {
  readonly key: string;
  readonly keyNode: Scalar;
  readonly value: RawNode;
}

export type Scalar = Extract<RawNode, { kind: 'scalar' }>;

/** The states of a state file's skeleton, those below `extend` included. What only rendering can tell is left out. */
export function declaredIn(roots: readonly RawNode[]): readonly Declared[] {
  return roots.flatMap((root) =>
    pairsOf(root).flatMap(([id, body]) => {
      if (id.text === 'extend') return declaredIn([body]);
      return ['include', 'exclude'].includes(id.text) ? [] : statesOf(id, body);
    }),
  );
}

/** Where a state's name is written that only rendering can tell. */
export function computedIn(roots: readonly RawNode[]): readonly number[] {
  return roots.flatMap((root) =>
    pairsOf(root).flatMap(([id, body]) => {
      if (id.text === 'extend') return computedIn([body]);
      return pairsOf(body).flatMap(([key, value]) => {
        if (!isKnown(key)) return [key.at];
        const words = value.kind === 'list' ? value.items.filter((item) => item.kind === 'scalar') : [];
        return isWord(key.text) ? words.filter((each) => !isKnown(each)).map(({ at }) => at) : [];
      });
    }),
  );
}

/** True when what stands below an id is what no state looks like. */
export function isOtherData(roots: readonly RawNode[]): boolean {
  const looksOther = (value: RawNode): boolean => {
    if (value.kind === 'map') return value.pairs.length > 0;
    return value.kind === 'scalar' && value.text !== '' && isKnown(value);
  };
  return roots.some((root) =>
    pairsOf(root).some(([id, body]) => {
      if (id.text === 'extend') return isOtherData([body]);
      if (id.text === 'include' || id.text === 'exclude') return false;
      return body.kind === 'list' || pairsOf(body).some(([, value]) => looksOther(value));
    }),
  );
}

function statesOf(id: Scalar, body: RawNode): readonly Declared[] {
  const name = isKnown(id) ? id.text : undefined;
  // The short form `id: mod.fun`.
  if (body.kind === 'scalar') {
    return isStateName(body.text) ? [{ id: name, state: body.text, at: body.at, args: [] }] : [];
  }
  return pairsOf(body).flatMap(([key, value]): Declared[] => {
    const items = value.kind === 'list' ? value.items : [];
    const args = items.flatMap(argumentsOf);
    if (isStateName(key.text)) return [{ id: name, state: key.text, at: key.at, args }];
    if (!isWord(key.text)) return [];
    // `mod: [..., fun]`
    const functions = items.flatMap((item) => (item.kind === 'scalar' && isWord(item.text) ? [item] : []));
    return functions.map(({ text, at }) => ({ id: name, state: `${key.text}.${text}`, at, args }));
  });
}

function argumentsOf(item: RawNode): DeclaredArgument[] {
  return pairsOf(item).flatMap(([keyNode, value]) => (isKnown(keyNode) ? [{ key: keyNode.text, keyNode, value }] : []));
}

/** Pairs of a map whose keys are scalars; none of anything else. */
export function pairsOf(node: RawNode): readonly (readonly [Scalar, RawNode])[] {
  if (node.kind !== 'map') return [];
  return node.pairs.flatMap(({ key, value }) => (key.kind === 'scalar' ? [[key, value] as const] : []));
}

/** Whether the text stands there as it will be. */
export function isKnown({ text }: Scalar): boolean {
  return !text.includes(unknown);
}

export function isStateName(text: string): boolean {
  return /^[a-z_]\w*\.[a-z_]\w*$/i.test(text);
}

function isWord(text: string): boolean {
  return /^[a-z_]\w*$/i.test(text);
}
