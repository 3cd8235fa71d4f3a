import type { Place } from '#base/errors.ts';
import { MixedMap } from '#base/mixed-map.ts';
import { Numeral } from '#base/numeral.ts';
import { repr } from '#render/jinja/print.ts';
import { Bytes, Float } from '#render/jinja/values.ts';
import {
  fromPlain,
  type ListNode,
  type MapNode,
  type Node,
  plain,
  type Scalar,
  type ScalarNode,
} from '#render/render.ts';

export type { ListNode, MapNode, Node, ScalarNode } from '#render/render.ts';

/** The value a node stands for, as plain data. */
export function plainOf(node: Node): unknown {
  if (node.kind === 'list') return node.items.map(plainOf);
  if (node.kind === 'scalar') return plain(node.value);
  const pairs = node.entries.map(({ key, value }) => [plain(key.value), plainOf(value)] as const);
  return pairs.every(([key]) => typeof key === 'string') ? Object.fromEntries(pairs) : new MixedMap(pairs);
}

export function textOf(node: Node): string | undefined {
  return node.kind === 'scalar' && typeof node.value === 'string' ? node.value : undefined;
}

/** A scalar as a person would write it; undefined for null, lists and maps. */
export function wordOf(node: Node): string | undefined {
  if (node.kind !== 'scalar' || node.value === null) return undefined;
  if (typeof node.value === 'boolean') return node.value ? 'True' : 'False';
  return node.value instanceof Float || node.value instanceof Bytes ? repr(node.value) : String(node.value);
}

export function isNull(node: Node): boolean {
  return node.kind === 'scalar' && node.value === null;
}

/** A key as messages and maps show it: what is not text is written as Python would. */
export function keyText(key: ScalarNode): string {
  return wordOf(key) ?? 'None';
}

/** What Python calls the type of a value: Salt's messages name it. */
export function typeName(node: Node): string {
  if (node.kind === 'list') return 'list';
  if (node.kind === 'map') return 'dict';
  if (node.value === null) return 'NoneType';
  if (node.value instanceof Float) return 'float';
  if (node.value instanceof Bytes) return 'bytes';
  const names = { string: 'str', number: 'int', bigint: 'int', boolean: 'bool' };
  return names[typeof node.value as keyof typeof names] ?? 'object';
}

export function itemsOf(node: Node): readonly Node[] {
  return node.kind === 'list' ? node.items : [node];
}

export function scalar(value: ScalarNode['value'], at: Place): ScalarNode {
  return { kind: 'scalar', at, value };
}

export function list(items: readonly Node[], at: Place): ListNode {
  return { kind: 'list', at, items };
}

/** A map of one key, as a requisite's entries are. */
export function pair(key: string, value: string, at: Place): MapNode {
  return { kind: 'map', at, entries: [{ key: scalar(key, at), value: scalar(value, at) }] };
}

/** Plain data as a node, for what is asked for without a file: every place is the same. */
export function nodeOf(value: unknown, at: Place): Node {
  if (Array.isArray(value))
    return list(
      value.map((each) => nodeOf(each, at)),
      at,
    );
  if (typeof value === 'object' && value !== null && !(value instanceof Numeral || value instanceof Uint8Array)) {
    const pairs = value instanceof Map ? [...value] : Object.entries(value);
    const entries = pairs.map(([key, each]) => ({ key: scalarOf(key, at), value: nodeOf(each, at) }));
    return { kind: 'map', at, entries };
  }
  return scalarOf(value, at);
}

function scalarOf(value: unknown, at: Place): ScalarNode {
  return scalar(typeof value === 'function' || typeof value === 'symbol' ? null : (fromPlain(value) as Scalar), at);
}

/** The value of a map under a key. */
export function entryOf({ entries }: MapNode, name: string): Node | undefined {
  return entries.find(({ key }) => keyText(key) === name)?.value;
}

/** The place of a part of a value, by keys and positions: of the nearest part that is written. */
export function placeInside(node: Node, path: readonly string[]): Place {
  const [first, ...rest] = path;
  if (first === undefined || node.kind === 'scalar') return node.at;
  const inner = node.kind === 'list' ? node.items[Number(first)] : entryOf(node, first);
  return inner === undefined ? node.at : placeInside(inner, rest);
}
