import { str } from '../jinja/print.ts';
import { Dict, Float, Host, Markup, PySet, Range, Tuple, Undefined, type Value } from '../jinja/values.ts';
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
export type Plain = null | boolean | number | bigint | string | Plain[] | { [key: string]: Plain } | Map<Plain, Plain>;

/**
 * An engine value or a document as plain data. A map with only text keys becomes an object, any other a Map; a float
 * becomes a number.
 */
export function plain(value: Value | Node): Plain {
  if (isNode(value)) return plain(toValue(value));
  if (value instanceof Float) return value.value;
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
    return new Map(entries.map(({ key, value }) => [plain(key), plain(value)]));
  }
  // `fromEntries` defines properties, so that a key "__proto__" is a key like any other.
  return Object.fromEntries(entries.map(({ key, value }) => [str(key), plain(value)]));
}
