import { MixedMap } from '#base/mixed-map.ts';
import { Numeral } from '#base/numeral.ts';
import { str } from '../jinja/print.ts';
import { Bytes, Dict, Float, Host, Markup, PySet, Range, Tuple, Undefined, type Value } from '../jinja/values.ts';
import type { Node } from './node.ts';

/**
 * A document as an engine value. Maps are plain dicts unless `ordered`; a node that aliases share becomes one shared value.
 */
export function toValue(node: Node, { ordered = false }: { ordered?: boolean } = {}): Value {
  return nodeValue(node, ordered, new Map());
}

function nodeValue(node: Node, ordered: boolean, made: Map<Node, Value>): Value {
  if (node.kind === 'scalar') return node.value;
  const known = made.get(node);
  if (known !== undefined) return known;
  if (node.kind === 'list') {
    const list: Value[] = [];
    made.set(node, list);
    for (const item of node.items) list.push(nodeValue(item, ordered, made));
    return list;
  }
  const dict = new Dict([], ordered);
  made.set(node, dict);
  for (const { key, value } of node.entries) dict.set(key.value, nodeValue(value, ordered, made));
  return dict;
}

/** Plain JavaScript data: what functions outside the templates are given. */
export type Plain =
  | null
  | boolean
  | number
  | Numeral
  | string
  | Uint8Array
  | Plain[]
  | { [key: string]: Plain }
  | MixedMap;

/**
 * An engine value or a document as plain data, which `fromPlain` reads back as it was. A map with only text keys becomes
 * an object, any other a MixedMap; a number that JavaScript's would change is a Numeral.
 */
export function plain(value: Value | Node): Plain {
  if (isNode(value)) return plain(toValue(value));
  if (typeof value === 'bigint') return Numeral.whole(value);
  if (value instanceof Float) return Numeral.float(value.value);
  if (value instanceof Bytes) return value.content;
  if (value instanceof Markup) return value.text;
  if (value instanceof Dict) return plainMap(value);
  if (Array.isArray(value)) return value.map((item) => plain(item));
  if (value instanceof Tuple) return value.items.map((item) => plain(item));
  if (value instanceof PySet || value instanceof Range) return [...value].map((item) => plain(item));
  if (value instanceof Undefined) throw value.error();
  if (value instanceof Host) return str(value);
  return value;
}

function isNode(value: Value | Node): value is Node {
  return typeof value === 'object' && value !== null && 'kind' in value && 'at' in value && !(value instanceof Host);
}

function plainMap(dict: Dict): Plain {
  const entries = [...dict.entries()];
  if (!entries.every(({ key }) => typeof key === 'string' || key instanceof Markup)) {
    return new MixedMap(entries.map(({ key, value }) => [plain(key), plain(value)]));
  }
  // `fromEntries` defines properties, so that a key "__proto__" is a key like any other.
  return Object.fromEntries(entries.map(({ key, value }) => [str(key), plain(value)]));
}
