import type { RawNode } from '#render/yaml/compose.ts';
import { unknown } from './skeleton.ts';

/** Data as written: scalars as their text, whatever type they will have. */
export function plainOfRaw(node: RawNode): unknown {
  if (node.kind === 'scalar') return node.text;
  if (node.kind === 'list') return node.items.map(plainOfRaw);
  return Object.fromEntries(node.pairs.map(({ key, value }) => [plainText(key), plainOfRaw(value)]));
}

/** A key for people; what only rendering can tell is an ellipsis. */
export function plainText(node: RawNode): string {
  return node.kind === 'scalar' ? node.text.replaceAll(new RegExp(`${unknown}+`, 'g'), '…') : '…';
}
