import { typeError } from '../errors.ts';
import { isNumeric } from '../numbers.ts';
import { str } from '../print.ts';
import { Dict, isText, Tuple, type Value } from '../values.ts';

interface Element {
  readonly tag: string;
  readonly attributes: readonly (readonly [string, string])[];
  readonly text: string | undefined;
  readonly children: Element[];
}

/** Salt's `xml` filter: a map of one root; scalars in a map become attributes, maps and lists child elements. */
export function dumpXml(value: Value): string {
  const [root] = pairsOf(value).flatMap(([tag, content]) => elements(tag, content));
  if (root === undefined) throw typeError('Value is not a dict or list. Cannot render as XML');
  return `<?xml version="1.0" ?>\n${write(root, '')}`;
}

function pairsOf(value: Value): (readonly [string, Value])[] {
  if (value instanceof Dict) return [...value.entries()].map(({ key, value: each }) => [str(key), each] as const);
  const items = Array.isArray(value) ? value : value instanceof Tuple ? value.items : undefined;
  if (items === undefined) throw typeError('Value is not a dict or list. Cannot render as XML');
  const [tag, content] = items;
  return tag !== undefined && content !== undefined && isText(tag) ? [[str(tag), content]] : [];
}

function elements(tag: string, content: Value): Element[] {
  if (Array.isArray(content)) return content.flatMap((item) => elements(tag, item));
  if (isText(content) || isNumeric(content)) return [{ tag, attributes: [], text: str(content), children: [] }];
  const pairs = pairsOf(content);
  const isNested = (value: Value): boolean => value instanceof Dict || Array.isArray(value);
  return [
    {
      tag,
      attributes: pairs.filter(([, each]) => !isNested(each)).map(([name, each]) => [name, str(each)] as const),
      text: undefined,
      children: pairs.filter(([, each]) => isNested(each)).flatMap(([name, each]) => elements(name, each)),
    },
  ];
}

function write({ tag, attributes, text, children }: Element, indent: string): string {
  const open = `${indent}<${tag}${attributes.map(([name, value]) => ` ${name}="${escapeXml(value)}"`).join('')}`;
  if (text !== undefined) return `${open}>${escapeXml(text)}</${tag}>\n`;
  if (children.length === 0) return `${open}/>\n`;
  return `${open}>\n${children.map((child) => write(child, `${indent} `)).join('')}${indent}</${tag}>\n`;
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
